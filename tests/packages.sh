#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The Debian packages that configure's messages name are those of build-aux/debian-packages.

cd "${TOP_SRCDIR:?run by make check}" || exit 99
sed '/^#/d; s/ .*//' build-aux/debian-packages | sort -u >"$TOP_BUILDDIR/tests/packages.listed"
sed -n 's/.*SNNC_\(MISSING\|CHECK_PROGRAM\|CHECK_LIBRARY\)(.*\[\([^]]*\)\]).*/\2/p' configure.ac |
    sort -u >"$TOP_BUILDDIR/tests/packages.named"
unlisted=$(comm -13 "$TOP_BUILDDIR/tests/packages.listed" "$TOP_BUILDDIR/tests/packages.named")
rm -f "$TOP_BUILDDIR/tests/packages.listed" "$TOP_BUILDDIR/tests/packages.named"
[ -z "$unlisted" ] && exit 0
echo "not in build-aux/debian-packages: $unlisted"
exit 1
