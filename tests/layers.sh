#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Includes follow the arrows base <- syntax <- semantics <- ir <- passes, codegen <- driver; LLVM only in codegen; the
# runtime includes nothing of the compiler, the compiler only public headers and what the interpreter runs on.

cd "${TOP_SRCDIR:?run by make check}" || exit 99
status=0

complain()
{
    echo "$1"
    status=1
}

# allowed FOLDER PATTERN: compiler/FOLDER may include headers of the compiler folders in PATTERN only.
allowed()
{
    [ -d "compiler/$1" ] || return
    bad=$(grep -rnE '^#include "(base|syntax|semantics|ir|passes|codegen|driver)/' "compiler/$1" \
        --include='*.[chly]' | grep -v 'syntax/lexer\.c:\|syntax/parser\.[ch]:' | grep -vE "#include \"($2)/")
    [ -z "$bad" ] || complain "against the layers:
$bad"
}

allowed base 'base'
allowed syntax 'base|syntax'
allowed semantics 'base|syntax|semantics'
allowed ir 'base|syntax|semantics|ir'
allowed passes 'base|ir|passes'
allowed codegen 'base|ir|codegen'
allowed driver 'base|syntax|semantics|ir|passes|codegen|driver'

# Of ir/, only lowering sees the syntax tree.
bad=$(grep -rlE '^#include "(syntax|semantics)/' compiler/ir --include='*.[ch]' 2>/dev/null | grep -v '/lower[^/]*$')
[ -z "$bad" ] || complain "only ir/lower* may see the syntax tree: $bad"

bad=$(grep -rnE '^#include [<"]llvm' compiler runtime --include='*.[ch]' | grep -v '^compiler/codegen/')
[ -z "$bad" ] || complain "LLVM outside codegen:
$bad"

bad=$(grep -rnE '^#include "(syntax|semantics|ir|passes|codegen|driver)/' runtime --include='*.[ch]')
[ -z "$bad" ] || complain "the runtime includes the compiler:
$bad"

exit $status
