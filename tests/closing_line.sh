#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Sums the results in automake's .trs files, given as arguments: "N passed, N failed, N skipped".

cat /dev/null "$@" 2>/dev/null | awk '
    /^:test-result: (PASS|XFAIL)/ { passed++ }
    /^:test-result: (FAIL|XPASS|ERROR)/ { failed++ }
    /^:test-result: SKIP/ { skipped++ }
    END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped }'
