#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Every header compiles alone, without warnings, and is guarded by a name made from its path.

cd "${TOP_SRCDIR:?run by make check}" || exit 99
status=0

# guard PATH: SNNC_BASE_ARENA_H for compiler/base/arena.h, SNN_ERROR_H for runtime/error.h
guard()
{
    echo "$1" | sed 's|^compiler/|snnc/|; s|^runtime/include/||; s|^runtime/|snn/|; s|[/.]|_|g' | tr '[:lower:]' '[:upper:]'
}

for header in $(find compiler runtime -name '*.h' ! -path compiler/syntax/parser.h | sort); do
    case $header in
    compiler/codegen/*) extra=$LLVM_CPPFLAGS ;;
    *) extra= ;;
    esac
    # shellcheck disable=SC2086
    printf '#include "%s"\n' "$TOP_SRCDIR/$header" |
        $CC $TEST_CFLAGS $extra -Werror -fsyntax-only -x c - || { echo "$header does not compile alone"; status=1; }
    grep -q "^#ifndef $(guard "$header")\$" "$header" ||
        { echo "$header: the guard is not $(guard "$header")"; status=1; }
done
exit $status
