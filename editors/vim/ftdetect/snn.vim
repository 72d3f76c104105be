" SPDX-License-Identifier: MIT
autocmd BufRead,BufNewFile *.snn setfiletype snn
