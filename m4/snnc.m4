# SPDX-License-Identifier: MIT
# Checks that configure.ac repeats: each ends in one sentence that names the Debian package to install.

# SNNC_MISSING(WHAT, PACKAGE): stop and say how to go on.
AC_DEFUN([SNNC_MISSING],
[AC_MSG_ERROR([$1 is missing. On Debian: apt-get install $2
  (build-aux/debian-packages lists everything needed; './bootstrap' installs it)])])

# SNNC_CHECK_PROGRAM(COMMAND, NAME, PACKAGE): COMMAND must answer as NAME to --version.
AC_DEFUN([SNNC_CHECK_PROGRAM],
[AC_MSG_CHECKING([for $2])
AS_IF([test -f "$srcdir/compiler/syntax/parser.c" && test -f "$srcdir/compiler/syntax/lexer.c"],
    [AC_MSG_RESULT([not needed, the generated files are here])],
    [AS_IF([($1 --version) 2>/dev/null | grep -i '$2' >/dev/null],
        [AC_MSG_RESULT([$1])],
        [AC_MSG_RESULT([no])
         SNNC_MISSING([$2], [$3])])])])

# SNNC_CHECK_LIBRARY(VARIABLE, MODULE, PACKAGE): VARIABLE_CFLAGS and _LIBS from pkg-config.
AC_DEFUN([SNNC_CHECK_LIBRARY],
[PKG_CHECK_MODULES([$1], [$2], [], [SNNC_MISSING([the library $2], [$3])])])

# SNNC_OPTIONAL_LIBRARY(VARIABLE, MODULE, PACKAGE): the same, where it is there; HAVE_VARIABLE is 1 or 0.
AC_DEFUN([SNNC_OPTIONAL_LIBRARY],
[snnc_have_$1="not found: apt-get install $3"
PKG_CHECK_MODULES([$1], [$2], [snnc_have_$1=yes; snnc_has=1], [snnc_has=0])
AC_DEFINE_UNQUOTED([HAVE_$1], [$snnc_has], [Whether $2 is there.])])

# SNNC_IF_C_FLAG(FLAG, THEN, ELSE): whether $CC takes FLAG without complaint.
AC_DEFUN([SNNC_IF_C_FLAG],
[snnc_saved_CFLAGS=$CFLAGS
CFLAGS="$CFLAGS -Werror $1"
AC_COMPILE_IFELSE([AC_LANG_PROGRAM()], [snnc_flag_ok=yes], [snnc_flag_ok=no])
CFLAGS=$snnc_saved_CFLAGS
AS_IF([test $snnc_flag_ok = yes], [$2], [$3])])

# SNNC_ADD_C_FLAGS(VARIABLE, FLAGS): append those of FLAGS that $CC knows.
AC_DEFUN([SNNC_ADD_C_FLAGS],
[for snnc_flag in $2; do
    AC_MSG_CHECKING([whether $CC takes $snnc_flag])
    SNNC_IF_C_FLAG([$snnc_flag],
        [AC_MSG_RESULT([yes]); $1="$$1 $snnc_flag"],
        [AC_MSG_RESULT([no])])
done
AC_SUBST([$1])])

# SNNC_CHECK_LLVM(MAJOR): LLVM_CPPFLAGS, LLVM_LDFLAGS, LLVM_LIBS and LLVM_VERSION.
# The headers come in with -isystem: 'llvm-config --cflags' would add unrelated definitions.
AC_DEFUN([SNNC_CHECK_LLVM],
[AC_PATH_PROGS([LLVM_CONFIG], [llvm-config-$1 llvm-config])
AC_MSG_CHECKING([for LLVM $1 or newer])
LLVM_VERSION=
AS_IF([test -n "$LLVM_CONFIG"], [LLVM_VERSION=`$LLVM_CONFIG --version 2>/dev/null`])
AS_CASE([$LLVM_VERSION],
    [[[0-9]*.*]], [snnc_llvm_major=`echo "$LLVM_VERSION" | sed 's/\..*//'`],
    [snnc_llvm_major=0])
AS_IF([test "$snnc_llvm_major" -ge $1],
    [AC_MSG_RESULT([$LLVM_VERSION])],
    [AC_MSG_RESULT([no])
     SNNC_MISSING([LLVM $1], [llvm-$1-dev])])
AC_SUBST([LLVM_VERSION])
AC_SUBST([LLVM_CPPFLAGS], ["-isystem `$LLVM_CONFIG --includedir`"])
AC_SUBST([LLVM_LDFLAGS], ["`$LLVM_CONFIG --link-shared --ldflags`"])
AC_SUBST([LLVM_LIBS], ["`$LLVM_CONFIG --link-shared --libs`"])
snnc_saved_LDFLAGS=$LDFLAGS
snnc_saved_LIBS=$LIBS
LDFLAGS="$LDFLAGS $LLVM_LDFLAGS"
LIBS="$LLVM_LIBS $LIBS"
AC_CHECK_FUNC([LLVMSetFastMathFlags], [], [SNNC_MISSING([the C API of LLVM $1], [llvm-$1-dev])])
AC_CHECK_FUNC([LLVMInitializeNVPTXTarget], [],
    [SNNC_MISSING([the NVPTX back end of LLVM $1], [llvm-$1-dev])])
LDFLAGS=$snnc_saved_LDFLAGS
LIBS=$snnc_saved_LIBS])
