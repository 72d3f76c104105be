/* SPDX-License-Identifier: MIT
 *
 * The stage `dropout`: each number that enters is left out with a chance, the others grow so that
 * the mean stays. It is one weight a place, the mask: 0 or 1 / (1 - chance) where the network
 * learns, 1 elsewhere. The mask is drawn when a presentation begins and holds for it, or is drawn
 * in each step. Draws are functions of sample and step, so that running a sample again gives the
 * same mask.
 */
#include "ir/lower_internal.h"

#include <math.h>

bool lower_is_dropout(const struct topology_stage *stage)
{
    return stage->builtin->id == BUILTIN_DROPOUT;
}

static bool draws_each_step(const struct topology_stage *stage)
{
    const struct expr *each_step = stage->expr->target->arguments[1];
    return each_step != NULL && constant_number(each_step->constant) != 0;
}

bool lower_drops_each_step(const struct lowered_connection *c)
{
    for (size_t i = 0; i < c->stage_count; i++)
        if (lower_is_dropout(c->stages[i].stage) && draws_each_step(c->stages[i].stage))
            return true;
    return false;
}

void lower_check_constant(struct lowering *l, const struct expr *e, int32_t constant, double low,
                          double high, const char *message)
{
    struct ir_builder saved = lower_enter(l, &l->setup);
    l->b.span = e->span;
    struct ir_node *value = lower_constant_leaf(l, constant, IR_F64);
    struct ir_node *is_within =
        ir_binary(&l->b, IR_AND, ir_binary(&l->b, IR_GE, value, ir_real(&l->b, IR_F64, low)),
                  ir_binary(&l->b, IR_LE, value, ir_real(&l->b, IR_F64, high)));
    struct ir_node *check = ir_if(&l->b, ir_unary(&l->b, IR_NOT, is_within));
    struct ir_builder outer = l->b;
    l->b.block = &check->branch.then_body;
    ir_call_rt(
        &l->b, IR_RT_snn_rt_panic, 2,
        (struct ir_node *[]){ ir_text(&l->b, lower_place(l, e->span)), ir_text(&l->b, message) });
    l->b = outer;
    lower_leave(l, &l->setup, saved);
}

void lower_dropout_buffers(struct lowering *l, const struct lowered_connection *c,
                           struct lowered_stage *stage)
{
    const struct expr *chance = stage->stage->expr->target->arguments[0];
    stage->chance = lower_real_entry(l, chance, arena_format(&l->c->arena, "%s.dropout", c->name));
    stage->mask = lower_buffer(l, arena_format(&l->c->arena, "%s.mask", c->name), SNN_FLOAT32,
                               SNN_BUFFER_LANE, stage->size);
    lower_check_constant(l, chance, stage->chance, 0, nextafter(1, 0),
                         "the chance of 'dropout' must be at least 0 and below 1");
}

static void draw_mask(struct lowering *l, const struct lowered_connection *c,
                      const struct lowered_stage *stage, struct ir_node *step)
{
    struct ir_builder outer = l->b;
    struct ir_node *chance = lower_constant_leaf(l, stage->chance, IR_F32);
    struct ir_node *one = ir_real(&l->b, IR_F32, 1);
    struct ir_node *scale = ir_binary(&l->b, IR_DIV, one, ir_binary(&l->b, IR_SUB, one, chance));
    struct ir_node *learns = lower_network_learns(l);
    struct ir_node *path = ir_leaf(&l->b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_PATH);
    struct ir_node *i = lower_open_range(l, arena_format(&l->c->arena, "%s.mask", c->name),
                                         lower_size_leaf(l, stage->size), true);
    int32_t site = lower_site(l, stage->stage->expr, "other", stage->stage->expr->span);
    struct ir_node *draw = ir_draw(&l->b, IR_UNIFORM, NULL, site, i, step, path);
    struct ir_node *drawn =
        ir_select(&l->b, ir_binary(&l->b, IR_LT, draw, chance), ir_real(&l->b, IR_F32, 0), scale);
    ir_store(&l->b, stage->mask, i, ir_select(&l->b, learns, drawn, one));
    l->b = outer;
}

void lower_begin_dropouts(struct lowering *l, const struct lowered_network *network)
{
    for (size_t i = 0; i < network->network->connections.count; i++) {
        const struct lowered_connection *c = &network->connections[i];
        for (size_t k = 0; k < c->stage_count; k++)
            if (lower_is_dropout(c->stages[k].stage) && !draws_each_step(c->stages[k].stage))
                draw_mask(l, c, &c->stages[k], ir_integer(&l->b, 0));
    }
}

void lower_step_dropout(struct lowering *l, const struct lowered_connection *c,
                        const struct lowered_stage *stage, struct ir_node *step)
{
    if (!lower_is_dropout(stage->stage) || !draws_each_step(stage->stage))
        return;
    if (step == NULL)
        step = ir_leaf(&l->b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_STEP);
    draw_mask(l, c, stage, step);
}
