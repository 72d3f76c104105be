/* SPDX-License-Identifier: MIT
 *
 * Connections whose synapses are not a matrix, as arrays [pre, post] of tasks and of `on init`,
 * `on start`, `on end`: where there is no synapse an element is 0 and stays so. Loops that do
 * nothing but change synapses, and sums that are 0 without one, walk the synapses of the neuron at
 * hand; everything else looks synapses up.
 */
#include "ir/lower_internal.h"
#include "ir/window.h"

static bool is_sparse(const struct lowered_connection *c)
{
    return c->row_starts >= 0;
}

struct ir_node *lower_synapse_count(struct lowering *l, const struct lowered_connection *c)
{
    return is_sparse(c) ? ir_load(&l->b, c->row_starts, lower_size_leaf(l, c->source->size))
                        : lower_size_leaf(l, c->synapse_count);
}

/* ---- elements ---- */

/* The synapse that a walk has come to, if it is the one asked for. */
static struct ir_node *walked_synapse(const struct lowering *l, const struct lowered_connection *c,
                                      const struct access *access)
{
    if (access->rank != 2)
        return NULL;
    for (const struct synapse_walk *walk = l->walk; walk != NULL; walk = walk->outer) {
        const struct ir_node *pre = walk->is_row ? walk->neuron : walk->partner;
        const struct ir_node *post = walk->is_row ? walk->partner : walk->neuron;
        if (walk->connection == c && walk->synapse != NULL && access->axes[0].fixed == pre &&
            access->axes[1].fixed == post)
            return walk->synapse;
    }
    return NULL;
}

struct ir_node *lower_find_synapse(struct lowering *l, const struct access *access,
                                   struct ir_node *const *indices, size_t count)
{
    const struct lowered_connection *c = access->binding->connection;
    struct ir_node *synapse = walked_synapse(l, c, access);
    if (synapse != NULL)
        return synapse;
    struct ir_node *flat = lower_access_index(l, access, indices, count);
    struct ir_node *columns = lower_size_leaf(l, c->target->size);
    struct ir_node *pre = ir_binary(&l->b, IR_DIV, flat, columns),
                   *post = ir_binary(&l->b, IR_MOD, flat, columns);
    if (access->binding->is_of_window)
        pre = window_source_at(&l->b, c->window, pre, post);
    if (is_sparse(c))
        return ir_call_rt(&l->b, IR_RT_snn_rt_find_synapse, 5,
                          (struct ir_node *[]){ ir_integer(&l->b, c->row_starts),
                                                ir_integer(&l->b, c->columns), pre, post,
                                                ir_bool(&l->b, !c->has_synapse_delays) });
    bool skips_diagonal = c->stage_count == 0 && c->connection->kind->id == BUILTIN_ALL_BUT_ONE;
    return skips_diagonal
               ? ir_select(&l->b, ir_binary(&l->b, IR_EQ, pre, post), ir_integer(&l->b, -1), flat)
               : flat;
}

struct ir_node *lower_synapse_load(struct lowering *l, const struct access *access,
                                   struct ir_node *const *indices, size_t count)
{
    const struct binding *binding = access->binding;
    struct ir_node *synapse = lower_find_synapse(l, access, indices, count);
    struct ir_node *zero = ir_integer(&l->b, 0);
    struct ir_node *value =
        binding->buffer < 0
            ? lower_constant_leaf(
                  l, l->program->connections[binding->connection->ir].constant_weight, IR_F32)
            : ir_load(&l->b, binding->buffer, ir_binary(&l->b, IR_MAX, synapse, zero));
    return ir_select(&l->b, ir_binary(&l->b, IR_GE, synapse, zero), value,
                     ir_cast(&l->b, value->type, zero));
}

/* ---- what a walk may be taken for ---- */

struct walk_search {
    const struct symbol *variable; /* of the loop */
    enum builtin_variable over;    /* VARIABLE_PRE, VARIABLE_POST */
    struct expr *neuron;           /* the other index, a name, of the first element found */
};

static bool is_of_synapses(const struct expr *e)
{
    if (e->kind != EXPR_NAME || e->symbol == NULL)
        return false;
    return e->symbol->kind == SYMBOL_RULE_STATE
               ? e->symbol->statement->state.owner == STATE_OWN
               : e->symbol->kind == SYMBOL_VARIABLE && e->symbol->variable == VARIABLE_WEIGHT;
}

/* `w[i, j]` with the variable on its side and the same name on the other, wherever it occurs. */
static bool is_walked(const struct expr *e, struct walk_search *search)
{
    if (e->kind != EXPR_INDEX || !is_of_synapses(e->index.object) || e->index.indices.count != 2)
        return false;
    bool is_pre = search->over == VARIABLE_PRE;
    struct expr *own = e->index.indices.items[is_pre ? 0 : 1],
                *other = e->index.indices.items[is_pre ? 1 : 0];
    if (own->kind != EXPR_NAME || own->symbol != search->variable || other->kind != EXPR_NAME ||
        other->symbol == search->variable)
        return false;
    if (search->neuron == NULL)
        search->neuron = other;
    return search->neuron->symbol == other->symbol;
}

