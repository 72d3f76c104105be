/* SPDX-License-Identifier: MIT
 *
 * Values of parameters as text: reading what the command line gives, with its unit, and printing.
 */
#ifndef SNN_PARAMETERS_H
#define SNN_PARAMETERS_H

#include "snn/program.h"

#include <stdbool.h>
#include <stddef.h>

/* Reads `text` as a value of the parameter: type, unit, range and choice are checked. Negative: see
   snn_last_error. A text value is not copied. */
int snn_parameter_read(union snn_value *out, const struct snn_param *param, const char *text);

/* The value as it could be given: "350 ms", "1600", "true", "sum". */
void snn_parameter_print(char *out, size_t bytes, const struct snn_param *param,
                         union snn_value value);

/* "integer", "number in ms, s or us", "one of sum, mean": for --help and messages. */
void snn_parameter_kind(char *out, size_t bytes, const struct snn_param *param);

/* "1 .. 100 ms", or "" if every value is allowed. */
void snn_parameter_range(char *out, size_t bytes, const struct snn_param *param);

bool snn_parameter_equal(const struct snn_param *param, union snn_value a, union snn_value b);

#endif
