/* SPDX-License-Identifier: MIT
 *
 * What task code asks of the runtime besides records: arrays in the lane's region, data sets,
 * texts. Failures of the data functions end the run with their message.
 */
#include "calls.h"

#include "checkpoint.h"
#include "data/dataset.h"
#include "data/event_ahead.h"
#include "data/fold.h"
#include "data/split.h"
#include "data/view.h"
#include "error.h"
#include "lanes.h"
#include "options.h"
#include "panic.h"
#include "record/number.h"
#include "record/scale.h"
#include "runtime.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- lanes and memory */

int64_t snn_rt_mark(struct snn_context *context)
{
    struct snn_lane *lane = context->lane;

    if (lane->mark_count == lane->mark_capacity) {
        lane->mark_capacity = lane->mark_capacity ? 2 * lane->mark_capacity : 64;
        lane->marks = realloc(lane->marks, (size_t)lane->mark_capacity * sizeof *lane->marks);
        if (!lane->marks)
            snn_panic("out of memory for %" PRId64 " nested loops", lane->mark_capacity);
    }
    lane->marks[lane->mark_count] = snn_region_mark(lane->region);
    return lane->mark_count++;
}

void snn_rt_release(struct snn_context *context, int64_t mark)
{
    struct snn_lane *lane = context->lane;
    struct snn_event_ahead *ahead = atomic_load(&context->runtime->ahead);

    if (ahead && lane->number == 0)
        snn_event_ahead_release(ahead, mark);
    snn_region_release(lane->region, lane->marks[mark]);
    lane->mark_count = mark + 1; /* a loop releases the same mark in each iteration */
}

void snn_rt_array(struct snn_context *context, int32_t buffer, int64_t elements)
{
    const struct snn_buffer *what = &context->program->buffers[buffer];
    int64_t rounded;

    snn_lane_check_array(context, buffer, elements);
    rounded = (elements + SNN_PAD_ELEMENTS + SNN_ROUND_ELEMENTS - 1) / SNN_ROUND_ELEMENTS *
              SNN_ROUND_ELEMENTS;
    context->buffers[buffer] =
        snn_region_array(context->lane->region, (size_t)rounded, snn_type_bytes(what->type));
    context->lane->counts[buffer] = elements;
    if (snn_checkpoint_is_resuming(context->runtime))
        snn_checkpoint_fill(context, buffer);
}

void snn_rt_resize(struct snn_context *context, int32_t buffer, int64_t elements)
{
    snn_lane_resize(context, buffer, elements);
}

void snn_rt_reserve(struct snn_context *context, int32_t buffer, int64_t elements)
{
    if (!context->lane->owned[buffer] || context->lane->counts[buffer] < elements)
        snn_lane_resize(context, buffer, elements);
}

void snn_rt_zeros_like(struct snn_context *context, int32_t buffer, int32_t like)
{
    struct snn_lane *lane = context->lane;
    int64_t elements = lane->counts[like];
    size_t bytes = snn_type_bytes(context->program->buffers[buffer].type);

    if (!lane->owned[buffer] || lane->counts[buffer] < elements)
        snn_lane_resize(context, buffer, elements);
    else
        memset(context->buffers[buffer], 0, (size_t)elements * bytes);
}

/* ---- data sets */

/* What generated code holds as a view. A whole set is read by the first call that looks into it; it
   stays whole beside that, so that its splits can still be taken. */
struct handle {
    struct snn_view view;   /* as it was made */
    struct snn_view loaded; /* valid once is_loaded */
    atomic_bool is_loaded;
    int64_t depth; /* marks of the lane when it was made */
    bool is_chunk; /* of a loop over parts in order: */
    int64_t rest;  /* what follows it in what it is a part of, which */
    int64_t whole; /* was made at this depth */
};

static struct handle *new_handle(struct snn_context *context)
{
    struct handle *handle = snn_region_alloc(context->lane->region, sizeof *handle);

    handle->depth = context->lane->mark_count;
    return handle;
}

static struct snn_view view_of(void *handle)
{
    return ((struct handle *)handle)->view;
}

/* Ends the run, naming the place, unless `status` says that all went well. */
static void check(const char *place, int status)
{
    if (status < 0)
        snn_panic("%s: %s", place, snn_last_error());
}

/* The set may be older than the loop whose body first looks into it, in any lane: what is read
 * lives as long as the run. */