static bool vanishes(const struct expr *e, struct walk_search *search)
{
    if (is_walked(e, search))
        return true;
    if (e->kind == EXPR_UNARY && e->unary.op == UNARY_MINUS)
        return vanishes(e->unary.operand, search);
    if (e->kind == EXPR_CALL && e->target != NULL && e->target->kind == CALL_BUILTIN &&
        (e->target->builtin->id == BUILTIN_ABS || e->target->builtin->id == BUILTIN_SQRT))
        return vanishes(e->target->arguments[0], search);
    if (e->kind != EXPR_BINARY)
        return false;
    const struct constant *power = e->binary.right->constant;
    switch (e->binary.op) {
    case BINARY_MULTIPLY:
        return vanishes(e->binary.left, search) || vanishes(e->binary.right, search);
    case BINARY_DIVIDE: return vanishes(e->binary.left, search);
    case BINARY_POWER:
        return power != NULL && constant_number(power) > 0 && vanishes(e->binary.left, search);
    default: return false;
    }
}

static bool changes_synapses(const struct block *block, struct walk_search *search)
{
    for (size_t i = 0; i < block->statements.count; i++) {
        const struct statement *s = block->statements.items[i];
        switch (s->kind) {
        case STATEMENT_LET: break;
        case STATEMENT_ASSIGN:
            if (!is_walked(s->assign.target, search))
                return false;
            break;
        case STATEMENT_IF:
            if (!changes_synapses(s->conditional.then, search) ||
                (s->conditional.otherwise != NULL &&
                 !changes_synapses(s->conditional.otherwise, search)))
                return false;
            break;
        default: return false;
        }
    }
    return true;
}

static bool may_walk(const struct lowering *l, const struct for_clause_list *clauses,
                     struct walk_search *search)
{
    if (l->rule == NULL || !l->rule->is_free || !is_sparse(l->rule->connection) ||
        clauses->count != 1)
        return false;
    const struct domain *domain = &clauses->items[0].symbol->domain;
    if (domain->kind != DOMAIN_NEURONS || domain->expr->kind != EXPR_NAME ||
        domain->expr->symbol == NULL || domain->expr->symbol->kind != SYMBOL_VARIABLE)
        return false;
    search->variable = clauses->items[0].symbol;
    search->over = domain->expr->symbol->variable;
    return true;
}

/* ---- walks ---- */

static void open_walk(struct lowering *l, const struct walk_search *search,
                      struct synapse_walk *walk)
{
    struct lowered_connection *c = l->rule->connection;
    bool is_row = search->over == VARIABLE_POST;
    int32_t starts = is_row ? c->row_starts : c->column_starts;
    struct ir_node *neuron = lower_as(l, search->neuron, IR_I64);
    lower_check_index(l, search->neuron, search->neuron, neuron,
                      lower_size_leaf(l, is_row ? c->source->size : c->target->size));
    struct ir_node *first = ir_load(&l->b, starts, neuron),
                   *end = ir_load(&l->b, starts,
                                  ir_binary(&l->b, IR_ADD, neuron, ir_integer(&l->b, 1)));
    *walk = (struct synapse_walk){ .variable = search->variable,
                                   .connection = c,
                                   .is_row = is_row,
                                   .neuron = neuron,
                                   .first = first,
                                   .count = ir_binary(&l->b, IR_SUB, end, first),
                                   .outer = l->walk };
    l->walk = walk;
}

bool lower_walk_loop(struct lowering *l, const struct statement *s, struct synapse_walk *walk)
{
    struct walk_search search = { .neuron = NULL };
    bool is_taken = may_walk(l, &s->loop.clauses, &search) &&
                    changes_synapses(s->loop.body, &search) && search.neuron != NULL;
    if (is_taken)
        open_walk(l, &search, walk);
    return is_taken;
}

bool lower_walk_sum(struct lowering *l, const struct expr *e, struct synapse_walk *walk)
{
    struct walk_search search = { .neuron = NULL };
    bool is_taken = e->target->builtin->id == BUILTIN_SUM &&
                    may_walk(l, &e->comprehension.clauses, &search) &&
                    vanishes(e->target->arguments[0], &search);
    if (is_taken)
        open_walk(l, &search, walk);
    return is_taken;
}

void lower_walk_end(struct lowering *l)
{
    l->walk = l->walk->outer;
}

struct synapse_walk *lower_walk_of(const struct lowering *l, const struct symbol *variable)
{
    struct synapse_walk *walk = l->walk;
    while (walk != NULL && walk->variable != variable)
        walk = walk->outer;
    return walk;
}

struct ir_node *lower_walk_to(struct lowering *l, struct synapse_walk *walk, struct ir_node *k)
{
    const struct lowered_connection *c = walk->connection;
    struct ir_node *place = ir_binary(&l->b, IR_ADD, walk->first, k);
    walk->synapse = walk->is_row ? place : ir_load(&l->b, c->column_synapses, place);
    walk->partner = ir_load(&l->b, walk->is_row ? c->columns : c->column_rows, place);
    return walk->partner;
}
