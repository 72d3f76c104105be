/* SPDX-License-Identifier: MIT
 *
 * What is kept of the samples of a batch between their presentation and the way back: the buffers
 * that pass `keep` has found, which move from the lane to the sample and back, to whichever lane
 * takes it. Samples beyond the memory for them are not kept; they are presented again.
 */
#ifndef SNN_KEPT_H
#define SNN_KEPT_H

struct snn_kept;

void snn_kept_destroy(struct snn_kept *kept); /* NULL is legal */

#endif
