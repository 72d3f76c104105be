/* SPDX-License-Identifier: MIT
 *
 * The prototypes of everything generated code may call: abi.def, spelled as C.
 */
#ifndef SNN_CALLS_H
#define SNN_CALLS_H

#include "snn/program.h"

#include <math.h>

#define RT_FN(result, name, ...) result name(__VA_ARGS__);
#include "abi.def"
#undef RT_FN

#endif
