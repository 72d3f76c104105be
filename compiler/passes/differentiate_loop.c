/* SPDX-License-Identifier: MIT
 *
 * Adjoints of structured code. A loop is run through from its end; one whose iterations are
 * independent stays so where each of them adds to places of its own.
 */
#include "passes/differentiate.h"

/* ---- is there anything to do? ---- */

static bool is_wanted(struct reversal *r, const struct ir_node *node);

static bool has_wanted(struct reversal *r, const struct ir_block *block)
{
    for (const struct ir_node *node = block->first; node != NULL; node = node->next)
        if (is_wanted(r, node))
            return true;
    return false;
}

static bool has_adjoint(const struct reversal *r, int32_t buffer)
{
    return r->program->buffers[buffer].adjoint >= 0;
}

bool reverse_is_wanted_store(struct reversal *r, const struct ir_node *node)
{
    const struct ir_buffer *buffer = &r->program->buffers[node->payload.index];
    if (r->is_in_place && buffer->kind == SNN_BUFFER_SHARED)
        return false; /* of the batch: its runs have their own way back */
    bool is_emptied = !buffer->is_record && node->payload.index < r->buffer_count &&
                      r->varied[node->payload.index];
    return has_adjoint(r, node->payload.index) &&
           (is_emptied || reverse_is_varied(r, node->operands[1]));
}

static bool is_wanted(struct reversal *r, const struct ir_node *node)
{
    if (node->is_given)
        return false;
    switch (node->kind) {
    case IR_NODE_INSTR:
        if (node->op == IR_STORE)
            return reverse_is_wanted_store(r, node);
        if (node->op == IR_VAR_SET)
            return reverse_facts(r, node->payload.node)->var != NULL;
        return false;
    case IR_NODE_LOOP: return has_wanted(r, &node->loop.body);
    case IR_NODE_IF:
        return has_wanted(r, &node->branch.then_body) || has_wanted(r, &node->branch.else_body);
    case IR_NODE_BLOCK: return has_wanted(r, &node->block.body);
    case IR_NODE_WHILE: return has_wanted(r, &node->loop_while.body);
    case IR_NODE_PROPAGATE:
        return has_adjoint(r, r->program->connections[node->propagate.connection].target);
    default: return false;
    }
}

void reverse_refuse(struct reversal *r, const struct ir_node *node, const char *error,
                    const char *hint)
{
    if (!is_wanted(r, node))
        return;
    diag_error(r->c, node->span, "%s", error);
    diag_hint(r->c, "%s", hint);
}

static void find_jump(struct ir_block *block, void *data)
{
    const struct ir_node **jump = data;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        if (node->kind == IR_NODE_BREAK || node->kind == IR_NODE_CONTINUE)
            *jump = node;
        ir_for_each_block(node, find_jump, data);
    }
}

/* ---- do iterations add to places of their own? ---- */

static bool uses_index(const struct ir_node *node, const struct ir_node *index)
{
    if (node == index)
        return true;
    for (int32_t k = 0; node->kind == IR_NODE_INSTR && k < node->operand_count; k++)
        if (uses_index(node->operands[k], index))
            return true;
    return false;
}

/* A sum in which the index itself is one term and the others have nothing to do with it. */
static bool is_own_place(const struct ir_node *place, const struct ir_node *index)
{
    if (place == index)
        return true;
    if (place->kind != IR_NODE_INSTR || place->op != IR_ADD)
        return false;
    const struct ir_node *a = place->operands[0], *b = place->operands[1];
    return (is_own_place(a, index) && !uses_index(b, index)) ||
           (is_own_place(b, index) && !uses_index(a, index));
}

struct place_search {
    struct reversal *r;
    const struct ir_node *loop; /* or reduction */
    const struct ir_node *index;
    bool is_own;
};

/* Is a node defined outside of the loop? */
static bool is_outside(struct place_search *s, const struct ir_node *node)
{
    const struct node_facts *facts = reverse_facts(s->r, node);
    if (facts->block == NULL)
        return false;
    for (const struct ir_node *owner = facts->owner; owner != NULL;
         owner = reverse_facts(s->r, owner)->owner)
        if (owner == s->loop)
            return false;
    return true;
}

