/* SPDX-License-Identifier: MIT
 *
 * What is under way in continuous time: a heap of (time of arrival, item), the earliest first, of
 * equal times the smallest item. Its arrays are lane buffers, so that each lane has its own.
 */
#include "calls.h"

#include "lanes.h"
#include "runtime.h"

#include <math.h>
#include <string.h>

struct queue {
    float *times;
    int32_t *items;
    int64_t count;
};

static bool is_before(const struct queue *q, int64_t a, int64_t b)
{
    if (q->times[a] != q->times[b])
        return q->times[a] < q->times[b];
    return q->items[a] < q->items[b];
}

static void swap(struct queue *q, int64_t a, int64_t b)
{
    float time = q->times[a];
    int32_t item = q->items[a];

    q->times[a] = q->times[b];
    q->items[a] = q->items[b];
    q->times[b] = time;
    q->items[b] = item;
}

static void push(struct queue *q, float time, int32_t item)
{
    int64_t k = q->count++;

    q->times[k] = time;
    q->items[k] = item;
    for (; k > 0 && is_before(q, k, (k - 1) / 2); k = (k - 1) / 2)
        swap(q, k, (k - 1) / 2);
}

static int32_t pop(struct queue *q)
{
    int32_t item = q->items[0];
    int64_t k = 0, least = 0;

    swap(q, 0, --q->count);
    do {
        k = least;
        for (int64_t child = 2 * k + 1; child <= 2 * k + 2 && child < q->count; child++)
            if (is_before(q, child, least))
                least = child;
        swap(q, k, least);
    } while (least != k);
    return item;
}

/* At least doubles a buffer that is too small; what is in it stays. */
static void grow(struct snn_context *context, int32_t buffer, int64_t used, int64_t needed)
{
    size_t bytes = (size_t)used * snn_type_bytes(context->program->buffers[buffer].type);
    struct snn_region_mark mark;
    void *copy;

    if (context->lane->owned[buffer] != NULL && context->lane->counts[buffer] >= needed)
        return;
    mark = snn_region_mark(context->lane->region);
    copy = snn_region_alloc(context->lane->region, bytes + 1);
    if (bytes > 0)
        memcpy(copy, context->buffers[buffer], bytes);
    snn_lane_resize(context, buffer, 2 * needed);
    if (bytes > 0)
        memcpy(context->buffers[buffer], copy, bytes);
    snn_region_release(context->lane->region, mark);
}

/* The queue of buffers `first` to first + 2, with room for more. */
static struct queue open_queue(struct snn_context *context, int32_t first, int64_t added)
{
    const int64_t *count = context->buffers[first + 2];

    if (added > 0) {
        grow(context, first, *count, *count + added);
        grow(context, first + 1, *count, *count + added);
    }
    return (struct queue){ context->buffers[first], context->buffers[first + 1], *count };
}

static void close_queue(struct snn_context *context, int32_t first, const struct queue *q)
{
    int64_t *count = context->buffers[first + 2];

    *count = q->count;
}

/* Times are float32; what arrives does so after it was sent. */
static float arrival(double now, double delay)
{
    float time = (float)(now + delay);

    return (double)time > now ? time : nextafterf((float)now, INFINITY);
}

void snn_rt_queue_add(struct snn_context *context, int32_t queue, int32_t list, int64_t first,
                      int64_t added, double now, double delay)
{
    struct queue q = open_queue(context, queue, added);
    const int32_t *sources = context->buffers[list];

    for (int64_t k = first; k < first + added; k++)
        push(&q, arrival(now, delay), sources[k]);
    close_queue(context, queue, &q);
}

void snn_rt_queue_add_synapses(struct snn_context *context, int32_t queue, int32_t list,
                               int64_t first, int64_t added, double now, int32_t delays,
                               int64_t rows)
{
    const int32_t *starts = rows >= 0 ? context->buffers[rows] : NULL;
    const float *delay = context->buffers[delays];

    for (int64_t k = first; k < first + added; k++) {
        int64_t source = ((const int32_t *)context->buffers[list])[k];
        int64_t low = starts ? starts[source] : source * -rows;
        int64_t high = starts ? starts[source + 1] : low - rows;
        struct queue q = open_queue(context, queue, high - low);

        for (int64_t synapse = low; synapse < high; synapse++)
            push(&q, arrival(now, (double)delay[synapse]), (int32_t)synapse);
        close_queue(context, queue, &q);
    }
}

int64_t snn_rt_queue_take(struct snn_context *context, int32_t queue, double now, int32_t arrived)
{
    struct queue q = open_queue(context, queue, 0);
    int64_t count = 0;
    int32_t *out;

    if (q.count == 0 || (double)q.times[0] > now)
        return 0;
    snn_rt_reserve(context, arrived, q.count);
    out = context->buffers[arrived];
    while (q.count > 0 && (double)q.times[0] <= now)
        out[count++] = pop(&q);
    close_queue(context, queue, &q);
    return count;
}
