/* SPDX-License-Identifier: MIT
 *
 * Lanes: the contexts that generated code runs in, and the buffers behind them. Lane 0 runs the
 * tasks and owns what all lanes share; lane k is made when worker k first has something to do.
 */
#ifndef SNN_LANES_H
#define SNN_LANES_H

#include "runtime.h"

/* Lane 0 with its tables (sizes, constants, parameters, keys, data), without buffers. */
struct snn_context *snn_lane_create_main(struct snn_runtime *runtime);

/* Gives lane 0 its buffers, zeroed, once the sizes are known. Panics, naming the buffer, if the
 * machine is too small. */
void snn_lane_allocate_main(struct snn_context *context);

/* Lane `number` >= 1, cleared: buffers of kind LANE of its own, everything else shared with `main`.
   Called by the thread that will use it; neither `main` nor its buffers change meanwhile. */
struct snn_context *snn_lane_create_worker(const struct snn_context *main, int number);

/* Before a parallel loop: `worker` sees what `main` sees now, except for its own LANE buffers. */
void snn_lane_adopt(struct snn_context *worker, const struct snn_context *main);

void snn_lane_destroy(struct snn_context *context); /* NULL is legal */

/* Elements of a buffer as this lane sees it, 0 if it has none. */
int64_t snn_lane_count(const struct snn_context *context, int32_t buffer);

/* Bytes of one element. */
size_t snn_type_bytes(enum snn_type type);

/* The extents of a buffer; the rank is the result. A buffer whose length was set at run time is one
 * axis. */
int snn_buffer_extents(const struct snn_context *context, int32_t buffer,
                       int64_t extents[SNN_RANK_LIMIT]);

/* The axes of an array argument: those pushed by snn_rt_axis, which are then forgotten, or else the
   buffer's own. The result is the rank. */
int snn_lane_array_axes(struct snn_context *context, int32_t buffer,
                        struct snn_axis axes[SNN_RANK_LIMIT]);

/* Panics, naming the array, if the machine has no memory for so many elements. */
void snn_lane_check_array(const struct snn_context *context, int32_t buffer, int64_t count);

/* What snn_rt_resize does. */
void snn_lane_resize(struct snn_context *context, int32_t buffer, int64_t count);

#endif
