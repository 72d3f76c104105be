/* SPDX-License-Identifier: MIT
 *
 * All samples are gone through twice: to count their events, then to list them.
 */
#include "data/encode.h"

#include "data/events.h"
#include "data/source.h"
#include "error.h"
#include "event_sort.h"

#include <math.h>
#include <stdlib.h>

/* What the lists of a part point into: the state of its store. */
struct encoded {
    int32_t *index;
    float *time;
};

/* What it takes to encode one sample after the other. */
struct encoder {
    const struct snn_view *view;
    snn_encode_fn *time_of;
    float until;
    size_t elements;          /* of a sample */
    float *values;            /* [elements] */
    struct snn_event *events; /* [elements]: of the sample at hand; then room to sort */
};

float snn_encode_latency(float value, float until)
{
    float time = until * (1 - value);

    return isnan(value) ? value : value <= 0 ? until : time < 0 ? 0 : time;
}

float snn_encode_times(float value, float until)
{
    (void)until;
    return value >= 0 ? value : NAN;
}

static void dispose(void *state)
{
    struct encoded *encoded = state;

    free(encoded->index);
    free(encoded->time);
    free(encoded);
}

static void finish(struct encoder *encoder)
{
    free(encoder->values);
    free(encoder->events);
}

static int start(struct encoder *encoder, const struct snn_dataset *set,
                 const struct snn_view *view, snn_encode_fn *time_of)
{
    size_t elements = view->set->sample_size;

    *encoder = (struct encoder){
        .view = view,
        .time_of = time_of,
        .until = (float)set->max_time,
        .elements = elements,
        .values = malloc(elements * sizeof *encoder->values + 1),
        .events = malloc(2 * elements * sizeof *encoder->events + 1),
    };
    if (encoder->values && encoder->events)
        return 0;
    finish(encoder);
    return snn_error_set("data set '%s': out of memory", snn_dataset_name(set));
}

/* Fills encoder->events with those of a sample, in the order of the inputs; how many they are. */
static int64_t list_events(struct encoder *encoder, int64_t sample)
{
    int64_t count = 0;

    if (snn_view_sample(encoder->view, sample, encoder->values, encoder->elements) < 0)
        return -1;
    for (size_t i = 0; i < encoder->elements; i++) {
        float time = encoder->time_of(encoder->values[i], encoder->until);

        if (isnan(time))
            return snn_error_set("data set '%s': sample %lld, element %zu: %g is no time of a "
                                 "spike; times count from 0, and those of inputs without a spike "
                                 "are inf",
                                 snn_dataset_name(encoder->view->set), (long long)sample, i,
                                 (double)encoder->values[i]);
        if (time < encoder->until)
            encoder->events[count++] = (struct snn_event){ time, (int32_t)i };
    }
    return count;
}

/* How many events each sample has, in its list; how many all have. */
static int64_t count_events(struct encoder *encoder, struct snn_event_list *lists)
{
    int64_t total = 0;

    for (int64_t i = 0; i < encoder->view->count; i++) {
        lists[i].count = list_events(encoder, i);
        if (lists[i].count < 0)
            return -1;
        total += lists[i].count;
    }
    return total;
}

static int fill_lists(struct encoder *encoder, struct encoded *encoded,
                      struct snn_event_list *lists)
{
    int32_t *index = encoded->index;
    float *time = encoded->time;

    for (int64_t i = 0; i < encoder->view->count; i++) {
        int64_t count = list_events(encoder, i);

        if (count < 0)
            return -1;
        snn_sort_events(encoder->events, encoder->events + encoder->elements, count);
        for (int64_t k = 0; k < count; k++) {
            index[k] = encoder->events[k].input;
            time[k] = encoder->events[k].time;
        }
        lists[i].index = index;
        lists[i].time = time;
        index += count;
        time += count;
    }
    return 0;
}

/* A store that has room for the events, and nothing in it yet. */
static struct encoded *create_store(struct snn_part *part, const struct snn_dataset *set,
                                    int64_t events)
{
    struct snn_event_store *store = snn_event_store_create(snn_dataset_name(set));
    struct encoded *encoded = store ? calloc(1, sizeof *encoded) : NULL;

    part->events = store;
    if (encoded) {
        store->state = encoded;
        store->dispose = dispose;
        encoded->index = malloc((size_t)events * sizeof *encoded->index + 1);
        encoded->time = malloc((size_t)events * sizeof *encoded->time + 1);
    }
    if (encoded && encoded->index && encoded->time)
        return encoded;
    snn_error_set("data set '%s': out of memory for %lld events", snn_dataset_name(set),
                  (long long)events);
    return NULL;
}

int snn_encode_part(struct snn_part *part, const struct snn_dataset *set,
                    const struct snn_view *view, snn_encode_fn *time_of)
{
    struct encoder encoder;
    struct encoded *encoded;
    int64_t events;
    int status = start(&encoder, set, view, time_of);

    if (status < 0)
        return -1;
    events = count_events(&encoder, part->pixels);
    encoded = events >= 0 ? create_store(part, set, events) : NULL;
    status = encoded ? fill_lists(&encoder, encoded, part->pixels) : -1;
    finish(&encoder);
    return status;
}
