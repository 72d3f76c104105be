/* SPDX-License-Identifier: MIT
 *
 * What a symbol is in the IR: bindings are made where something is declared, those of constants
 * when they are first used.
 */
#include "ir/lower_internal.h"

struct binding *binding_new(struct lowering *l, enum binding_kind kind)
{
    struct binding *binding = arena_new(&l->c->arena, struct binding);
    binding->kind = kind;
    binding->buffer = binding->param = binding->constant = binding->history = -1;
    for (int i = 0; i < RANK_LIMIT; i++)
        binding->sizes[i] = -1;
    return binding;
}

struct binding *binding_value(struct lowering *l, struct ir_node *node)
{
    struct binding *binding = binding_new(l, BINDING_VALUE);
    binding->node = node;
    return binding;
}

/* A constant must be usable in every function, so it is kept as what it is and not as the node that
 * gave it. */
struct binding *binding_constant(struct lowering *l, struct ir_node *node)
{
    struct binding *binding = binding_new(l, BINDING_CONSTANT);
    binding->type = node->type == IR_F32 ? IR_F64 : node->type;
    if (node->kind == IR_NODE_INSTR && node->op == IR_CONST) {
        binding->is_literal = true;
        binding->real = node->type == IR_F32 || node->type == IR_F64 ? node->payload.real : 0;
        binding->integer = node->type == IR_F32 || node->type == IR_F64 ? 0 : node->payload.integer;
        return binding;
    }
    if (node->kind == IR_NODE_INSTR && node->op == IR_NE) /* a bool read from the table */
        node = node->operands[0];
    if (node->kind != IR_NODE_INSTR || node->op != IR_CONSTANT)
        return binding_value(l, node);
    binding->constant = node->payload.index;
    return binding;
}

static struct binding *bind_text(struct lowering *l, const struct symbol *symbol)
{
    struct binding *binding = binding_new(l, BINDING_TEXT);
    const struct constant *k = symbol->constant != NULL ? symbol->constant
                               : symbol->value != NULL  ? symbol->value->constant
                                                        : NULL;
    if (k != NULL)
        binding->text = k->text;
    else if (symbol->value != NULL && symbol->value->symbol != NULL)
        return binding_of(l, symbol->value->symbol, symbol->value->span);
    return binding;
}

/* Top-level lets, formals of models and rules: evaluated by setup when first asked for. */
static struct binding *bind_constant(struct lowering *l, struct symbol *symbol)
{
    struct expr *value = symbol->kind == SYMBOL_LET && symbol->declaration != NULL
                             ? symbol->declaration->let.value
                             : symbol->value;
    if (symbol->type->kind == TYPE_STRING)
        return bind_text(l, symbol);
    if (value == NULL)
        return NULL;
    if (value->constant != NULL)
        return binding_constant(l, lower_scalar(l, value));
    struct binding *binding = binding_new(l, BINDING_CONSTANT);
    enum ir_type type = lower_type(value->type);
    binding->type = type == IR_F32 ? IR_F64 : type;
    binding->constant = lower_constant_entry(l, value, symbol->name->text);
    return binding;
}

struct binding *binding_of(struct lowering *l, struct symbol *symbol, struct span span)
{
    if (symbol->binding != NULL)
        return symbol->binding;
    if (symbol->kind == SYMBOL_LET || symbol->kind == SYMBOL_FORMAL)
        symbol->binding = bind_constant(l, symbol);
    if (symbol->binding == NULL) {
        lower_refuse(l, span, "'%s' cannot be used here yet", symbol->name->text);
        symbol->binding = binding_value(l, ir_integer(&l->b, 0));
    }
    return symbol->binding;
}

struct ir_node *binding_extent(struct lowering *l, const struct binding *binding, int32_t dimension)
{
    if (binding->sizes[dimension] >= 0)
        return lower_size_leaf(l, binding->sizes[dimension]);
    return binding->extents[dimension];
}
