/* SPDX-License-Identifier: MIT
 *
 * A few batches are kept, the least recently used of them gives way. A sample is made once, by the
 * first who wants it, outside of the lock: a worker that computes the batch, or the thread that
 * runs ahead. The memory of a batch that somebody uses stays.
 */
#include "data/event_ahead.h"

#include "error.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { BATCHES = 4 }; /* kept: those of two sets that are presented together, and their next ones */

enum state { SAMPLE_MISSING, SAMPLE_TAKEN, SAMPLE_MADE };

struct sample {
    enum state state;
    int32_t *index;
    float *time;
    int64_t count;
};

struct slot {
    struct snn_event_batch batch;
    struct sample *samples; /* [batch.view.count]; NULL: the slot is free */
    int users;              /* threads inside */
    bool is_ahead;          /* to be made before it is asked for */
    bool has_begun;         /* has been asked for */
    uint64_t used;          /* clock of its last use */
};

struct snn_event_ahead {
    pthread_mutex_t lock;
    pthread_cond_t change; /* of a sample's state, a slot's users, or what is to be done */
    pthread_t thread;
    bool has_thread, is_ending;
    struct slot slots[BATCHES];
    uint64_t clock;
};

struct snn_event_ahead *snn_event_ahead_create(void)
{
    struct snn_event_ahead *ahead = calloc(1, sizeof *ahead);

    if (!ahead) {
        snn_error_set("out of memory for batches of events");
        return NULL;
    }
    pthread_mutex_init(&ahead->lock, NULL);
    pthread_cond_init(&ahead->change, NULL);
    return ahead;
}

/* ---- slots; under the lock */

static void empty(struct slot *slot)
{
    for (int64_t i = 0; slot->samples && i < slot->batch.view.count; i++) {
        free(slot->samples[i].index);
        free(slot->samples[i].time);
    }
    free(slot->samples);
    *slot = (struct slot){ 0 };
}

static struct slot *find(struct snn_event_ahead *ahead, const struct snn_view *view)
{
    for (int k = 0; k < BATCHES; k++) {
        struct slot *slot = &ahead->slots[k];
        const struct snn_view *own = &slot->batch.view;

        if (slot->samples && own->samples == view->samples && own->part == view->part &&
            own->first == view->first && own->count == view->count)
            return slot;
    }
    return NULL;
}

/* A slot for the batch, in place of the least recently used one; NULL if all are in use or there is
 * no memory, and the samples are made without. */
static struct slot *open_slot(struct snn_event_ahead *ahead, const struct snn_event_batch *batch)
{
    struct slot *slot = NULL;

    for (int k = 0; k < BATCHES; k++)
        if (ahead->slots[k].users == 0 && (!slot || ahead->slots[k].used < slot->used))
            slot = &ahead->slots[k];
    if (!slot)
        return NULL;
    empty(slot);
    slot->samples = calloc((size_t)batch->view.count, sizeof *slot->samples);
    slot->batch = *batch;
    slot->used = ++ahead->clock;
    return slot->samples ? slot : NULL;
}

/* ---- samples */

/* Lists of no events may have no arrays. */
static void copy_array(void *to, const void *from, int64_t count, size_t size)
{
    if (count > 0)
        memcpy(to, from, (size_t)count * size);
}

static bool keep(struct sample *sample, const struct snn_event_list *list)
{
    size_t count = (size_t)list->count;

    sample->index = malloc(count * sizeof *sample->index + 1);
    sample->time = malloc(count * sizeof *sample->time + 1);
    if (!sample->index || !sample->time) {
        free(sample->index);
        free(sample->time);
        sample->index = NULL;
        sample->time = NULL;
        return false;
    }
    copy_array(sample->index, list->index, list->count, sizeof *sample->index);
    copy_array(sample->time, list->time, list->count, sizeof *sample->time);
    sample->count = list->count;
    return true;
}

/* Makes a missing sample, giving up the lock meanwhile; *out is what was made. */
static int make(struct snn_event_ahead *ahead, struct slot *slot, int64_t i,
                struct snn_event_work *work, struct snn_event_list *out)
{
    struct sample *sample = &slot->samples[i];
    const struct snn_event_list *list = snn_view_pixels(&slot->batch.view, i);
    int status;

    sample->state = SAMPLE_TAKEN;
    pthread_mutex_unlock(&ahead->lock);
    status = snn_event_list_make(list, work, out);
    pthread_mutex_lock(&ahead->lock);
    sample->state = status == 0 && keep(sample, out) ? SAMPLE_MADE : SAMPLE_MISSING;
    pthread_cond_broadcast(&ahead->change);
    return status;
}

