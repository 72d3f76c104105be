/* SPDX-License-Identifier: MIT
 *
 * The pipeline from a .snn file to what the options ask for.
 */
#ifndef SNNC_DRIVER_COMPILE_H
#define SNNC_DRIVER_COMPILE_H

#include "base/compilation.h"
#include "driver/options.h"

/* Compiles, checks, interprets or runs options->input. Messages are on stderr when it returns. */
enum exit_code compile_model(struct compilation *c, const struct options *options);

#endif
