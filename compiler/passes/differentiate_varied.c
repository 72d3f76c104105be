/* SPDX-License-Identifier: MIT
 *
 * What depends on something that learns: only there adjoints are needed. A walk in the order of the
 * code; a loop whose iterations follow each other is walked until nothing is added.
 */
#include "passes/differentiate.h"

static bool is_varied(struct reversal *r, const struct ir_node *node)
{
    return reverse_is_varied(r, node);
}

static bool any_operand(struct reversal *r, const struct ir_node *node)
{
    for (int32_t k = 0; k < node->operand_count; k++)
        if (is_varied(r, node->operands[k]))
            return true;
    return false;
}

static bool is_varied_buffer(const struct reversal *r, int32_t buffer)
{
    return buffer >= 0 && buffer < r->buffer_count &&
           (r->varied[buffer] || r->program->buffers[buffer].adjoint_base >= 0);
}

/* Sums of spikes are whole numbers and have a derivative all the same; a whole quotient has not. */
static bool passes_whole_numbers(enum ir_op op)
{
    return op == IR_ADD || op == IR_SUB || op == IR_MUL || op == IR_NEG || op == IR_SELECT;
}

static bool depends(struct reversal *r, const struct ir_node *node)
{
    switch (node->op) {
    case IR_LOAD: return is_varied_buffer(r, node->payload.index);
    case IR_VAR: return is_varied(r, node) || any_operand(r, node);
    case IR_VAR_GET: return is_varied(r, node->payload.node);
    case IR_SURROGATE: return is_varied(r, node->operands[1]);
    case IR_CAST:
        if (node->type == IR_I64 && node->operands[0]->type != IR_BOOL &&
            node->operands[0]->type != IR_I64)
            return false;
        return node->type != IR_I32 && node->type != IR_BOOL && any_operand(r, node);
    case IR_STOP:
    case IR_FLOOR:
    case IR_CEIL:
    case IR_ROUND: return false;
    case IR_AND:
    case IR_OR:
    case IR_NOT: return node->type == IR_BOOL && any_operand(r, node);
    default: break;
    }
    if (node->op < IR_ADD || node->op > IR_POW || (node->op >= IR_EQ && node->op <= IR_MULHI))
        return false;
    if (node->op == IR_BITCAST || node->type == IR_I32)
        return false;
    return (node->type != IR_I64 || passes_whole_numbers(node->op)) && any_operand(r, node);
}

static bool mark(struct reversal *r, const struct ir_node *node)
{
    struct node_facts *facts = reverse_facts(r, node);
    bool is_new = !facts->is_varied;
    facts->is_varied = true;
    return is_new;
}

static bool mark_buffer(struct reversal *r, int32_t buffer)
{
    bool is_new = buffer < r->buffer_count && !r->varied[buffer];
    if (is_new)
        r->varied[buffer] = true;
    return is_new;
}

static bool walk(struct reversal *r, const struct ir_block *block);

static bool walk_instruction(struct reversal *r, const struct ir_node *node)
{
    if (node->op == IR_STORE)
        return is_varied(r, node->operands[1]) && mark_buffer(r, node->payload.index);
    if (node->op == IR_VAR_SET)
        return is_varied(r, node->operands[0]) && mark(r, node->payload.node);
    return node->type != IR_VOID && depends(r, node) && mark(r, node);
}

static bool walk_propagate(struct reversal *r, const struct ir_node *node)
{
    const struct ir_connection *c = &r->program->connections[node->propagate.connection];
    int32_t source = c->values >= 0 ? c->values : c->flags;
    return (is_varied_buffer(r, c->weight) || is_varied_buffer(r, source)) &&
           mark_buffer(r, c->target);
}

static bool walk_node(struct reversal *r, struct ir_node *node)
{
    bool is_new = false;
    if (node->is_given)
        return false;
    switch (node->kind) {
    case IR_NODE_INSTR: return walk_instruction(r, node);
    case IR_NODE_LOOP:
        while (walk(r, &node->loop.body)) {
            is_new = true;
            if (node->loop.is_independent)
                break;
        }
        return is_new;
    case IR_NODE_WHILE:
        for (bool is_added = true; is_added;) {
            is_added = walk(r, &node->loop_while.test);
            is_added = walk(r, &node->loop_while.body) || is_added;
            is_new = is_new || is_added;
        }
        return is_new;
    case IR_NODE_REDUCE:
        is_new = walk(r, &node->reduce.body);
        if (node->reduce.reduction <= IR_REDUCE_MAX && is_varied(r, node->reduce.keys[0]) &&
            (node->type != IR_I64 || node->reduce.reduction == IR_REDUCE_SUM))
            is_new = mark(r, node) || is_new;
        return is_new;
    case IR_NODE_IF:
        is_new = walk(r, &node->branch.then_body);
        return walk(r, &node->branch.else_body) || is_new;
    case IR_NODE_BLOCK: return walk(r, &node->block.body);
    case IR_NODE_PROPAGATE: return walk_propagate(r, node);
    default: return false;
    }
}

/* Was anything added? */
static bool walk(struct reversal *r, const struct ir_block *block)
{
    bool is_new = false;
    for (struct ir_node *node = block->first; node != NULL; node = node->next)
        is_new = walk_node(r, node) || is_new;
    return is_new;
}

void reverse_find_varied(struct reversal *r, const struct ir_block *block)
{
    walk(r, block);
}

void reverse_find_varied_between(struct reversal *r, struct ir_node *first,
                                 const struct ir_node *end)
{
    for (struct ir_node *node = first; node != NULL && node != end; node = node->next)
        walk_node(r, node);
}
