# SPDX-License-Identifier: MIT
#
# What the .tap scripts share: TAP lines, a scratch folder, comparison with an expected file. Sourced, not run.
# The environment comes from tests/Makefile.am: SNNC, TOP_SRCDIR, TOP_BUILDDIR, CC, TEST_CFLAGS, TEST_LIBS, PTXAS, ….
# With UPDATE_GOLDEN=1 ('make update-golden') expected files are rewritten instead of compared.

LC_ALL=C
export LC_ALL
unset SNN_DATA SNNC_HOME

tap_count=0
name=$(basename "$0" .tap)
tests=$TOP_SRCDIR/tests
scratch=$TOP_BUILDDIR/tests/scratch/$name
rm -rf "$scratch"
mkdir -p "$scratch" || exit 99

# In a sanitized build: what runs from here on gives back all its memory. Not said of whole programs, which keep their data
# until they end.
look_for_leaks()
{
    ASAN_OPTIONS=detect_leaks=1
    export ASAN_OPTIONS
}

ok()
{
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $1"
}

# not_ok NAME [FILE]: FILE, if given, is shown as the reason.
not_ok()
{
    tap_count=$((tap_count + 1))
    echo "not ok $tap_count - $1"
    if [ -n "${2:-}" ] && [ -f "$2" ]; then
        head -n 60 "$2" | sed 's/^/# /'
    fi
}

skip()
{
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $1 # SKIP $2"
}

# check NAME COMMAND...: the command must succeed; its output is the reason if it doesn't.
check()
{
    check_name=$1
    shift
    if "$@" >"$scratch/check.log" 2>&1; then
        ok "$check_name"
    else
        not_ok "$check_name" "$scratch/check.log"
    fi
}

# compare NAME EXPECTED ACTUAL
compare()
{
    if [ "${UPDATE_GOLDEN:-}" = 1 ]; then
        cmp -s "$2" "$3" || cp "$3" "$2"
        ok "$1"
    elif [ ! -f "$2" ]; then
        echo "no expected output '$2'; 'make update-golden' writes it" >"$scratch/difference"
        not_ok "$1" "$scratch/difference"
    elif diff -u "$2" "$3" >"$scratch/difference" 2>&1; then
        ok "$1"
    else
        not_ok "$1" "$scratch/difference"
    fi
}

# crashed STATUS: whether an exit status means a bug of snnc rather than a refusal.
crashed()
{
    [ "$1" -ge 3 ]
}

# The closing plan of a script.
finish()
{
    if [ "$tap_count" = 0 ]; then
        echo "1..0 # SKIP no cases"
    else
        echo "1..$tap_count"
    fi
    rm -rf "$scratch"
}
