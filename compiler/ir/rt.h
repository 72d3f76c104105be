/* SPDX-License-Identifier: MIT
 *
 * The signatures of the runtime's functions (runtime/abi.def) in types of the IR. The context,
 * which most of them take first, is not among the parameters.
 */
#ifndef SNNC_IR_RT_H
#define SNNC_IR_RT_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/ir.h"

const char *ir_rt_name(enum ir_rt function);
bool ir_rt_takes_context(enum ir_rt function); /* false: a pure function of its operands */
int32_t ir_rt_parameter_count(enum ir_rt function);
enum ir_type ir_rt_parameter(enum ir_rt function, int32_t number);

#endif