static struct snn_view *loaded(struct snn_context *context, void *view, const char *place)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    struct handle *handle = view;

    if (atomic_load_explicit(&handle->is_loaded, memory_order_acquire))
        return &handle->loaded;
    pthread_mutex_lock(&mutex);
    if (!atomic_load(&handle->is_loaded)) {
        handle->loaded = handle->view;
        check(place, snn_view_load(&handle->loaded, context->runtime->region));
        atomic_store_explicit(&handle->is_loaded, true, memory_order_release);
    }
    pthread_mutex_unlock(&mutex);
    return &handle->loaded;
}

void *snn_rt_data_arguments(struct snn_context *context)
{
    struct snn_data_arguments *arguments =
        snn_region_alloc(context->lane->region, sizeof *arguments);

    snn_data_arguments_clear(arguments);
    return arguments;
}

void snn_rt_data_text_argument(struct snn_context *context, void *arguments, int32_t position,
                               const char *text)
{
    (void)context;
    ((struct snn_data_arguments *)arguments)->texts[position] = text;
}

void snn_rt_data_number_argument(struct snn_context *context, void *arguments, int32_t position,
                                 double number)
{
    (void)context;
    ((struct snn_data_arguments *)arguments)->numbers[position] = number;
}

/* Numbered folders in its folder are classes, not folds. */
static bool has_class_folders(const char *reader)
{
    return strcmp(reader, "images") == 0 || strcmp(reader, "frames") == 0;
}

void *snn_rt_data_open(struct snn_context *context, int32_t data, const char *reader, void *given,
                       const char *place)
{
    struct snn_data_arguments *arguments = given;
    const char *source = data >= 0 ? context->runtime->options->data[data] : NULL;
    const char *name = data >= 0 ? context->program->data[data].name : NULL;
    const struct snn_options *options = context->runtime->options;
    struct handle *out = new_handle(context);
    struct snn_dataset *set;
    bool is_numbered = false;

    if (source) {
        char *option = snn_region_alloc(context->lane->region, SNN_PATH_BYTES);

        snprintf(option, SNN_PATH_BYTES, "--data %s=%s", name, source);
        place = option; /* which is what the user has to change */
    }
    if (options->folds > 0 && !has_class_folders(reader)) {
        char *folder = snn_region_alloc(context->runtime->region, SNN_PATH_BYTES);

        check(place, snn_fold_place(folder, source ? source : arguments->texts[0], options->fold,
                                    options->folds, &is_numbered));
        source = source && is_numbered ? folder : source;
        if (is_numbered)
            arguments->texts[0] = folder;
    }
    check(place, source ? snn_dataset_open_place(&set, name, reader, arguments, source)
                        : snn_dataset_open(&set, name, reader, arguments));
    if (is_numbered)
        snn_fold_mark(set);
    out->view = snn_view_whole(set);
    return out;
}

void snn_rt_data_set(struct snn_context *context, int32_t data, void *view, const char *place)
{
    struct snn_runtime *runtime = context->runtime;
    const struct snn_options *options = runtime->options;
    bool is_divided = false;

    context->data[data] = view;
    if (options->folds > 0)
        check(place, snn_fold_divide(view_of(view), options->fold, options->folds, &is_divided));
    runtime->has_folds |= is_divided;
    if (is_divided && runtime->is_trial)
        check(place, snn_fold_test(view_of(view).set, runtime->region));
}

void *snn_rt_data_pipe(struct snn_context *context, void *view, const char *operation, double x,
                       double y, const char *place)
{
    struct handle *out = new_handle(context);

    check(place, snn_view_pipe(&out->view, context->lane->region, view_of(view), operation, x, y));
    return out;
}

void snn_rt_stage_number(struct snn_context *context, double number)
{
    struct snn_lane *lane = context->lane;

    if (lane->number_count < SNN_STAGE_NUMBERS)
        lane->numbers[lane->number_count++] = number;
}

void *snn_rt_data_stage(struct snn_context *context, void *view, const char *name, int64_t key,
                        const char *place)
{
    struct handle *out = new_handle(context);
    double numbers[SNN_STAGE_NUMBERS];

    for (int i = 0; i < SNN_STAGE_NUMBERS; i++)
        numbers[i] = i < context->lane->number_count ? context->lane->numbers[i] : NAN;
    context->lane->number_count = 0;
    check(place, snn_view_event_stage(&out->view, context->lane->region, view_of(view), name,
                                      numbers, (uint64_t)key));
    return out;
}

void *snn_rt_data_split(struct snn_context *context, void *view, const char *split,
                        const char *place)
{
    struct handle *out = new_handle(context);

    check(place, snn_view_split(&out->view, context->lane->region, view_of(view), split));
    return out;
}

void *snn_rt_data_slice(struct snn_context *context, void *view, int64_t first, int64_t end,
                        const char *place)
{
    struct handle *out = new_handle(context);

    check(place, snn_view_slice(&out->view, context->lane->region, *loaded(context, view, place),
                                first, end));
    return out;
}