static void search_use(struct ir_node **use, void *data)
{
    struct place_search *s = data;
    if (reverse_is_varied(s->r, *use) && is_outside(s, *use))
        s->is_own = false;
}

static void search_places(struct ir_block *block, void *data)
{
    struct place_search *s = data;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        ir_for_each_use(node, search_use, s);
        if (node->kind == IR_NODE_INSTR && node->op == IR_VAR_GET &&
            reverse_is_varied(s->r, node) && is_outside(s, node->payload.node))
            s->is_own = false;
        if (node->kind == IR_NODE_INSTR && node->op == IR_LOAD && reverse_is_varied(s->r, node) &&
            !is_own_place(node->operands[0], s->index))
            s->is_own = false;
        if (node->kind == IR_NODE_PROPAGATE)
            s->is_own = false;
        ir_for_each_block(node, search_places, s);
    }
}

static bool stays_independent(struct reversal *r, const struct ir_node *loop)
{
    struct place_search search = { r, loop, loop->loop.index, loop->loop.is_independent };
    struct ir_block body = loop->loop.body;
    search_places(&body, &search);
    return search.is_own;
}

static bool gives_to_own_places(struct reversal *r, const struct ir_node *reduce)
{
    struct place_search search = { r, reduce, reduce->reduce.index, true };
    struct ir_node *key = reduce->reduce.keys[0];
    struct ir_block body = reduce->reduce.body;
    search_use(&key, &search);
    search_places(&body, &search);
    return search.is_own;
}

/* ---- variables that an iteration leaves to the next one ---- */

static bool mark_useful(struct reversal *r, struct ir_node *node)
{
    struct node_facts *facts = reverse_facts(r, node);
    bool is_new = facts->is_varied && !facts->is_useful;
    facts->is_useful = facts->is_useful || is_new;
    return is_new;
}

static bool mark_useful_buffer(struct reversal *r, int32_t buffer)
{
    bool is_new =
        buffer >= 0 && buffer < r->buffer_count && r->varied[buffer] && !r->useful[buffer];
    if (is_new)
        r->useful[buffer] = true;
    return is_new;
}

static bool is_useful_buffer(const struct reversal *r, int32_t buffer)
{
    return has_adjoint(r, buffer) || (buffer < r->buffer_count && r->useful[buffer]);
}

static bool find_useful(struct reversal *r, const struct ir_block *block);

static bool find_useful_in(struct reversal *r, struct ir_node *node)
{
    bool is_new = false;
    if (node->is_given)
        return false;
    switch (node->kind) {
    case IR_NODE_INSTR:
        if (node->op == IR_STORE)
            return is_useful_buffer(r, node->payload.index) && mark_useful(r, node->operands[1]);
        if (node->op == IR_VAR_SET) {
            struct node_facts *var = reverse_facts(r, node->payload.node);
            return (var->is_useful || var->var != NULL) && mark_useful(r, node->operands[0]);
        }
        if (!reverse_facts(r, node)->is_useful)
            return false;
        if (node->op == IR_VAR_GET)
            return mark_useful(r, node->payload.node);
        if (node->op == IR_LOAD)
            return mark_useful_buffer(r, node->payload.index);
        if (node->op == IR_VAR)
            return mark_useful(r, node->operands[0]);
        for (int32_t k = 0; k < node->operand_count; k++)
            is_new = mark_useful(r, node->operands[k]) || is_new;
        return is_new;
    case IR_NODE_LOOP: return find_useful(r, &node->loop.body);
    case IR_NODE_REDUCE:
        if (reverse_facts(r, node)->is_useful)
            is_new = mark_useful(r, node->reduce.keys[0]);
        return find_useful(r, &node->reduce.body) || is_new;
    case IR_NODE_IF:
        is_new = find_useful(r, &node->branch.then_body);
        return find_useful(r, &node->branch.else_body) || is_new;
    case IR_NODE_PROPAGATE: {
        const struct ir_connection *c = &r->program->connections[node->propagate.connection];
        return is_useful_buffer(r, c->target) &&
               mark_useful_buffer(r, c->values >= 0 ? c->values : c->flags);
    }
    default: return false;
    }
}

