/* SPDX-License-Identifier: MIT */
#include "kept.h"

#include "calls.h"
#include "lanes.h"
#include "panic.h"

#include <stdlib.h>
#include <string.h>

/* Of a network, in each lane that begins batches: so much, or as long as all buffers of the program
 * take no more than ALL_BYTES. */
enum { KEPT_BYTES = 112 << 20, ALL_BYTES = 384 << 20 };

/* Of each buffer that is kept: what a lane has of it. */
struct part {
    void *memory;
    int64_t count, bytes;
};

struct sample {
    bool is_kept, is_recalled;
    struct part *parts; /* [network->buffer_count]; NULL until it is first kept */
};

struct network {
    struct network *next;
    int64_t kept_by;
    int32_t *buffers; /* [buffer_count] */
    int32_t buffer_count;
    struct sample *samples; /* [capacity] */
    int64_t capacity;
    int64_t most_bytes; /* of all samples, in the batch at hand */
    int64_t bytes;      /* that samples hold */
};

struct snn_kept {
    struct network *networks;
};

static void *more(void *memory, size_t count, size_t size)
{
    void *grown = realloc(memory, (count + 1) * size);

    if (!grown)
        snn_panic("out of memory for %zu samples of a batch", count);
    return grown;
}

static struct network *network_of(const struct snn_kept *kept, int64_t kept_by)
{
    struct network *network = kept ? kept->networks : NULL;

    while (network && network->kept_by != kept_by)
        network = network->next;
    return network;
}

static struct network *add_network(const struct snn_context *context, int64_t kept_by)
{
    const struct snn_program *program = context->program;
    struct network *network = more(NULL, 1, sizeof *network);

    *network = (struct network){ .next = context->lane->kept->networks, .kept_by = kept_by };
    network->buffers = more(NULL, (size_t)program->buffer_count, sizeof *network->buffers);
    for (int32_t i = 0; i < program->buffer_count; i++)
        if (program->buffers[i].kept_by == kept_by)
            network->buffers[network->buffer_count++] = i;
    context->lane->kept->networks = network;
    return network;
}

/* What the environment allows; -1: it does not say. */
static int64_t asked_bytes(void)
{
    const char *text = getenv("SNN_KEPT_MB");
    char *end;
    long megabytes;

    if (!text || !*text)
        return -1;
    megabytes = strtol(text, &end, 10);
    if (*end || megabytes < 0 || megabytes > INT32_MAX)
        snn_panic("$SNN_KEPT_MB is '%s', but must be a whole number of megabytes from 0 on", text);
    return (int64_t)megabytes << 20;
}

static int64_t most_bytes(const struct snn_context *context, const struct network *network)
{
    int64_t asked = asked_bytes();
    int64_t held = __atomic_load_n(&context->runtime->held_bytes, __ATOMIC_RELAXED);
    int64_t rest = ALL_BYTES - (held - network->bytes);

    if (asked >= 0)
        return asked;
    return rest > KEPT_BYTES ? rest : KEPT_BYTES;
}

void snn_rt_samples_begin(struct snn_context *context, int64_t kept_by, int64_t samples)
{
    struct snn_lane *lane = context->lane;
    struct network *network;

    if (!lane->own_kept) {
        lane->own_kept = more(NULL, 1, sizeof *lane->own_kept);
        lane->own_kept->networks = NULL;
    }
    lane->kept = lane->own_kept;
    network = network_of(lane->kept, kept_by);
    if (!network)
        network = add_network(context, kept_by);
    if (network->capacity < samples) {
        network->samples = more(network->samples, (size_t)samples, sizeof *network->samples);
        for (; network->capacity < samples; network->capacity++)
            network->samples[network->capacity] = (struct sample){ .is_kept = false };
    }
    for (int64_t i = 0; i < network->capacity; i++)
        network->samples[i].is_kept = network->samples[i].is_recalled = false;
    network->most_bytes = most_bytes(context, network);
}

static int64_t kept_bytes(const struct snn_context *context, const struct network *network)
{
    int64_t bytes = 0;

    for (int32_t i = 0; i < network->buffer_count; i++)
        if (context->program->buffers[network->buffers[i]].has_kept_values)
            bytes += context->lane->bytes[network->buffers[i]];
    return bytes;
}