void *snn_rt_data_chunk(struct snn_context *context, void *view, int64_t first, int64_t end,
                        const char *place)
{
    struct handle *out = snn_rt_data_slice(context, view, first, end, place);

    out->is_chunk = context->lane->number == 0 && !context->lane->is_parallel;
    out->rest = snn_view_count(loaded(context, view, place)) - end;
    out->whole = ((struct handle *)view)->depth;
    return out;
}

void *snn_rt_data_shuffled(struct snn_context *context, void *view, int64_t key, const char *place)
{
    struct handle *out = new_handle(context);

    check(place, snn_view_shuffled(&out->view, context->lane->region, *loaded(context, view, place),
                                   (uint64_t)key));
    return out;
}

void *snn_rt_data_sample(struct snn_context *context, void *view, int64_t k, int64_t key,
                         const char *place)
{
    struct handle *out = new_handle(context);

    check(place, snn_view_draw(&out->view, context->lane->region, *loaded(context, view, place), k,
                               (uint64_t)key));
    return out;
}

void *snn_rt_data_every(struct snn_context *context, void *view, int64_t k, const char *place)
{
    struct handle *out = new_handle(context);

    check(place,
          snn_view_every(&out->view, context->lane->region, *loaded(context, view, place), k));
    return out;
}

void *snn_rt_data_where(struct snn_context *context, void *view, int32_t buffer, const char *place)
{
    struct handle *out = new_handle(context);
    int64_t count = snn_lane_count(context, buffer);

    check(place, snn_view_where(&out->view, context->lane->region, *loaded(context, view, place),
                                context->buffers[buffer], count));
    return out;
}

void *snn_rt_data_join(struct snn_context *context, void *a, void *b, const char *place)
{
    struct handle *out = new_handle(context);

    check(place, snn_view_join(&out->view, context->lane->region, *loaded(context, a, place),
                               *loaded(context, b, place)));
    return out;
}

void *snn_rt_data_divide(struct snn_context *context, void *view, const char *field,
                         void *arguments, const char *place)
{
    const struct snn_options *options = context->runtime->options;
    struct snn_division division = snn_division_read(field, arguments);
    struct handle *out = new_handle(context);

    division.run_fold = options->fold;
    division.run_folds = options->folds;
    check(place, snn_view_divide(&out->view, view_of(view), &division));
    return out;
}

int64_t snn_rt_data_count(struct snn_context *context, void *view, const char *place)
{
    return snn_view_count(loaded(context, view, place));
}

int64_t snn_rt_data_classes(struct snn_context *context, void *view, const char *place)
{
    int64_t classes = 0;

    (void)context;
    check(place, snn_dataset_classes(view_of(view).set, &classes));
    return classes;
}

/* The view with that sample in it. */
static struct snn_view *with_sample(struct snn_context *context, void *view, int64_t index,
                                    const char *place)
{
    struct snn_view *of = loaded(context, view, place);
    int64_t count = snn_view_count(of);

    if (index < 0 || index >= count)
        snn_panic("%s: data set '%s': sample %" PRId64 " was asked for, but there are %" PRId64,
                  place, snn_dataset_name(of->set), index, count);
    return of;
}

int64_t snn_rt_data_label(struct snn_context *context, void *view, int64_t index, const char *place)
{
    return snn_view_label(with_sample(context, view, index, place), index);
}

int64_t snn_rt_data_index(struct snn_context *context, void *view, int64_t index, const char *place)
{
    return snn_view_index(with_sample(context, view, index, place), index);
}

/* The field of that name; the compiler knows that there is one. */
static int field_of(const struct snn_view *view, const char *name)
{
    int field = snn_dataset_field(view->set, name);

    if (field < 0)
        snn_panic("data set '%s' has no field '%s'", snn_dataset_name(view->set), name);
    return field;
}

int64_t snn_rt_data_field(struct snn_context *context, void *view, int64_t index, const char *field,
                          const char *place)
{
    struct snn_view *of = with_sample(context, view, index, place);

    return snn_view_field(of, index, field_of(of, field));
}

const char *snn_rt_data_field_text(struct snn_context *context, void *view, int64_t index,
                                   const char *field, const char *place)
{
    struct snn_view *of = with_sample(context, view, index, place);
    int number = field_of(of, field);
    const char *text = snn_dataset_field_text(of->set, number, snn_view_field(of, index, number));

    return text ? text : "";
}

int64_t snn_rt_data_extent(struct snn_context *context, void *view, const char *axis)
{
    (void)context;
    return snn_dataset_extent(view_of(view).set, axis);
}

