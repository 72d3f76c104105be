/* SPDX-License-Identifier: MIT
 *
 * The symbol that every compiled program refers to: linking one with a runtime of another version
 * fails and names it.
 */
#include "snn/program.h"

#define SYMBOL_OF(version) snn_rt_abi_##version
#define SYMBOL(version) SYMBOL_OF(version)

extern const char SYMBOL(SNN_ABI_VERSION);
const char SYMBOL(SNN_ABI_VERSION) = SNN_ABI_VERSION;
