/* SPDX-License-Identifier: MIT
 *
 * What the values of a network's layers are at a place of a task: those of its state, or, after a
 * batch was presented, those of all samples. Each network has its own until it is presented to
 * again; a block, or a called function, that changes it leaves values that nobody may read.
 */
#include "semantics/check.h"

enum shown_how shown_of(const struct shown *shown, const struct network *network)
{
    for (; shown != NULL; shown = shown->older)
        if (shown->network == network)
            return shown->how;
    return SHOWN_STATE;
}

void shown_set(struct checker *k, struct network *network, enum shown_how how)
{
    if (network == NULL || shown_of(k->body->shown, network) == how)
        return;
    struct shown *shown = arena_new(k->arena, struct shown);
    *shown = (struct shown){ network, how, k->body->shown };
    k->body->shown = shown;
}

bool shown_equal(const struct shown *a, const struct shown *b)
{
    for (const struct shown *s = a; s != NULL; s = s->older)
        if (shown_of(a, s->network) != shown_of(b, s->network))
            return false;
    for (const struct shown *s = b; s != NULL; s = s->older)
        if (shown_of(a, s->network) != shown_of(b, s->network))
            return false;
    return true;
}

void shown_leave(struct checker *k, const struct shown *inner, const struct shown *outer)
{
    k->body->shown = outer;
    for (const struct shown *s = inner; s != NULL; s = s->older) {
        enum shown_how how = shown_of(inner, s->network);
        if (how == shown_of(outer, s->network))
            continue;
        bool is_batch = how == SHOWN_BATCH || how == SHOWN_LEFT_BATCH;
        shown_set(k, s->network, is_batch ? SHOWN_LEFT_BATCH : SHOWN_LEFT);
    }
}
