/* SPDX-License-Identifier: MIT
 *
 * Functions are inlined: their formals are bound to the arguments, their statements become part of
 * the caller. A procedure starts frozen, whatever the caller learns.
 */
#include "ir/lower_internal.h"

static struct binding *bind_argument(struct lowering *l, struct expr *argument,
                                     const struct symbol *formal)
{
    const struct type *type = argument->type;
    if (type->kind == TYPE_DATASET || type->kind == TYPE_SAMPLE)
        return lower_view(l, argument);
    if (type->kind == TYPE_RECORD)
        return lower_record(l, argument);
    if (!type_is_number(type) && type->kind != TYPE_STRING) {
        struct binding *binding =
            binding_new(l, BINDING_LAYER); /* its type says which layer, connection, network */
        return binding;
    }
    if (type->axes.count > 0)
        return lower_array(l, argument);
    struct ir_node *value = lower_scalar(l, argument);
    if (formal->is_assigned) {
        struct binding *variable = binding_new(l, BINDING_VAR);
        variable->node =
            ir_var(&l->b, formal->name->text,
                   lower_cast(l, lower_type(type_variable(&l->c->arena, formal->type)), value));
        return variable;
    }
    return lower_reads_setup_only(argument) && type->kind != TYPE_STRING
               ? binding_constant(l, value)
               : binding_value(l, value);
}

static size_t count_returns(const struct block *block)
{
    size_t count = 0;
    for (size_t i = 0; i < block->statements.count; i++) {
        const struct statement *s = block->statements.items[i];
        switch (s->kind) {
        case STATEMENT_RETURN: count++; break;
        case STATEMENT_IF:
            count += count_returns(s->conditional.then);
            count += s->conditional.otherwise != NULL ? count_returns(s->conditional.otherwise) : 0;
            break;
        case STATEMENT_FOR: count += count_returns(s->loop.body); break;
        case STATEMENT_WHILE: count += count_returns(s->while_loop.body); break;
        default: break;
        }
    }
    return count;
}

struct binding *lower_result(struct lowering *l, struct expr *e)
{
    if (e->type->kind == TYPE_RECORD)
        return lower_record(l, e);
    if (e->type->kind == TYPE_DATASET || e->type->kind == TYPE_SAMPLE)
        return lower_view(l, e);
    if (e->type->axes.count > 0)
        return lower_array(l, e);
    return binding_value(l, lower_scalar(l, e));
}

static struct ir_node *first_value(struct lowering *l, enum ir_type type)
{
    return type == IR_BOOL      ? ir_bool(&l->b, false)
           : type == IR_I64     ? ir_integer(&l->b, 0)
           : type == IR_POINTER ? ir_text(&l->b, "")
                                : ir_real(&l->b, type, 0);
}

/* A body that may return from several places: a block that each return leaves. */
static struct binding *lower_many_returns(struct lowering *l, struct function_instance *f,
                                          struct span span)
{
    struct function_frame frame = { .result = NULL };
    bool has_value = f->result->kind != TYPE_NONE;
    bool is_text = f->result->kind == TYPE_STRING;
    if (has_value && (f->result->axes.count > 0 || (!type_is_number(f->result) && !is_text))) {
        lower_refuse(l, span,
                     "'%s' returns an array from several places, which cannot be compiled yet",
                     f->declaration->name.name->text);
        return NULL;
    }
    if (has_value)
        frame.result = ir_var(&l->b, "result", first_value(l, lower_type(f->result)));
    frame.block = ir_labelled_block(&l->b);
    struct ir_builder outer = l->b;
    struct function_frame *outer_frame = l->frame;
    l->frame = &frame;
    l->b.before = NULL;
    l->b.block = &frame.block->block.body;
    lower_statements(l, f->body);
    l->b = outer;
    l->frame = outer_frame;
    return has_value ? binding_value(l, ir_get(&l->b, frame.result)) : NULL;
}

