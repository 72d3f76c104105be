" SPDX-License-Identifier: MIT
" Vim syntax of .snn programs. Statement words are keywords only where a statement begins, the words
" that join its parts only after an operand; tests/editors.tap compares the lists with the compiler's.

if exists("b:current_syntax")
  finish
endif

" Reserved everywhere.
syntax keyword snnControl if then else for in and or not
syntax keyword snnConstant true false inf

" The first word of a declaration or statement, unless it is assigned to.
let s:start = '\%(\%(^\|[;{]\)\s*\%(\%(optional\|parallel\|shared\|pre\|post\)\s\+\)\?\)\@<='
let s:unassigned = '\>\%(\s*[-+*/]\?=\|\s*[.'']\)\@!'
let s:declares = 'use param func neuron rule surrogate optimizer data network optional task'
let s:starts = 'let return yield while break continue parallel input shared pre post state persistent spike on each emit step lag time layer connect weight bias delay present rest reset learn freeze descend log report save load export plot'
" Between the parts of a statement.
let s:operand = '\%([[:alnum:]_)\]"%]\s\+\)\@<=\<'
let s:joins = 'surrogate learn extends over unbounded batch using by per until via to teach keeping every step steps once when with at most'
let s:units = 'h min s ms us ns V mV uV nV A mA uA nA pA S mS uS nS pS F uF nF pF Ohm kOhm MOhm GOhm Hz kHz m mm um C mol M mM uM K'

function! s:match(group, before, words, after) abort
  let l:any = '\%(' . substitute(a:words, ' ', '\\|', 'g') . '\)'
  execute 'syntax match ' . a:group . ' /' . escape(a:before . l:any . a:after, '/') . '/'
endfunction

call s:match('snnJoin', s:operand, s:joins, '\>')
call s:match('snnDeclare', s:start . '\<', s:declares, s:unassigned)
call s:match('snnStatement', s:start . '\<', s:starts, s:unassigned)

syntax match snnNumber /\<\d\+\%(\.\d\+\)\?\%([eE][-+]\?\d\+\)\?/
call s:match('snnUnit', '\%(\d\s*\)\@<=\%(%\|\<\)\@=\%(%\|', s:units, '\>\)')
syntax match snnUnit /\%(\d\s*\|:\s*\%(float\d\d\s*\)\?\)\@<=\[[^]]*\]/
syntax keyword snnType float32 float64 int bool

syntax region snnString start=/"/ skip=/\\./ end=/"/ oneline contains=snnEscape,snnBraces
syntax match snnEscape /\\[nt"\\{}]/ contained
syntax region snnBraces matchgroup=snnEscape start=/{/ end=/}/ contained oneline contains=snnNumber,snnControl

syntax match snnComment /#.*$/ contains=@Spell
syntax match snnDoc /##[^#].*$/ contains=@Spell

highlight default link snnControl Conditional
highlight default link snnConstant Constant
highlight default link snnDeclare Structure
highlight default link snnStatement Statement
highlight default link snnJoin Keyword
highlight default link snnNumber Number
highlight default link snnUnit Type
highlight default link snnType Type
highlight default link snnString String
highlight default link snnEscape SpecialChar
highlight default link snnComment Comment
highlight default link snnDoc SpecialComment

let b:current_syntax = "snn"