static bool find_useful(struct reversal *r, const struct ir_block *block)
{
    bool is_new = false;
    for (struct ir_node *node = block->last; node != NULL; node = node->previous)
        is_new = find_useful_in(r, node) || is_new;
    return is_new;
}

static void declare_adjoints(struct ir_block *block, void *data)
{
    struct reversal *r = data;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        if (node->kind == IR_NODE_INSTR && node->op == IR_VAR_SET &&
            reverse_facts(r, node->payload.node)->is_useful)
            reverse_variable(r, node->payload.node); /* of outer variables; others have no scope */
        ir_for_each_block(node, declare_adjoints, data);
    }
}

/* What the body gives to a variable or a state before it has set it belongs to what the iteration
 * before has set. */
static void find_carried(struct reversal *r, const struct ir_node *loop)
{
    struct ir_block body = loop->loop.body;
    while (find_useful(r, &body))
        continue;
    declare_adjoints(&body, r);
    for (int32_t k = 0; k < r->buffer_count; k++)
        if (r->useful[k])
            reverse_adjoint(r, k);
}

/* ---- loops ---- */

static struct ir_node *open_reverse(struct reversal *r, const struct ir_node *node, bool is_forward)
{
    struct ir_node *low = reverse_primal(r, node->loop.low);
    struct ir_node *high = reverse_primal(r, node->loop.high);
    const char *name =
        node->name != NULL ? arena_format(&r->c->arena, "%s.reverse", node->name) : NULL;
    struct ir_node *loop = ir_loop(&r->b, name, low, high, is_forward);
    r->b.block = &loop->loop.body;
    r->b.before = NULL;
    return loop;
}

void reverse_loop(struct reversal *r, struct ir_node *node)
{
    if (!is_wanted(r, node))
        return;
    if (node->loop.events >= 0) {
        diag_error(r->c, node->span, "no derivative of a loop over events is known");
        return;
    }
    const struct ir_node *jump = NULL;
    ir_for_each_block(node, find_jump, (void *)&jump);
    if (jump != NULL) {
        diag_error(r->c, jump->span, "no derivative of a loop that is left here is known");
        diag_hint(r->c, "put what it would leave out in an 'if'");
        return;
    }
    struct ir_builder outer = r->b;
    struct reverse_scope scope;
    bool is_independent = stays_independent(r, node);
    r->b.span = node->span;
    if (!is_independent)
        find_carried(r, node);
    struct ir_node *loop = open_reverse(r, node, is_independent);
    reverse_open(r, &scope, &node->loop.body, &loop->loop.body);
    struct ir_node *index = loop->loop.index;
    if (!is_independent) {
        struct ir_node *last = ir_binary(&r->b, IR_SUB, loop->loop.high, ir_integer(&r->b, 1));
        index = ir_binary(&r->b, IR_SUB, ir_binary(&r->b, IR_ADD, last, loop->loop.low), index);
    }
    reverse_set_primal(r, node->loop.index, index);
    reverse_block(r, &node->loop.body);
    reverse_close(r, &scope);
    r->b = outer;
}

/* ---- reductions ---- */

/* A sum gives g to each element, the largest or smallest element gets all of it: the first of
 * equal ones. */
