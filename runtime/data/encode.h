/* SPDX-License-Identifier: MIT
 *
 * Samples of numbers as spike events: one event at most for each element, at a time that its value
 * gives.
 */
#ifndef SNN_DATA_ENCODE_H
#define SNN_DATA_ENCODE_H

#include "data/view.h"

/* The time of an element, from 0; what is not below `until` never comes; NAN: the value has none.
 */
typedef float snn_encode_fn(float value, float until);

snn_encode_fn snn_encode_latency; /* until * (1 - value): 1 and more at once, 0 and less never */
snn_encode_fn snn_encode_times;   /* the value */

struct snn_part;

/* Fills *part, a part of `set` of events whose samples are those of `view`, except for labels. */
int snn_encode_part(struct snn_part *part, const struct snn_dataset *set,
                    const struct snn_view *view, snn_encode_fn *time_of);

#endif
