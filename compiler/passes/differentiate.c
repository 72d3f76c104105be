/* SPDX-License-Identifier: MIT
 *
 * Reverse-mode differentiation. Where a task computes a gradient, the code of the block so far is
 * run through from its end, each instruction giving its adjoint to what it used; the functions of a
 * network that are named as reverse of another get that one's reverse as their body. Buffers have
 * adjoints beside them, elements of FLOAT32.
 *
 * A derivative exists where code is straight: nothing that is read again has been overwritten but
 * variables, states, and what is known to be.
 */
#include "passes/differentiate.h"

/* ---- facts ---- */

struct node_facts *reverse_facts(struct reversal *r, const struct ir_node *node)
{
    return node->id < r->fact_count ? &r->facts[node->id] : &r->made;
}

bool reverse_is_varied(struct reversal *r, const struct ir_node *node)
{
    return reverse_facts(r, node)->is_varied;
}

struct owner_walk {
    struct reversal *r;
    struct ir_node *owner;
};

static void note_block(struct ir_block *block, void *data)
{
    struct owner_walk *walk = data;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        struct node_facts *facts = reverse_facts(walk->r, node);
        facts->block = block;
        facts->owner = walk->owner;
        struct ir_node *index = node->kind == IR_NODE_LOOP     ? node->loop.index
                                : node->kind == IR_NODE_REDUCE ? node->reduce.index
                                : node->kind == IR_NODE_WHILE  ? node->loop_while.index
                                                               : NULL;
        if (index != NULL)
            reverse_facts(walk->r, index)->owner = node;
        struct owner_walk inner = { walk->r, node };
        ir_for_each_block(node, note_block, &inner);
    }
}

void reverse_begin(struct reversal *r, struct ir_function *from)
{
    ir_number(from);
    r->from = from;
    r->fact_count = from->node_count;
    r->facts = arena_alloc_array(&r->c->arena, (size_t)from->node_count + 1, sizeof *r->facts);
    for (int32_t k = 0; k < r->fact_count; k++)
        r->facts[k].tape = -1;
    r->useful = arena_alloc_array(&r->c->arena, (size_t)r->buffer_count + 1, sizeof *r->useful);
    struct owner_walk walk = { r, NULL };
    note_block(&from->body, &walk);
}

/* ---- adjoints of buffers ---- */

int32_t reverse_adjoint(struct reversal *r, int32_t buffer)
{
    struct ir_buffer *of = &r->program->buffers[buffer];
    if (of->adjoint < 0) {
        struct ir_buffer adjoint = { .name = arena_format(&r->c->arena, "%s.adjoint", of->name),
                                     .type = SNN_FLOAT32,
                                     .kind = of->kind,
                                     .count = -1,
                                     .unit = "" };
        int32_t made = ir_add_buffer(r->c, r->program, adjoint);
        of = &r->program->buffers[buffer];
        of->adjoint = made;
    }
    if (of->kind == SNN_BUFFER_LANE) {
        for (size_t k = 0; k < r->zeroed.count; k++)
            if (r->zeroed.items[k] == buffer)
                return of->adjoint;
        array_push(&r->c->arena, &r->zeroed, buffer);
    }
    return of->adjoint;
}

struct ir_node *reverse_adjoint_index(struct reversal *r, int32_t buffer, struct ir_node *index)
{
    const struct ir_buffer *of = &r->program->buffers[buffer];
    if (of->adjoint_base < 0)
        return index;
    struct ir_node *which = ir_load(&r->b, of->adjoint_base, ir_integer(&r->b, 0));
    struct ir_node *size = ir_leaf(&r->b, IR_SIZE, IR_I64, of->count);
    return ir_binary(&r->b, IR_ADD, ir_binary(&r->b, IR_MUL, which, size), index);
}

void reverse_clear_adjoint(struct ir_builder *b, int32_t buffer)
{
    int32_t adjoint = b->program->buffers[buffer].adjoint;
    ir_call_rt(b, IR_RT_snn_rt_zeros_like, 2,
               (struct ir_node *[]){ ir_integer(b, adjoint), ir_integer(b, buffer) });
}