struct binding *lower_inline(struct lowering *l, struct function_instance *f, struct span span)
{
    if (f->value != NULL)
        return lower_result(l, f->value);
    size_t count = f->body->statements.count;
    bool ends_in_return =
        count > 0 && f->body->statements.items[count - 1]->kind == STATEMENT_RETURN;
    size_t returns = count_returns(f->body);
    if (returns > (ends_in_return ? 1u : 0u))
        return lower_many_returns(l, f, span);
    struct function_frame frame = { .result = NULL };
    struct function_frame *outer = l->frame;
    l->frame = &frame;
    lower_statements(l, f->body);
    l->frame = outer;
    return frame.binding;
}

struct binding *lower_call(struct lowering *l, struct expr *e)
{
    struct function_instance *f = e->target->function;
    struct binding *bindings[32];
    size_t count = f->formals.count < 32 ? f->formals.count : 32;
    for (size_t i = 0; i < count; i++)
        bindings[i] = bind_argument(l, e->target->arguments[i], f->formals.items[i]);
    for (size_t i = 0; i < count; i++)
        f->formals.items[i]->binding = bindings[i];
    struct ir_node *learning = NULL;
    uint64_t may_learn = l->may_learn;
    bool records = l->records;
    struct jump_targets *jumps = l->jumps;
    l->jumps = NULL;
    if (f->is_procedure) {
        l->records = l->records || lower_block_reads_records(f->body);
        learning = ir_leaf(&l->b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_LEARNING);
        if (may_learn != 0 || f->learns)
            ir_context_set(&l->b, IR_CONTEXT_LEARNING, ir_integer(&l->b, 0));
        l->may_learn = 0;
    }
    int32_t inlining = l->inlining;
    bool in_yield = l->in_yield;
    l->inlining = ++l->inlinings;
    l->in_yield = false;
    struct binding *result = lower_inline(l, f, e->span);
    l->inlining = inlining;
    l->in_yield = in_yield;
    if (f->is_procedure && (may_learn != 0 || f->learns))
        ir_context_set(&l->b, IR_CONTEXT_LEARNING, learning);
    l->may_learn = may_learn;
    l->records = records;
    l->jumps = jumps;
    return result;
}

void lower_return(struct lowering *l, struct statement *s)
{
    struct expr *value = s->value.value;
    if (l->frame == NULL) {
        lower_refuse(l, s->span, "a task cannot return yet");
        return;
    }
    if (l->frame->block == NULL) {
        l->frame->binding = value != NULL ? lower_result(l, value) : NULL;
        return;
    }
    if (value != NULL && l->frame->result != NULL)
        ir_set(&l->b, l->frame->result, lower_as(l, value, l->frame->result->type));
    if (l->in_yield) {
        lower_refuse(l, s->span, "'return' inside a loop that yields cannot be compiled yet");
        return;
    }
    if (l->frame->path != NULL) { /* leaves loops */
        ir_context_set(&l->b, IR_CONTEXT_PATH, l->frame->path);
        ir_context_set(&l->b, IR_CONTEXT_PRESENT, l->frame->present);
    }
    for (int i = 0; i < l->frame->progress_loops; i++)
        ir_call_rt(&l->b, IR_RT_snn_rt_loop_end, 0, NULL);
    ir_break(&l->b, l->frame->block);
}

/* What a block presented is not known after it: it may not have run. */
static void leave_block(struct lowering *l, struct taken *const *before)
{
    for (size_t i = 0; i < l->model->networks.count; i++) {
        struct lowered_network *network = &l->networks[i];
        if (network->last == before[i])
            continue;
        network->has_left = network->has_left || network->last != NULL;
        network->last = NULL;
    }
}

bool lower_statements(struct lowering *l, struct block *block)
{
    size_t networks = l->model->networks.count;
    struct taken **before = arena_alloc_array(&l->c->arena, networks + 1, sizeof *before);
    for (size_t i = 0; i < networks; i++)
        before[i] = l->networks[i].last;
    for (size_t i = 0; i < block->statements.count; i++)
        lower_statement(l, block->statements.items[i]);
    leave_block(l, before);
    return !l->is_failed;
}