void snn_rt_data_present(struct snn_context *context, void *view, int64_t sample, int32_t buffer,
                         int64_t elements, const char *place)
{
    struct snn_view *of = with_sample(context, view, sample, place);

    check(place, snn_view_sample(of, sample, context->buffers[buffer], (size_t)elements));
}

int64_t snn_rt_data_inputs(struct snn_context *context, void *view)
{
    (void)context;
    return (int64_t)snn_dataset_sample_size(view_of(view).set);
}

double snn_rt_data_max_time(struct snn_context *context, void *view, const char *place)
{
    double time;

    (void)context;
    check(place, snn_dataset_max_time(view_of(view).set, &time));
    return time;
}

/* Events in bins are for steps of that width: others would spread them out or heap them up. */
void snn_rt_data_bins(struct snn_context *context, void *view, double step, const char *place)
{
    const struct snn_dataset *set = view_of(view).set;
    double bin = snn_dataset_bin(set);

    (void)context;
    if (bin > 0 && fabs(bin - step) > 1e-6 * step)
        snn_panic("%s: data set '%s': its events are in bins of %g, but a step of the network is "
                  "%g; make both the same",
                  place, snn_dataset_name(set), bin, step);
}

static struct snn_event_work *work_of(struct snn_context *context, const char *place)
{
    if (!context->lane->events) {
        context->lane->events = snn_event_work_create();
        check(place, context->lane->events ? 0 : -1);
    }
    return context->lane->events;
}

/* Made when it is first needed, by any lane. */
static struct snn_event_ahead *ahead_of(struct snn_runtime *runtime, const char *place)
{
    struct snn_event_ahead *ahead = atomic_load(&runtime->ahead), *other = NULL;

    if (ahead)
        return ahead;
    ahead = snn_event_ahead_create();
    check(place, ahead ? 0 : -1);
    if (atomic_compare_exchange_strong(&runtime->ahead, &other, ahead))
        return ahead;
    snn_event_ahead_destroy(ahead);
    return other;
}

/* The events of a sample, all of them; those of a batch are made ahead. */
static int get_events(struct snn_context *context, const struct handle *handle,
                      const struct snn_view *view, int64_t sample, struct snn_event_list *out,
                      const char *place)
{
    const struct snn_event_batch batch = { *view, handle->rest, handle->whole };
    const struct snn_event_list *list = snn_view_pixels(view, sample);
    struct snn_event_work *work = work_of(context, place);

    return list->stage && handle->is_chunk
               ? snn_event_ahead_get(ahead_of(context->runtime, place), &batch, sample, work, out)
               : snn_event_list_make(list, work, out);
}

int64_t snn_rt_data_events(struct snn_context *context, void *view, int64_t sample, int32_t indices,
                           int32_t times, int64_t inputs, double until, const char *place)
{
    struct snn_view *of = with_sample(context, view, sample, place);
    struct snn_event_list list = { 0 };
    double unit;
    float *out;

    if (snn_dataset_pixel(of->set) == SNN_PIXEL_EVENTS)
        check(place, get_events(context, view, of, sample, &list, place));
    check(place, snn_view_cut_events(of, (size_t)inputs, until, &list, &unit));
    snn_rt_reserve(context, indices, list.count);
    snn_rt_reserve(context, times, list.count);
    out = context->buffers[times];
    if (list.count > 0)
        memcpy(context->buffers[indices], list.index, (size_t)list.count * sizeof *list.index);
    if (unit == 1 && list.count > 0)
        memcpy(out, list.time, (size_t)list.count * sizeof *out);
    for (int64_t k = 0; unit != 1 && k < list.count; k++)
        out[k] = (float)(list.time[k] * unit);
    return list.count;
}

/* ---- texts */

const char *snn_rt_text_join(struct snn_context *context, const char *a, const char *b)
{
    size_t a_length = strlen(a), b_length = strlen(b);
    char *text = snn_region_alloc(context->lane->region, a_length + b_length + 1);

    memcpy(text, a, a_length);
    memcpy(text + a_length, b, b_length + 1);
    return text;
}

const char *snn_rt_text_number(struct snn_context *context, double value)
{
    return snn_format_number(snn_region_alloc(context->lane->region, SNN_NUMBER_BYTES),
                             snn_scale_number(context, value));
}

const char *snn_rt_text_integer(struct snn_context *context, int64_t value)
{
    char *text = snn_region_alloc(context->lane->region, SNN_NUMBER_BYTES);

    snprintf(text, SNN_NUMBER_BYTES, "%" PRId64, value);
    return text;
}

bool snn_rt_text_equal(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}