void reverse_reduce(struct reversal *r, struct ir_node *node, struct ir_node *g)
{
    struct reverse_scope scope;
    bool is_sum = node->reduce.reduction == IR_REDUCE_SUM;
    r->b.span = node->span;
    if (node->reduce.reduction == IR_REDUCE_PRODUCT) {
        diag_error(r->c, node->span, "no derivative of a product of many is known");
        return;
    }
    struct ir_node *low = reverse_primal(r, node->reduce.low);
    struct ir_node *high = reverse_primal(r, node->reduce.high);
    struct ir_node *result = is_sum ? NULL : reverse_primal(r, node);
    struct ir_node *found = is_sum ? NULL : ir_var(&r->b, "found", ir_bool(&r->b, false));
    struct ir_builder outer = r->b;
    struct ir_node *loop =
        ir_loop(&r->b, "reduce.reverse", low, high, is_sum && gives_to_own_places(r, node));
    r->b.block = &loop->loop.body;
    r->b.before = NULL;
    reverse_open(r, &scope, &node->reduce.body, &loop->loop.body);
    reverse_set_primal(r, node->reduce.index, loop->loop.index);
    struct ir_node *condition =
        node->reduce.condition != NULL ? reverse_primal(r, node->reduce.condition) : NULL;
    if (!is_sum) {
        struct ir_node *is_it =
            ir_binary(&r->b, IR_EQ, reverse_primal(r, node->reduce.keys[0]), result);
        is_it = ir_binary(&r->b, IR_AND, is_it, ir_unary(&r->b, IR_NOT, ir_get(&r->b, found)));
        condition = condition != NULL ? ir_binary(&r->b, IR_AND, condition, is_it) : is_it;
    }
    if (condition != NULL) {
        struct ir_node *branch = ir_if(&r->b, condition);
        r->b.block = &branch->branch.then_body;
        scope.target = r->b.block;
        scope.marker = ir_integer(&r->b, 0);
        if (!is_sum)
            ir_set(&r->b, found, ir_bool(&r->b, true));
    }
    reverse_add(r, node->reduce.keys[0], g);
    reverse_block(r, &node->reduce.body);
    reverse_close(r, &scope);
    r->b = outer;
}

/* ---- branches ---- */

static void reverse_branch(struct reversal *r, const struct ir_block *source,
                           struct ir_block *target)
{
    struct reverse_scope scope;
    struct ir_builder outer = r->b;
    r->b.block = target;
    r->b.before = NULL;
    reverse_open(r, &scope, source, target);
    reverse_block(r, source);
    reverse_close(r, &scope);
    r->b = outer;
}

void reverse_if(struct reversal *r, struct ir_node *node)
{
    if (!is_wanted(r, node))
        return;
    struct ir_node *branch = ir_if(&r->b, reverse_primal(r, node->branch.condition));
    reverse_branch(r, &node->branch.then_body, &branch->branch.then_body);
    reverse_branch(r, &node->branch.else_body, &branch->branch.else_body);
}

/* ---- propagations ---- */

static bool stores_to(const struct ir_block *block, int32_t buffer)
{
    for (const struct ir_node *node = block->first; node != NULL; node = node->next) {
        if (node->kind == IR_NODE_INSTR && node->op == IR_STORE && node->payload.index == buffer)
            return true;
        if (node->kind == IR_NODE_LOOP && stores_to(&node->loop.body, buffer))
            return true;
    }
    return false;
}

static void source_again(struct reversal *r, struct ir_node *node, const struct ir_connection *c);
static void mask_again(struct reversal *r, struct ir_node *node, const struct ir_connection *c);

/* What the forward code before `node` has put into a buffer that is made anew in each step: first
 * written by a loop, then added to. */
static void written_again(struct reversal *r, struct ir_node *node, int32_t buffer)
{
    if (node == NULL)
        return;
    bool is_loop = node->kind == IR_NODE_LOOP && stores_to(&node->loop.body, buffer);
    if (!is_loop)
        written_again(r, node->previous, buffer);
    if (is_loop)
        reverse_clone(r, node);
    if (node->kind != IR_NODE_PROPAGATE)
        return;
    const struct ir_connection *c = &r->program->connections[node->propagate.connection];
    if (c->target != buffer)
        return;
    mask_again(r, node, c);
    source_again(r, node, c);
    reverse_clone(r, node);
}

/* Weights that are made anew in each step. */
static void mask_again(struct reversal *r, struct ir_node *node, const struct ir_connection *c)
{
    if (c->weight >= 0 && r->program->buffers[c->weight].kind == SNN_BUFFER_LANE)
        written_again(r, node->previous, c->weight);
}