/* A buffer of variable length changes hands. */
static void exchange(struct snn_context *context, struct network *network, int32_t buffer,
                     struct part *part)
{
    struct snn_lane *lane = context->lane;
    struct part has = { lane->owned[buffer], lane->counts[buffer], lane->bytes[buffer] };

    __atomic_add_fetch(&network->bytes, has.bytes - part->bytes, __ATOMIC_RELAXED);
    lane->owned[buffer] = context->buffers[buffer] = part->memory;
    lane->counts[buffer] = part->count;
    lane->bytes[buffer] = part->bytes;
    *part = has;
}

static void copy_out(struct snn_context *context, int32_t buffer, struct part *part)
{
    part->bytes = context->lane->bytes[buffer];
    if (!part->memory)
        part->memory = more(NULL, (size_t)part->bytes, 1);
    memcpy(part->memory, context->buffers[buffer], (size_t)part->bytes);
}

void snn_rt_sample_keep(struct snn_context *context, int64_t kept_by, int64_t number)
{
    struct network *network = network_of(context->lane->kept, kept_by);
    struct sample *sample = &network->samples[number];
    int64_t bytes = kept_bytes(context, network);

    if (bytes > network->most_bytes / (number + 1))
        return;
    if (!sample->parts) {
        size_t size = (size_t)network->buffer_count * sizeof *sample->parts;

        sample->parts = memset(more(NULL, size, 1), 0, size);
    }
    for (int32_t i = 0; i < network->buffer_count; i++) {
        const struct snn_buffer *buffer = &context->program->buffers[network->buffers[i]];

        if (!buffer->has_kept_values)
            sample->parts[i].count = context->lane->counts[network->buffers[i]];
        else if (buffer->count >= 0)
            copy_out(context, network->buffers[i], &sample->parts[i]);
        else
            exchange(context, network, network->buffers[i], &sample->parts[i]);
    }
    sample->is_kept = true;
}

int64_t snn_rt_sample_recall(struct snn_context *context, int64_t kept_by, int64_t number)
{
    struct network *network = network_of(context->lane->kept, kept_by);
    struct sample *sample;

    if (!network || number >= network->capacity || !network->samples[number].is_kept)
        return 0;
    sample = &network->samples[number];
    sample->is_kept = false;
    sample->is_recalled = true;
    for (int32_t i = 0; i < network->buffer_count; i++) {
        const struct snn_buffer *buffer = &context->program->buffers[network->buffers[i]];
        struct part *part = &sample->parts[i];

        if (!buffer->has_kept_values)
            snn_rt_reserve(context, network->buffers[i], part->count);
        else if (buffer->count >= 0)
            memcpy(context->buffers[network->buffers[i]], part->memory, (size_t)part->bytes);
        else
            exchange(context, network, network->buffers[i], part);
    }
    return 1;
}

void snn_rt_sample_return(struct snn_context *context, int64_t kept_by, int64_t number)
{
    struct network *network = network_of(context->lane->kept, kept_by);
    struct sample *sample = &network->samples[number];

    if (!sample->is_recalled)
        return;
    sample->is_kept = true;
    sample->is_recalled = false;
    for (int32_t i = 0; i < network->buffer_count; i++) {
        const struct snn_buffer *buffer = &context->program->buffers[network->buffers[i]];

        if (buffer->has_kept_values && buffer->count < 0)
            exchange(context, network, network->buffers[i], &sample->parts[i]);
    }
}

static void destroy_network(struct network *network)
{
    for (int64_t i = 0; i < network->capacity; i++) {
        for (int32_t k = 0; network->samples[i].parts && k < network->buffer_count; k++)
            free(network->samples[i].parts[k].memory);
        free(network->samples[i].parts);
    }
    free(network->samples);
    free(network->buffers);
    free(network);
}

void snn_kept_destroy(struct snn_kept *kept)
{
    while (kept && kept->networks) {
        struct network *network = kept->networks;

        kept->networks = network->next;
        destroy_network(network);
    }
    free(kept);
}