/* ---- scopes, adjoints of nodes ---- */

void reverse_open(struct reversal *r, struct reverse_scope *scope, const struct ir_block *source,
                  struct ir_block *target)
{
    *scope = (struct reverse_scope){ .source = source, .target = target, .outer = r->scope };
    scope->marker = ir_integer(&r->b, 0);
    r->scope = scope;
}

void reverse_close(struct reversal *r, struct reverse_scope *scope)
{
    for (size_t k = 0; k < scope->primals.count; k++)
        reverse_facts(r, scope->primals.items[k])->primal = NULL;
    r->scope = scope->outer;
}

static const struct reverse_scope *scope_of(struct reversal *r, const struct ir_block *block)
{
    const struct reverse_scope *scope = r->scope;
    while (scope != NULL && scope->source != block)
        scope = scope->outer;
    return scope;
}

static enum ir_type adjoint_type(const struct ir_node *node)
{
    return node->type == IR_F64 ? IR_F64 : IR_F32;
}

struct ir_node *reverse_variable(struct reversal *r, struct ir_node *node)
{
    struct node_facts *facts = reverse_facts(r, node);
    const struct reverse_scope *home = scope_of(r, facts->block);
    if (facts->var == NULL && home != NULL) {
        struct ir_builder b = r->b;
        b.block = home->target;
        b.before = home->marker;
        facts->var = ir_var(&b, NULL, ir_real(&b, adjoint_type(node), 0));
    }
    return facts->var;
}

void reverse_add(struct reversal *r, struct ir_node *node, struct ir_node *g)
{
    struct node_facts *facts = reverse_facts(r, node);
    if (!facts->is_varied || facts->block == NULL)
        return;
    g = ir_cast(&r->b, adjoint_type(node), g);
    if (facts->block == r->scope->source) {
        facts->sum = facts->sum != NULL ? ir_binary(&r->b, IR_ADD, facts->sum, g) : g;
        return;
    }
    struct ir_node *var = reverse_variable(r, node);
    if (var != NULL)
        ir_set(&r->b, var, ir_binary(&r->b, IR_ADD, ir_get(&r->b, var), g));
}

struct ir_node *reverse_take(struct reversal *r, struct ir_node *node)
{
    struct node_facts *facts = reverse_facts(r, node);
    bool is_variable = node->kind == IR_NODE_INSTR && node->op == IR_VAR;
    if (is_variable || facts->var == NULL)
        return facts->sum;
    struct ir_node *inner = ir_get(&r->b, facts->var);
    return facts->sum != NULL ? ir_binary(&r->b, IR_ADD, facts->sum, inner) : inner;
}

/* ---- code ---- */

static void reverse_node(struct reversal *r, struct ir_node *node)
{
    struct ir_node *g = reverse_take(r, node);
    switch (node->kind) {
    case IR_NODE_INSTR: reverse_instruction(r, node, g); return;
    case IR_NODE_LOOP: reverse_loop(r, node); return;
    case IR_NODE_REDUCE:
        if (g != NULL)
            reverse_reduce(r, node, g);
        return;
    case IR_NODE_IF: reverse_if(r, node); return;
    case IR_NODE_PROPAGATE: reverse_propagate(r, node); return;
    case IR_NODE_WHILE:
        reverse_refuse(r, node, "no derivative of a 'while' loop is known",
                       "count its turns with 'for', and choose with 'if … then … else …'");
        return;
    case IR_NODE_BLOCK:
        reverse_refuse(r, node,
                       "no derivative of a function that returns from several places is known",
                       "return one value: if … then … else …");
        return;
    default: return;
    }
}

void reverse_range(struct reversal *r, struct ir_node *last, const struct ir_node *begin)
{
    for (struct ir_node *node = last; node != NULL && node != begin; node = node->previous)
        if (reverse_facts(r, node)->block != NULL && !node->is_given)
            reverse_node(r, node);
}

void reverse_block(struct reversal *r, const struct ir_block *block)
{
    reverse_range(r, block->last, NULL);
}

