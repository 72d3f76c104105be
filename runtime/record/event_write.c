/* SPDX-License-Identifier: MIT
 *
 * Inputs and times are two arrays of the file whose length is known only at the end, so each has a
 * spool of its own.
 */
#include "record/event_write.h"

#include "error.h"
#include "event_sort.h"
#include "record/npz_write.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct snn_event_writer {
    char *path;
    int64_t inputs;
    double max_time;
    bool has_labels;
    FILE *index, *time; /* spools */
    int64_t *starts;    /* [capacity + 1]: where each sample begins, and where the last one ends */
    int32_t *labels;    /* [capacity] */
    int64_t samples, capacity;
    /* The sample being added. */
    struct snn_event *events; /* [inputs], then room to sort */
    int32_t *sorted;
    float *sorted_times;
};

void snn_event_writer_discard(struct snn_event_writer *writer)
{
    if (!writer)
        return;
    if (writer->index)
        fclose(writer->index);
    if (writer->time)
        fclose(writer->time);
    free(writer->starts);
    free(writer->labels);
    free(writer->events);
    free(writer->sorted);
    free(writer->sorted_times);
    free(writer->path);
    free(writer);
}

static int grow(struct snn_event_writer *writer)
{
    int64_t capacity = writer->capacity > 0 ? 2 * writer->capacity : 1024;
    int64_t *starts = realloc(writer->starts, (size_t)(capacity + 1) * sizeof *starts);
    int32_t *labels;

    if (starts)
        writer->starts = starts;
    labels = starts ? realloc(writer->labels, (size_t)capacity * sizeof *labels) : NULL;
    if (!labels)
        return snn_error_set("cannot write '%s': out of memory", writer->path);
    if (writer->capacity == 0)
        starts[0] = 0;
    writer->labels = labels;
    writer->capacity = capacity;
    return 0;
}

static int allocate(struct snn_event_writer *writer)
{
    size_t inputs = (size_t)writer->inputs;

    writer->events = malloc(2 * inputs * sizeof *writer->events);
    writer->sorted = malloc(inputs * sizeof *writer->sorted);
    writer->sorted_times = malloc(inputs * sizeof *writer->sorted_times);
    if (!writer->events || !writer->sorted || !writer->sorted_times)
        return snn_error_set("cannot write '%s': out of memory", writer->path);
    return grow(writer);
}

int snn_event_writer_open(struct snn_event_writer **out, const char *path, int64_t inputs,
                          double max_time, bool has_labels)
{
    struct snn_event_writer *writer;

    if (inputs < 1 || inputs > INT32_MAX)
        return snn_error_set("cannot write '%s': a sample must have 1 to %d inputs, not %lld", path,
                             INT32_MAX, (long long)inputs);
    if (!(max_time > 0 && isfinite(max_time)))
        return snn_error_set("cannot write '%s': time must end after 0, not at %g", path, max_time);
    writer = calloc(1, sizeof *writer);
    if (!writer || !(writer->path = strdup(path))) {
        free(writer);
        return snn_error_set("cannot write '%s': out of memory", path);
    }
    writer->inputs = inputs;
    writer->max_time = max_time;
    writer->has_labels = has_labels;
    if (allocate(writer) < 0 || snn_spool_open(&writer->index, path) < 0 ||
        snn_spool_open(&writer->time, path) < 0) {
        snn_event_writer_discard(writer);
        return -1;
    }
    *out = writer;
    return 0;
}

/* Sorts the events of a sample; how many they are. */
static int64_t list_events(struct snn_event_writer *writer, const float *times)
{
    int64_t count = 0;

    for (int64_t i = 0; i < writer->inputs; i++) {
        if (!(times[i] >= 0))
            return snn_error_set("sample %lld: the time of input %lld is %g; times count from 0, "
                                 "and those of inputs without a spike are inf",
                                 (long long)writer->samples, (long long)i, (double)times[i]);
        if ((double)times[i] < writer->max_time)
            writer->events[count++] = (struct snn_event){ times[i], (int32_t)i };
    }
    snn_sort_events(writer->events, writer->events + writer->inputs, count);
    for (int64_t k = 0; k < count; k++) {
        writer->sorted[k] = writer->events[k].input;
        writer->sorted_times[k] = writer->events[k].time;
    }
    return count;
}

int snn_event_writer_add(struct snn_event_writer *writer, const float *times, int64_t label)
{
    int64_t count = list_events(writer, times);

    if (count < 0)
        return -1;
    if (label < 0 || label > INT32_MAX)
        return snn_error_set("sample %lld: the label is %lld; labels count from 0",
                             (long long)writer->samples, (long long)label);
    if (writer->samples == writer->capacity && grow(writer) < 0)
        return -1;
    if (fwrite(writer->sorted, sizeof *writer->sorted, (size_t)count, writer->index) !=
            (size_t)count ||
        fwrite(writer->sorted_times, sizeof *writer->sorted_times, (size_t)count, writer->time) !=
            (size_t)count)
        return snn_error_set("cannot write '%s': %s", writer->path, strerror(errno));
    writer->labels[writer->samples] = (int32_t)label;
    writer->starts[writer->samples + 1] = writer->starts[writer->samples] + count;
    writer->samples++;
    return 0;
}

int64_t snn_event_writer_samples(const struct snn_event_writer *writer)
{
    return writer->samples;
}

int64_t snn_event_writer_events(const struct snn_event_writer *writer)
{
    return writer->starts[writer->samples];
}

int snn_event_writer_close(struct snn_event_writer *writer)
{
    int64_t starts = writer->samples + 1, events = snn_event_writer_events(writer);
    struct snn_array arrays[] = {
        { .name = "indptr",
          .type = SNN_INT64,
          .data = writer->starts,
          .rank = 1,
          .extents = &starts },
        { .name = "index",
          .type = SNN_INT32,
          .spool = writer->index,
          .rank = 1,
          .extents = &events },
        { .name = "time",
          .type = SNN_FLOAT32,
          .spool = writer->time,
          .rank = 1,
          .extents = &events },
        { .name = "inputs", .type = SNN_INT64, .data = &writer->inputs },
        { .name = "max_time", .type = SNN_FLOAT64, .data = &writer->max_time },
        { .name = "label",
          .type = SNN_INT32,
          .data = writer->labels,
          .rank = 1,
          .extents = &writer->samples },
    };
    size_t count = sizeof arrays / sizeof *arrays - (writer->has_labels ? 0 : 1);
    int status = snn_npz_write(writer->path, arrays, count);

    writer->index = writer->time = NULL; /* snn_npz_write closed them */
    snn_event_writer_discard(writer);
    return status;
}
