/* SPDX-License-Identifier: MIT
 *
 * Stages that change where events happen: they need inputs that have a place.
 */
#include "data/event_stage.h"

#include <math.h>

#define DEGREES 57.29577951308232 /* in a radian */

/* Events that leave the picture are dropped. `place` is changed by `map`. */
static void map_places(const struct snn_event_stage *stage, struct snn_event_work *work,
                       void (*map)(struct snn_event_place *place, void *data), void *data)
{
    int64_t kept = 0;

    for (int64_t i = 0; i < work->count; i++) {
        struct snn_event event = work->events[i];
        struct snn_event_place place = snn_events_place(&stage->from, event.input);

        map(&place, data);
        if (place.y < 0 || place.y >= stage->to.height || place.x < 0 ||
            place.x >= stage->to.width || place.polarity >= stage->to.polarities)
            continue;
        event.input = snn_events_input(&stage->to, place);
        work->events[kept++] = event;
    }
    work->count = kept;
}

/* What all events of a sample have in common. */
struct movement {
    int64_t top, left; /* taken off */
    int64_t factor;    /* then divided by */
    bool merges, flips_x, flips_y, flips_polarity;
    const struct snn_event_shape *shape;
};

static void move(struct snn_event_place *place, void *data)
{
    const struct movement *movement = data;

    place->y -= movement->top;
    place->x -= movement->left;
    if (movement->factor > 1) {
        place->y /= movement->factor;
        place->x /= movement->factor;
    }
    if (movement->merges)
        place->polarity = 0;
    if (movement->flips_x)
        place->x = movement->shape->width - 1 - place->x;
    if (movement->flips_y)
        place->y = movement->shape->height - 1 - place->y;
    if (movement->flips_polarity)
        place->polarity = movement->shape->polarities - 1 - place->polarity;
}

/* Top, left, factor; also merges polarities if there are fewer afterwards. */
int snn_events_move(const struct snn_event_stage *stage, struct snn_event_work *work,
                    struct snn_random *random)
{
    struct movement movement = {
        .top = (int64_t)stage->numbers[0],
        .left = (int64_t)stage->numbers[1],
        .factor = (int64_t)stage->numbers[2],
        .merges = stage->to.polarities < stage->from.polarities,
    };

    (void)random;
    map_places(stage, work, move, &movement);
    return 0;
}

/* The size is that of the stage's result. */
int snn_events_random_crop(const struct snn_event_stage *stage, struct snn_event_work *work,
                           struct snn_random *random)
{
    struct movement movement = { .factor = 1 };

    movement.top =
        (int64_t)snn_random_below(random, (uint64_t)(stage->from.height - stage->to.height + 1));
    movement.left =
        (int64_t)snn_random_below(random, (uint64_t)(stage->from.width - stage->to.width + 1));
    map_places(stage, work, move, &movement);
    return 0;
}

/* All events of a sample, with the chance. */
static int flip(const struct snn_event_stage *stage, struct snn_event_work *work,
                struct snn_random *random, struct movement movement)
{
    movement.shape = &stage->to;
    if (snn_events_uniform(random) < stage->numbers[0])
        map_places(stage, work, move, &movement);
    return 0;
}

int snn_events_flip_x(const struct snn_event_stage *stage, struct snn_event_work *work,
                      struct snn_random *random)
{
    return flip(stage, work, random, (struct movement){ .flips_x = true });
}

int snn_events_flip_y(const struct snn_event_stage *stage, struct snn_event_work *work,
                      struct snn_random *random)
{
    return flip(stage, work, random, (struct movement){ .flips_y = true });
}

int snn_events_flip_polarity(const struct snn_event_stage *stage, struct snn_event_work *work,
                             struct snn_random *random)
{
    return flip(stage, work, random, (struct movement){ .flips_polarity = true });
}

/* About the middle of the picture. */
struct rotation {
    double cosine, sine, y, x;
};

static void rotate(struct snn_event_place *place, void *data)
{
    const struct rotation *rotation = data;
    double y = (double)place->y - rotation->y, x = (double)place->x - rotation->x;

    place->x = (int64_t)floor(rotation->x + rotation->cosine * x - rotation->sine * y + 0.5);
    place->y = (int64_t)floor(rotation->y + rotation->sine * x + rotation->cosine * y + 0.5);
}

/* Degrees: all events of a sample by an angle of at most as many, in either direction. */
int snn_events_random_rotation(const struct snn_event_stage *stage, struct snn_event_work *work,
                               struct snn_random *random)
{
    double angle = (2 * snn_events_uniform(random) - 1) * stage->numbers[0] / DEGREES;
    struct rotation rotation = { .cosine = cos(angle),
                                 .sine = sin(angle),
                                 .y = (double)(stage->from.height - 1) / 2,
                                 .x = (double)(stage->from.width - 1) / 2 };

    map_places(stage, work, rotate, &rotation);
    return 0;
}

/* y = a first + b second, x = c first: with the variances and the covariance that are wanted. */
struct jitter {
    double a, b, c;
    struct snn_random *random;
};

/* Towards zero, as whole numbers take what is stored in them. */
static void shake(struct snn_event_place *place, void *data)
{
    const struct jitter *jitter = data;
    double first = snn_events_normal(jitter->random), second = snn_events_normal(jitter->random);

    place->x = (int64_t)trunc((double)place->x + jitter->c * first);
    place->y = (int64_t)trunc((double)place->y + jitter->a * first + jitter->b * second);
}

/* Variance along x, along y, covariance. */
int snn_events_spatial_jitter(const struct snn_event_stage *stage, struct snn_event_work *work,
                              struct snn_random *random)
{
    double x = stage->numbers[0], y = stage->numbers[1], both = stage->numbers[2];
    struct jitter jitter = { .c = sqrt(x), .random = random };

    jitter.a = x > 0 ? both / jitter.c : 0;
    jitter.b = sqrt(fmax(y - jitter.a * jitter.a, 0));
    map_places(stage, work, shake, &jitter);
    return 0;
}