static int copy(const struct sample *sample, struct snn_event_work *work,
                struct snn_event_list *out)
{
    if (snn_event_work_reserve(work, sample->count) < 0)
        return -1;
    copy_array(work->index, sample->index, sample->count, sizeof *work->index);
    copy_array(work->time, sample->time, sample->count, sizeof *work->time);
    *out =
        (struct snn_event_list){ .index = work->index, .time = work->time, .count = sample->count };
    return 0;
}

/* ---- the thread */

/* A batch with samples to be made ahead, and the first of these. */
static struct slot *find_work(struct snn_event_ahead *ahead, int64_t *sample)
{
    for (int k = 0; k < BATCHES; k++) {
        struct slot *slot = &ahead->slots[k];

        for (int64_t i = 0; slot->is_ahead && i < slot->batch.view.count; i++)
            if (slot->samples[i].state == SAMPLE_MISSING) {
                *sample = i;
                return slot;
            }
        slot->is_ahead = false;
    }
    return NULL;
}

static void *run_ahead(void *data)
{
    struct snn_event_ahead *ahead = data;
    struct snn_event_work *work = snn_event_work_create();
    struct snn_event_list made;
    int64_t sample = 0;

    pthread_mutex_lock(&ahead->lock);
    while (work && !ahead->is_ending) {
        struct slot *slot = find_work(ahead, &sample);

        if (!slot) {
            pthread_cond_wait(&ahead->change, &ahead->lock);
            continue;
        }
        slot->users++;
        if (make(ahead, slot, sample, work, &made) < 0)
            slot->is_ahead = false; /* who asks for it will say why */
        slot->users--;
        pthread_cond_broadcast(&ahead->change);
    }
    pthread_mutex_unlock(&ahead->lock);
    snn_event_work_destroy(work);
    return NULL;
}

/* The batch is asked for, for the first time: begins with the one behind it. */
static void begin(struct snn_event_ahead *ahead, const struct slot *slot)
{
    struct snn_event_batch next = slot->batch;
    struct slot *other;

    if (next.rest <= 0)
        return;
    if (next.view.samples)
        next.view.samples += next.view.count;
    else
        next.view.first += next.view.count;
    next.view.count = next.rest < next.view.count ? next.rest : next.view.count;
    next.rest -= next.view.count;
    if (find(ahead, &next.view))
        return;
    if (!ahead->has_thread)
        ahead->has_thread = pthread_create(&ahead->thread, NULL, run_ahead, ahead) == 0;
    other = ahead->has_thread ? open_slot(ahead, &next) : NULL;
    if (other) {
        other->is_ahead = true;
        pthread_cond_broadcast(&ahead->change);
    }
}

/* ---- what batches ask for */

int snn_event_ahead_get(struct snn_event_ahead *ahead, const struct snn_event_batch *batch,
                        int64_t i, struct snn_event_work *work, struct snn_event_list *out)
{
    struct slot *slot;
    int status;

    pthread_mutex_lock(&ahead->lock);
    slot = find(ahead, &batch->view);
    if (!slot)
        slot = open_slot(ahead, batch);
    if (!slot) {
        pthread_mutex_unlock(&ahead->lock);
        return snn_event_list_make(snn_view_pixels(&batch->view, i), work, out);
    }
    slot->users++;
    slot->used = ++ahead->clock;
    if (!slot->has_begun) {
        slot->has_begun = true;
        begin(ahead, slot);
    }
    while (slot->samples[i].state == SAMPLE_TAKEN)
        pthread_cond_wait(&ahead->change, &ahead->lock);
    status = slot->samples[i].state == SAMPLE_MADE ? copy(&slot->samples[i], work, out)
                                                   : make(ahead, slot, i, work, out);
    slot->users--;
    pthread_cond_broadcast(&ahead->change);
    pthread_mutex_unlock(&ahead->lock);
    return status;
}

void snn_event_ahead_release(struct snn_event_ahead *ahead, int64_t mark)
{
    pthread_mutex_lock(&ahead->lock);
    for (int k = 0; k < BATCHES; k++) {
        struct slot *slot = &ahead->slots[k];

        if (!slot->samples || slot->batch.depth <= mark)
            continue;
        slot->is_ahead = false;
        while (slot->users > 0)
            pthread_cond_wait(&ahead->change, &ahead->lock);
        empty(slot);
    }
    pthread_mutex_unlock(&ahead->lock);
}

void snn_event_ahead_destroy(struct snn_event_ahead *ahead)
{
    if (!ahead)
        return;
    pthread_mutex_lock(&ahead->lock);
    ahead->is_ending = true;
    pthread_cond_broadcast(&ahead->change);
    pthread_mutex_unlock(&ahead->lock);
    if (ahead->has_thread)
        pthread_join(ahead->thread, NULL);
    for (int k = 0; k < BATCHES; k++)
        empty(&ahead->slots[k]);
    pthread_mutex_destroy(&ahead->lock);
    pthread_cond_destroy(&ahead->change);
    free(ahead);
}