/* ---- functions ---- */

static void find_varied_of(struct compilation *c, struct ir_program *program,
                           struct ir_function *forward, bool *varied)
{
    struct reversal r = { .c = c, .program = program, .buffer_count = program->buffer_count };
    reverse_begin(&r, forward);
    r.varied = varied;
    reverse_find_varied(&r, &forward->body);
    reverse_join_branches(&r);
    reverse_begin(&r, forward);
    reverse_find_varied(&r, &forward->body);
}

static void reverse_function(struct compilation *c, struct ir_program *program,
                             struct ir_function *forward, struct ir_function *backward)
{
    struct reversal r = { .c = c, .program = program, .buffer_count = program->buffer_count };
    struct reverse_scope scope;
    reverse_begin(&r, forward);
    r.varied = arena_alloc_array(&c->arena, (size_t)program->buffer_count + 1, sizeof *r.varied);
    reverse_find_varied(&r, &forward->body);
    r.b = (struct ir_builder){ .compilation = c,
                               .program = program,
                               .function = backward,
                               .block = &backward->body,
                               .span = forward->span };
    reverse_open(&r, &scope, &forward->body, &backward->body);
    reverse_block(&r, &forward->body);
    reverse_close(&r, &scope);
    struct ir_builder head = r.b;
    head.before = backward->body.first;
    for (size_t k = 0; k < r.zeroed.count; k++)
        reverse_clear_adjoint(&head, r.zeroed.items[k]);
    for (size_t k = 0; k < r.taped.count; k++) {
        const struct taped *taped = &r.taped.items[k];
        remark(c, taped->loop->span, "differentiate",
               "'%s' keeps %d %s (%d bytes) of each neuron and step for the way back",
               taped->loop->name, taped->values, taped->values == 1 ? "value" : "values",
               taped->bytes);
    }
}

/* ---- what only this pass knows ---- */

static void replace_use(struct ir_node **use, void *data)
{
    (void)data;
    while ((*use)->kind == IR_NODE_INSTR && ((*use)->op == IR_STOP || (*use)->op == IR_SURROGATE))
        *use = (*use)->operands[0];
}

static void remove_markers(struct ir_block *block, void *data)
{
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        ir_for_each_use(node, replace_use, data);
        ir_for_each_block(node, remove_markers, data);
    }
    for (struct ir_node *node = block->first, *next; node != NULL; node = next) {
        next = node->next;
        if (node->kind == IR_NODE_INSTR && (node->op == IR_STOP || node->op == IR_SURROGATE))
            ir_remove(block, node);
    }
}

bool pass_differentiate(struct compilation *c, struct ir_program *program)
{
    size_t errors = c->diagnostics.error_count;
    int32_t buffer_count = program->buffer_count;
    struct site_list sites = { 0 };
    bool *varied = arena_alloc_array(&c->arena, (size_t)program->buffer_count + 1, sizeof *varied);
    for (int32_t i = 0; i < program->function_count; i++)
        if (program->functions[i]->reverse_of >= 0)
            find_varied_of(c, program, program->functions[program->functions[i]->reverse_of],
                           varied);
    for (int32_t i = 0; i < program->function_count; i++)
        reverse_losses(c, program, program->functions[i], varied, buffer_count, &sites);
    for (int32_t i = 0; i < program->function_count; i++)
        if (program->functions[i]->reverse_of >= 0)
            reverse_function(c, program, program->functions[program->functions[i]->reverse_of],
                             program->functions[i]);
    for (size_t k = 0; k < sites.count; k++)
        for (int32_t i = 0; i < buffer_count; i++)
            if (program->buffers[i].kind == SNN_BUFFER_LOCAL && program->buffers[i].adjoint >= 0)
                reverse_clear_adjoint(&sites.items[k], i);
    for (int32_t i = 0; i < program->function_count; i++) {
        remove_markers(&program->functions[i]->body, NULL);
        ir_number(program->functions[i]);
    }
    program->gone |= IR_GONE_GRADIENT;
    return c->diagnostics.error_count == errors;
}
