/* SPDX-License-Identifier: MIT
 *
 * Values that are computed in a segment and used outside of it: each becomes a variable, which is
 * saved and read back, so that the segment can be passed by.
 */
#include "passes/resume.h"

/* Where a use is: the segment (0: none), and the node before which a variable may be read for it.
 */
struct place {
    struct resume *r;
    int32_t segment;
    struct ir_block *block;
    struct ir_node *before;
    struct ir_node **variables; /* [old_count], of values; null: not used outside */
    struct ir_node **reads;     /* [old_count], the last ones made, */
    struct ir_node **read_at;   /* before which node */
};

static void keep_value(struct place *p, struct ir_node *value)
{
    struct ir_node *variable = resume_variable(p->r, value->name, value->type);
    struct ir_node *segment = p->r->segment_ifs.items[p->r->segments[value->id] - 1];
    struct ir_builder b =
        resume_builder(p->r, &segment->branch.then_body, value->next, value->span);
    ir_set(&b, variable, value);
    p->variables[value->id] = variable;
}

static void look_at_use(struct ir_node **use, void *data)
{
    struct place *p = data;
    struct ir_node *value = *use;
    int32_t id = value->id;
    if (id >= p->r->old_count || p->r->segments[id] == 0 || p->r->segments[id] == p->segment)
        return;
    if (p->variables[id] == NULL)
        keep_value(p, value);
    if (p->reads[id] == NULL || p->read_at[id] != p->before) {
        struct ir_builder b = resume_builder(p->r, p->block, p->before, p->before->span);
        p->reads[id] = ir_get(&b, p->variables[id]);
        p->read_at[id] = p->before;
    }
    *use = p->reads[id];
}

static void look_inside(struct ir_block *block, void *data)
{
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        ir_for_each_use(node, look_at_use, data);
        ir_for_each_block(node, look_inside, data);
    }
}

static void look_at_block(struct ir_block *block, void *data);

static void look_at_segment(struct place *p, struct ir_node *branch, int32_t segment)
{
    p->segment = segment;
    p->block = &branch->branch.then_body;
    for (struct ir_node *node = p->block->first; node != NULL; node = node->next) {
        p->before = node;
        ir_for_each_use(node, look_at_use, p);
        ir_for_each_block(node, look_inside, p);
    }
    p->segment = 0;
}

static int32_t segment_of(const struct resume *r, const struct ir_node *branch)
{
    for (size_t k = 0; k < r->segment_ifs.count; k++)
        if (r->segment_ifs.items[k] == branch)
            return (int32_t)k + 1;
    return 0;
}

static bool is_guard(const struct resume *r, const struct ir_node *branch)
{
    for (size_t k = 0; k < r->guards.count; k++)
        if (r->guards.items[k] == branch)
            return true;
    return false;
}

/* A block that is not within a segment, in a carrier or the function itself. */
static void look_at_block(struct ir_block *block, void *data)
{
    struct place *p = data;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        int32_t segment = segment_of(p->r, node);
        bool is_carrier = node->id < p->r->old_count && p->r->carriers[node->id] != NULL;
        if (segment != 0) {
            look_at_segment(p, node, segment);
            continue;
        }
        p->block = block;
        p->before = node;
        ir_for_each_use(node, look_at_use, p);
        if (is_carrier || is_guard(p->r, node))
            ir_for_each_block(node, look_at_block, p);
        else
            ir_for_each_block(node, look_inside, p);
    }
}

void resume_keep_values(struct resume *r)
{
    size_t count = (size_t)r->old_count + 1;
    struct place place = { .r = r };
    place.variables = arena_alloc_array(&r->c->arena, count, sizeof(struct ir_node *));
    place.reads = arena_alloc_array(&r->c->arena, count, sizeof(struct ir_node *));
    place.read_at = arena_alloc_array(&r->c->arena, count, sizeof(struct ir_node *));
    look_at_block(&r->function->body, &place);
}
