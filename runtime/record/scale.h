/* SPDX-License-Identifier: MIT
 *
 * Values as they are shown, plotted and exported: some units are kept as one and shown as another
 * (rates: kept in kHz, shown in Hz). Both functions use up what snn_rt_scale set; without it values
 * are shown as they are kept.
 */
#ifndef SNN_RECORD_SCALE_H
#define SNN_RECORD_SCALE_H

#include "snn/program.h"

double snn_scale_number(struct snn_context *context, double value);

/* The elements of a buffer: the buffer's own memory, or a copy in the lane's region. */
const void *snn_scale_array(struct snn_context *context, int32_t buffer);

#endif