static struct ir_node *list_of(struct ir_node *node, const struct ir_connection *c)
{
    while (node != NULL && !(node->kind == IR_NODE_COMPACT && node->compact.list == c->spikes))
        node = node->previous;
    return node;
}

/* The loop that has written a buffer last. */
static const struct ir_node *writer_of(const struct ir_node *node, int32_t buffer)
{
    while (node != NULL && !(node->kind == IR_NODE_LOOP && stores_to(&node->loop.body, buffer)))
        node = node->previous;
    return node;
}

/* The forward code lays out what a connection sends right before: flags and their list, numbers, or
 * numbers with flags beside them; all of them only where they are not there for the whole
 * presentation. */
static void source_again(struct reversal *r, struct ir_node *node, const struct ir_connection *c)
{
    if (c->values >= 0)
        written_again(r, node->previous, c->values);
    if (c->values >= 0 && !c->is_graded)
        return;
    struct ir_node *compact = list_of(node->previous, c);
    if (compact == NULL)
        return;
    bool is_with_values = c->values >= 0 && writer_of(compact->previous, compact->compact.flags) ==
                                                writer_of(compact->previous, c->values);
    if (!is_with_values)
        written_again(r, compact->previous, compact->compact.flags);
    reverse_clone(r, compact);
}

/* To the derivatives by weights, where this run is for them. */
static void give_weights(struct reversal *r, const struct ir_node *node, struct ir_node *base,
                         struct ir_node *steps)
{
    const struct ir_connection *c = &r->program->connections[node->propagate.connection];
    int32_t gate = r->program->buffers[c->weight].adjoint_gate;
    struct ir_builder outer = r->b;
    if (gate >= 0) {
        struct ir_node *zero = ir_integer(&r->b, 0);
        struct ir_node *branch =
            ir_if(&r->b, ir_binary(&r->b, IR_EQ, ir_load(&r->b, gate, zero), zero));
        r->b.block = &branch->branch.then_body;
        r->b.before = NULL;
    }
    if (steps != NULL)
        ir_propagate_steps(&r->b, node->propagate.connection, IR_PROPAGATE_OUTER, steps);
    else
        ir_propagate(&r->b, node->propagate.connection, IR_PROPAGATE_OUTER, base);
    r->b = outer;
}

void reverse_propagate(struct reversal *r, struct ir_node *node)
{
    if (!is_wanted(r, node))
        return;
    const struct ir_connection *c = &r->program->connections[node->propagate.connection];
    int32_t source = c->values >= 0 ? c->values : c->flags;
    bool has_gradient = c->weight >= 0 && has_adjoint(r, c->weight);
    bool is_varied = source >= 0 && source < r->buffer_count && r->varied[source];
    struct ir_node *base =
        node->propagate.base != NULL ? reverse_primal(r, node->propagate.base) : NULL;
    if (node->propagate.steps != NULL) {
        struct ir_node *steps = reverse_primal(r, node->propagate.steps);
        if (has_gradient)
            give_weights(r, node, NULL, steps);
        if (is_varied) {
            reverse_adjoint(r, source);
            ir_propagate_steps(&r->b, node->propagate.connection, IR_PROPAGATE_TRANSPOSE, steps);
        }
        return;
    }
    bool has_winners = c->back != NULL && c->back->winners >= 0;
    bool needs_winners = is_varied && has_winners && node->propagate.base == NULL;
    if (has_gradient || needs_winners || (is_varied && c->topology == IR_MAX_POOL && !has_winners))
        source_again(r, node, c);
    if (needs_winners)
        reverse_clone(r, node);
    if (has_gradient)
        give_weights(r, node, base, NULL);
    if (is_varied) {
        mask_again(r, node, c);
        reverse_adjoint(r, source);
        ir_propagate(&r->b, node->propagate.connection, IR_PROPAGATE_TRANSPOSE, base);
    }
}
