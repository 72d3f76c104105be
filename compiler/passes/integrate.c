/* SPDX-License-Identifier: MIT
 *
 * Turns equations into updates of one step. A linear equation is integrated exactly: with the
 * step's decay factor where its coefficient is known when the program starts (computed in float64,
 * rounded once), with an exponential in each step where it is not, and with a matrix exponential
 * where equations depend on each other. Others run as their method says.
 *
 * Written as x = d (x - x_inf) + x_inf, the form in which BindsNET decays its voltages.
 */
#include <math.h>

#include "base/remarks.h"
#include "passes/passes.h"

struct integration {
    struct compilation *c;
    struct ir_program *program;
    struct ir_builder b; /* before the equations */
    struct ir_node *ode;
    struct ir_node **values;     /* of the variables, before the step */
    struct ir_node **stage;      /* what ODE_VALUEs stand for in the copy being made */
    struct ir_block *loop_block; /* the loop around the equations and its block; null */
    struct ir_node *loop;
    bool is_failed;
};

/* A rate as a sum: coefficients[k] * variable k + rest. Null is 0. */
struct linear {
    struct ir_node **coefficients;
    struct ir_node *rest;
    bool is_linear;
};

static struct ir_node *zero_like(struct integration *in, const struct ir_node *node)
{
    return ir_real(&in->b, node->type, 0);
}

/* ---- copies of rates ---- */

static struct ir_node *map_value(struct ir_node *old, void *data)
{
    struct integration *in = data;
    if (old->kind == IR_NODE_INSTR && old->op == IR_ODE_VALUE)
        return in->stage[old->payload.index];
    return NULL;
}

/* The body's instructions with ODE_VALUEs replaced: all rates at once. */
static void copy_rates(struct integration *in, struct ir_node **stage, struct ir_node **rates)
{
    int32_t count = in->ode->ode.variable_count;
    in->stage = stage;
    for (int32_t k = 0; k < count; k++)
        rates[k] = ir_clone_block(&in->b, &in->ode->ode.body, map_value, in,
                                  in->ode->ode.variables[k].rate);
}

/* ---- linear form ---- */

static bool depends(const struct ir_node *node, int32_t variable)
{
    if (node->kind != IR_NODE_INSTR)
        return false;
    if (node->op == IR_ODE_VALUE)
        return variable < 0 || node->payload.index == variable;
    for (int32_t k = 0; k < node->operand_count; k++)
        if (depends(node->operands[k], variable))
            return true;
    return false;
}

static bool is_setup_value(const struct ir_node *node);

static struct ir_node *in_double(struct integration *in, struct ir_node *node)
{
    if (node->op == IR_CONST && node->type == IR_F32)
        return ir_real(&in->b, IR_F64, node->payload.real);
    if (node->op == IR_CONSTANT && node->type == IR_F32)
        return ir_leaf(&in->b, IR_CONSTANT, IR_F64, node->payload.index);
    return ir_cast(&in->b, IR_F64, node);
}

/* Arithmetic of coefficients and rests: of what setup knows in float64, so that only the factor
 * that comes out is rounded. */
static struct ir_node *combined(struct integration *in, enum ir_op op, struct ir_node *a,
                                struct ir_node *b)
{
    if (is_setup_value(a) && is_setup_value(b))
        return ir_binary(&in->b, op, in_double(in, a), in_double(in, b));
    enum ir_type type = is_setup_value(a) ? b->type : a->type;
    return ir_binary(&in->b, op, ir_cast(&in->b, type, a), ir_cast(&in->b, type, b));
}

static struct ir_node *sum(struct integration *in, enum ir_op op, struct ir_node *a,
                           struct ir_node *b)
{
    if (b == NULL)
        return a;
    if (a == NULL)
        return op == IR_ADD ? b : ir_unary(&in->b, IR_NEG, b);
    return combined(in, op, a, b);
}

/* `only` >= 0: linear in that variable alone, the others held at their values. */
static struct linear linear_form(struct integration *in, struct ir_node *node, int32_t only);

static struct linear constant_form(struct integration *in, struct ir_node *node)
{
    size_t count = (size_t)in->ode->ode.variable_count;
    struct linear form = { .is_linear = true };
    form.coefficients = arena_alloc_array(&in->c->arena, count, sizeof *form.coefficients);
    struct ir_block one = in->ode->ode.body;
    in->stage = in->values;
    form.rest = ir_clone_block(&in->b, &one, map_value, in, node);
    return form;
}

static struct linear scaled_form(struct integration *in, struct linear form, enum ir_op op,
                                 struct ir_node *factor)
{
    for (int32_t k = 0; k < in->ode->ode.variable_count; k++)
        if (form.coefficients[k] != NULL)
            form.coefficients[k] = combined(in, op, form.coefficients[k], factor);
    if (form.rest != NULL)
        form.rest = combined(in, op, form.rest, factor);
    return form;
}

static struct linear combined_form(struct integration *in, struct ir_node *node, int32_t only)
{
    struct linear a = linear_form(in, node->operands[0], only);
    struct linear b = linear_form(in, node->operands[1], only);
    a.is_linear = a.is_linear && b.is_linear;
    if (!a.is_linear)
        return a;
    for (int32_t k = 0; k < in->ode->ode.variable_count; k++)
        a.coefficients[k] = sum(in, node->op, a.coefficients[k], b.coefficients[k]);
    a.rest = sum(in, node->op, a.rest, b.rest);
    return a;
}

static struct linear linear_form(struct integration *in, struct ir_node *node, int32_t only)
{
    if (!depends(node, only))
        return constant_form(in, node);
    struct linear form = { .is_linear = false };
    switch (node->op) {
    case IR_ODE_VALUE:
        form = constant_form(in, node);
        form.rest = NULL;
        form.coefficients[node->payload.index] = ir_real(&in->b, node->type, 1);
        return form;
    case IR_ADD:
    case IR_SUB: return combined_form(in, node, only);
    case IR_NEG:
        form = linear_form(in, node->operands[0], only);
        for (int32_t k = 0; form.is_linear && k < in->ode->ode.variable_count; k++)
            form.coefficients[k] = form.coefficients[k] != NULL
                                       ? ir_unary(&in->b, IR_NEG, form.coefficients[k])
                                       : NULL;
        form.rest =
            form.is_linear && form.rest != NULL ? ir_unary(&in->b, IR_NEG, form.rest) : NULL;
        return form;
    case IR_MUL:
        for (int side = 0; side < 2; side++)
            if (!depends(node->operands[side], only)) {
                form = linear_form(in, node->operands[1 - side], only);
                return form.is_linear ? scaled_form(in, form, IR_MUL,
                                                    constant_form(in, node->operands[side]).rest)
                                      : form;
            }
        return form;
    case IR_DIV:
        if (depends(node->operands[1], only))
            return form;
        form = linear_form(in, node->operands[0], only);
        return form.is_linear
                   ? scaled_form(in, form, IR_DIV, constant_form(in, node->operands[1]).rest)
                   : form;
    default: return form;
    }
}

/* ---- values known when the program starts ---- */

static bool is_setup_value(const struct ir_node *node)
{
    if (node == NULL)
        return true;
    if (node->kind != IR_NODE_INSTR)
        return false;
    if (node->op == IR_CONST || node->op == IR_CONSTANT || node->op == IR_SIZE)
        return true;
    if (!ir_is_pure(node) || node->operand_count == 0)
        return false;
    for (int32_t k = 0; k < node->operand_count; k++)
        if (!is_setup_value(node->operands[k]))
            return false;
    return true;
}

/* The same value in setup, in float64. */
static struct ir_node *in_setup(struct ir_builder *setup, const struct ir_node *node)
{
    struct ir_node *operands[3] = { NULL };
    switch (node->op) {
    case IR_CONST:
        if (node->type == IR_F32 || node->type == IR_F64)
            return ir_real(setup, IR_F64, node->payload.real);
        return ir_real(setup, IR_F64, (double)node->payload.integer);
    case IR_CONSTANT:
        return ir_cast(setup, IR_F64,
                       ir_leaf(setup, IR_CONSTANT, node->type == IR_F32 ? IR_F64 : node->type,
                               node->payload.index));
    case IR_SIZE:
        return ir_cast(setup, IR_F64, ir_leaf(setup, IR_SIZE, IR_I64, node->payload.index));
    default: break;
    }
    for (int32_t k = 0; k < node->operand_count && k < 3; k++)
        operands[k] = in_setup(setup, node->operands[k]);
    switch (node->operand_count) {
    case 1: return node->op == IR_CAST ? operands[0] : ir_unary(setup, node->op, operands[0]);
    case 2: return ir_binary(setup, node->op, operands[0], operands[1]);
    default: return ir_fma(setup, operands[0], operands[1], operands[2]);
    }
}

static struct ir_builder setup_builder(struct integration *in)
{
    struct ir_function *setup = in->program->functions[in->program->setup];
    return (struct ir_builder){ .compilation = in->c,
                                .program = in->program,
                                .function = setup,
                                .block = &setup->body,
                                .span = in->ode->span };
}

static struct ir_node *new_constant(struct integration *in, const char *name,
                                    struct ir_builder *setup, struct ir_node *value,
                                    enum ir_type type)
{
    int32_t entry = ir_add_constant(in->c, in->program, name, false);
    ir_constant_set(setup, entry, value);
    return ir_leaf(&in->b, IR_CONSTANT, type, entry);
}

/* ---- values with the parameters' defaults, for warnings ---- */

static bool default_value(const struct ir_program *program, const struct ir_node *node,
                          double *value);

static bool default_constant(const struct ir_program *program, int32_t entry, double *value)
{
    const struct ir_block *setup = &program->functions[program->setup]->body;
    for (const struct ir_node *node = setup->first; node != NULL; node = node->next)
        if (node->kind == IR_NODE_INSTR && node->op == IR_CONSTANT_SET &&
            node->payload.index == entry)
            return default_value(program, node->operands[0], value);
    return false;
}

static bool default_param(const struct snn_param *param, double *value)
{
    *value = param->type == SNN_FLOAT64 ? param->initial.real : (double)param->initial.integer;
    return param->type != SNN_STRING;
}

static bool default_value(const struct ir_program *program, const struct ir_node *node,
                          double *value)
{
    double operands[2] = { 0 };
    if (node->kind != IR_NODE_INSTR || node->operand_count > 2)
        return false;
    for (int32_t k = 0; k < node->operand_count; k++)
        if (!default_value(program, node->operands[k], &operands[k]))
            return false;
    switch (node->op) {
    case IR_CONST:
        *value = node->type == IR_F32 || node->type == IR_F64 ? node->payload.real
                                                              : (double)node->payload.integer;
        return true;
    case IR_CONSTANT: return default_constant(program, node->payload.index, value);
    case IR_PARAM: return default_param(&program->params[node->payload.index], value);
    case IR_CAST: *value = operands[0]; return true;
    case IR_NEG: *value = -operands[0]; return true;
    case IR_ADD: *value = operands[0] + operands[1]; return true;
    case IR_SUB: *value = operands[0] - operands[1]; return true;
    case IR_MUL: *value = operands[0] * operands[1]; return true;
    case IR_DIV: *value = operands[0] / operands[1]; return true;
    case IR_EXP: *value = exp(operands[0]); return true;
    default: return false;
    }
}

/* A factor that is 1 in the state's type never changes the state. */
static void warn_of_standstill(struct integration *in, int32_t k, const struct ir_node *factor)
{
    double value = 0;
    if (in->values[k]->type != IR_F32 || !default_value(in->program, factor, &value) ||
        value == 1 || (float)value != 1)
        return;
    const char *name = in->ode->ode.variables[k].name;
    diag_warning(in->c, in->ode->ode.variables[k].rate->span,
                 "the decay factor of '%s' rounds to 1: it will not change", name);
    diag_hint(in->c, "declare the state with more digits: state %s : float64 = …", name);
}

/* ---- exact: one equation by itself ---- */

static const char *name_of(struct integration *in, int32_t k, const char *what)
{
    return arena_format(&in->c->arena, "%s.%s", in->ode->ode.variables[k].name, what);
}

/* Where the rate does not depend on the variable: x += rest * dt. */
static struct ir_node *drift(struct integration *in, int32_t k, struct ir_node *rest)
{
    struct ir_node *x = in->values[k];
    if (rest == NULL)
        return x;
    return ir_binary(&in->b, IR_ADD, x,
                     ir_binary(&in->b, IR_MUL, ir_cast(&in->b, x->type, rest),
                               ir_cast(&in->b, x->type, in->ode->ode.dt)));
}

/* exp(rate dt): once where dt is a step, from event to event in continuous time. */
static struct ir_node *decay_factor(struct integration *in, int32_t k, struct ir_builder *setup,
                                    struct ir_node *rate)
{
    struct ir_node *x = in->values[k], *dt = in->ode->ode.dt;
    if (!is_setup_value(dt)) {
        struct ir_node *a = new_constant(in, name_of(in, k, "rate"), setup, rate, IR_F64);
        remark(in->c, in->ode->span, "integrate",
               "%s' is linear: integrated exactly from event to event",
               in->ode->ode.variables[k].name);
        return ir_unary(&in->b, IR_EXP, ir_cast(&in->b, x->type, ir_binary(&in->b, IR_MUL, a, dt)));
    }
    struct ir_node *factor =
        ir_unary(setup, IR_EXP, ir_binary(setup, IR_MUL, rate, in_setup(setup, dt)));
    warn_of_standstill(in, k, factor);
    remark(in->c, in->ode->span, "integrate",
           "%s' is linear: integrated exactly, its decay factor is computed once",
           in->ode->ode.variables[k].name);
    return new_constant(in, name_of(in, k, "decay"), setup, factor, x->type);
}

static struct ir_node *decay_constant(struct integration *in, int32_t k, struct ir_node *a,
                                      struct ir_node *rest)
{
    struct ir_node *x = in->values[k];
    struct ir_builder setup = setup_builder(in);
    struct ir_node *rate = in_setup(&setup, a);
    struct ir_node *d = decay_factor(in, k, &setup, rate);
    if (rest == NULL)
        return ir_binary(&in->b, IR_MUL, d, x);
    struct ir_node *target;
    if (is_setup_value(rest)) {
        struct ir_node *value =
            ir_unary(&setup, IR_NEG, ir_binary(&setup, IR_DIV, in_setup(&setup, rest), rate));
        target = new_constant(in, name_of(in, k, "target"), &setup, value, x->type);
    } else {
        struct ir_node *value =
            ir_unary(&setup, IR_NEG, ir_binary(&setup, IR_DIV, ir_real(&setup, IR_F64, 1), rate));
        target = ir_binary(&in->b, IR_MUL, rest,
                           new_constant(in, name_of(in, k, "gain"), &setup, value, x->type));
    }
    return ir_binary(&in->b, IR_ADD,
                     ir_binary(&in->b, IR_MUL, d, ir_binary(&in->b, IR_SUB, x, target)), target);
}

/* x + rate * dt * (exp(a dt) - 1) / (a dt): exact where the rest is constant over the step; for a =
 * 0 the limit. */
static struct ir_node *decay_changing(struct integration *in, int32_t k, struct ir_node *a,
                                      struct ir_node *rate)
{
    struct ir_node *x = in->values[k], *dt = ir_cast(&in->b, x->type, in->ode->ode.dt);
    struct ir_node *z = ir_binary(&in->b, IR_MUL, ir_cast(&in->b, x->type, a), dt);
    struct ir_node *growth = ir_binary(&in->b, IR_DIV, ir_unary(&in->b, IR_EXPM1, z), z);
    struct ir_node *is_zero = ir_binary(&in->b, IR_EQ, z, zero_like(in, z));
    growth = ir_select(&in->b, is_zero, ir_real(&in->b, x->type, 1), growth);
    return ir_binary(&in->b, IR_ADD, x,
                     ir_binary(&in->b, IR_MUL, ir_binary(&in->b, IR_MUL, rate, dt), growth));
}

/* ---- exact: equations that depend on each other ---- */

struct matrix {
    int32_t size, first, result; /* constants first ... and result ... */
};

static bool reaches(const struct linear *forms, int32_t count, int32_t from, int32_t to)
{
    bool reached[64] = { false };
    reached[from] = true;
    for (int32_t round = 0; round < count; round++)
        for (int32_t i = 0; i < count; i++)
            for (int32_t k = 0; k < count; k++)
                if (reached[i] && forms[i].coefficients[k] != NULL)
                    reached[k] = true;
    return reached[to];
}

/* exp of [[A, I], [0, 0]] dt gives both what is left of the variables and what constant rests add.
 */
static void set_coefficients(struct integration *in, struct ir_builder *setup,
                             const struct linear *forms, int32_t first)
{
    int32_t count = in->ode->ode.variable_count;
    for (int32_t i = 0; i < count; i++)
        for (int32_t k = 0; k < count; k++)
            ir_constant_set(setup, first + i * count + k,
                            forms[i].coefficients[k] != NULL
                                ? in_setup(setup, forms[i].coefficients[k])
                                : ir_real(setup, IR_F64, 0));
}

static struct matrix system_matrix(struct integration *in, const struct linear *forms)
{
    int32_t count = in->ode->ode.variable_count;
    struct matrix m = { .size = 2 * count, .first = in->program->constant_count };
    for (int32_t i = 0; i < m.size * m.size; i++)
        ir_add_constant(in->c, in->program, "system", false);
    m.result = in->program->constant_count;
    for (int32_t i = 0; i < m.size * m.size; i++)
        ir_add_constant(in->c, in->program, "system.exp", false);
    struct ir_builder setup = setup_builder(in);
    struct ir_node *dt = in_setup(&setup, in->ode->ode.dt);
    for (int32_t i = 0; i < m.size; i++)
        for (int32_t k = 0; k < m.size; k++) {
            struct ir_node *value = ir_real(&setup, IR_F64, 0);
            if (i < count && k < count && forms[i].coefficients[k] != NULL)
                value = ir_binary(&setup, IR_MUL, in_setup(&setup, forms[i].coefficients[k]), dt);
            else if (i < count && k == i + count)
                value = dt;
            ir_constant_set(&setup, m.first + i * m.size + k, value);
        }
    struct ir_node *operands[] = { ir_integer(&setup, m.size), ir_integer(&setup, m.first),
                                   ir_integer(&setup, m.result) };
    ir_call_rt(&setup, IR_RT_snn_rt_matrix_exponential, 3, operands);
    return m;
}

static void exact_system(struct integration *in, const struct linear *forms, struct ir_node **next)
{
    int32_t count = in->ode->ode.variable_count;
    struct matrix m = system_matrix(in, forms);
    remark(in->c, in->ode->span, "integrate",
           "%d coupled linear equations: integrated exactly by a matrix exponential, computed once",
           (int)count);
    for (int32_t i = 0; i < count; i++) {
        enum ir_type type = in->values[i]->type;
        struct ir_node *total = NULL;
        for (int32_t k = 0; k < count; k++) {
            if (!reaches(forms, count, i, k))
                continue;
            struct ir_node *factor = ir_leaf(&in->b, IR_CONSTANT, type, m.result + i * m.size + k);
            total = sum(in, IR_ADD, total,
                        ir_binary(&in->b, IR_MUL, factor, ir_cast(&in->b, type, in->values[k])));
            if (forms[k].rest == NULL)
                continue;
            factor = ir_leaf(&in->b, IR_CONSTANT, type, m.result + i * m.size + k + count);
            total = sum(in, IR_ADD, total,
                        ir_binary(&in->b, IR_MUL, factor, ir_cast(&in->b, type, forms[k].rest)));
        }
        next[i] = total;
    }
}

/* The matrix is that of the time since the last event, the same for all neurons: made ahead of
 * their loop. */
static void exact_system_between(struct integration *in, const struct linear *forms,
                                 struct ir_node **next)
{
    int32_t count = in->ode->ode.variable_count, first = in->program->constant_count;
    int32_t matrix = in->ode->ode.matrix;
    struct ir_builder setup = setup_builder(in), ahead = in->b;
    for (int32_t i = 0; i < count * count; i++)
        ir_add_constant(in->c, in->program, "system", false);
    set_coefficients(in, &setup, forms, first);
    ahead.block = in->loop_block;
    ahead.before = in->loop;
    struct ir_node *operands[] = { ir_integer(&ahead, count), ir_integer(&ahead, first),
                                   in->ode->ode.dt, ir_integer(&ahead, matrix) };
    ir_call_rt(&ahead, IR_RT_snn_rt_propagator, 4, operands);
    remark(in->c, in->ode->span, "integrate",
           "%d coupled linear equations: integrated exactly from event to event by a matrix "
           "exponential for all neurons",
           (int)count);
    for (int32_t i = 0; i < count; i++) {
        enum ir_type type = in->values[i]->type;
        struct ir_node *total = NULL;
        for (int32_t k = 0; k < count; k++) {
            if (!reaches(forms, count, i, k))
                continue;
            const struct ir_node *parts[] = { in->values[k], forms[k].rest };
            for (int32_t p = 0; p < 2; p++) {
                if (parts[p] == NULL)
                    continue;
                struct ir_node *place = ir_integer(&in->b, 2 * count * i + p * count + k);
                struct ir_node *factor = ir_cast(&in->b, type, ir_load(&in->b, matrix, place));
                struct ir_node *part = ir_cast(&in->b, type, (struct ir_node *)parts[p]);
                total = sum(in, IR_ADD, total, ir_binary(&in->b, IR_MUL, factor, part));
            }
        }
        next[i] = total;
    }
}

static bool is_uncoupled(const struct linear *forms, int32_t count, int32_t i)
{
    for (int32_t k = 0; k < count; k++)
        if (k != i && forms[i].coefficients[k] != NULL)
            return false;
    return true;
}

static bool refuse_exact(struct integration *in, int32_t k, const char *why)
{
    in->is_failed = true;
    diag_error(in->c, in->ode->ode.variables[k].rate->span, "%s' cannot be integrated exactly: %s",
               in->ode->ode.variables[k].name, why);
    if (is_setup_value(in->ode->ode.dt))
        diag_hint(in->c, "name a method: %s' = … using exponential_euler, rk4 or euler",
                  in->ode->ode.variables[k].name);
    else
        diag_hint(in->c, "give the network a step, and the equation a method");
    return false;
}

static bool integrate_exact(struct integration *in, struct ir_node **next)
{
    int32_t count = in->ode->ode.variable_count;
    struct linear forms[64];
    bool is_coupled = false, is_constant = true;
    for (int32_t i = 0; i < count; i++) {
        forms[i] = linear_form(in, in->ode->ode.variables[i].rate, -1);
        if (!forms[i].is_linear)
            return refuse_exact(in, i, "it is not linear");
    }
    for (int32_t i = 0; i < count; i++) {
        is_coupled = is_coupled || !is_uncoupled(forms, count, i);
        for (int32_t k = 0; k < count; k++)
            is_constant = is_constant && is_setup_value(forms[i].coefficients[k]);
    }
    if (is_coupled && !is_constant)
        return refuse_exact(in, 0, "coupled equations need coefficients that do not change");
    if (is_coupled && !is_setup_value(in->ode->ode.dt)) {
        if (in->ode->ode.matrix < 0 || in->loop == NULL)
            return refuse_exact(in, 0, "coupled equations stand in neurons in continuous time");
        exact_system_between(in, forms, next);
        return true;
    }
    if (is_coupled) {
        exact_system(in, forms, next);
        return true;
    }
    for (int32_t i = 0; i < count; i++) {
        struct ir_node *a = forms[i].coefficients[i];
        if (a == NULL) {
            next[i] = drift(in, i, forms[i].rest);
        } else if (is_setup_value(a)) {
            next[i] = decay_constant(in, i, a, forms[i].rest);
        } else {
            struct ir_node *rate =
                sum(in, IR_ADD, ir_binary(&in->b, IR_MUL, a, in->values[i]), forms[i].rest);
            remark(in->c, in->ode->span, "integrate",
                   "%s' is linear, its coefficient changes: integrated exactly with an exponential "
                   "in each step",
                   in->ode->ode.variables[i].name);
            next[i] = decay_changing(in, i, a, rate);
        }
    }
    return true;
}

/* ---- linear forms, to find crossings ---- */

static bool refuse_crossing(struct integration *in, int32_t k, const char *why)
{
    in->is_failed = true;
    const struct ir_ode_variable *variable = &in->ode->ode.variables[k];
    if (k + 1 == in->ode->ode.variable_count)
        diag_error(in->c, variable->rate->span,
                   "when this condition begins to hold between events has no closed form: %s", why);
    else
        diag_error(in->c, variable->rate->span, "%s' has no closed form between events: %s",
                   variable->name, why);
    diag_hint(in->c, "give the network a step, or have the spike depend on linear equations alone");
    return false;
}

static bool find_form(struct integration *in, struct ir_node **next)
{
    int32_t count = in->ode->ode.variable_count;
    struct linear forms[64] = { { 0 } };
    struct ir_builder setup = setup_builder(in);
    for (int32_t i = 0; i < count; i++) {
        forms[i] = linear_form(in, in->ode->ode.variables[i].rate, -1);
        if (!forms[i].is_linear && i + 1 < count) { /* its own integration says so */
            in->is_failed = true;
            return false;
        }
        if (!forms[i].is_linear)
            return refuse_crossing(in, i, "it is not linear");
        for (int32_t k = 0; k < count; k++)
            if (!is_setup_value(forms[i].coefficients[k]))
                return refuse_crossing(in, i, "its coefficients are not the same for all neurons");
    }
    for (int32_t i = 0; i < count; i++)
        for (int32_t k = 0; k < i; k++)
            if (reaches(forms, count, i, k) && reaches(forms, count, k, i))
                return refuse_crossing(in, i,
                                       arena_format(&in->c->arena,
                                                    "it depends on %s, which depends on it",
                                                    in->ode->ode.variables[k].name));
    set_coefficients(in, &setup, forms, in->ode->ode.first);
    for (int32_t i = 0; i < count; i++)
        next[i] = forms[i].rest != NULL ? forms[i].rest : zero_like(in, in->values[i]);
    remark(in->c, in->ode->span, "integrate",
           "crossings of the threshold are found between events");
    return true;
}

/* ---- other methods ---- */

static struct ir_node *advanced(struct integration *in, int32_t k, struct ir_node *rate,
                                struct ir_node *dt)
{
    return ir_binary(&in->b, IR_ADD, in->values[k],
                     ir_binary(&in->b, IR_MUL, ir_cast(&in->b, in->values[k]->type, dt), rate));
}

static bool integrate_euler(struct integration *in, struct ir_node **next)
{
    struct ir_node *rates[64];
    copy_rates(in, in->values, rates);
    for (int32_t k = 0; k < in->ode->ode.variable_count; k++)
        next[k] = advanced(in, k, rates[k], in->ode->ode.dt);
    return true;
}

/* Kutta's classical method of order 4. */
static bool integrate_rk4(struct integration *in, struct ir_node **next)
{
    int32_t count = in->ode->ode.variable_count;
    struct ir_node *rates[4][64], *stage[64];
    struct ir_node *dt = in->ode->ode.dt,
                   *half = ir_binary(&in->b, IR_MUL, dt, ir_real(&in->b, dt->type, 0.5));
    struct ir_node *sixth = ir_binary(&in->b, IR_DIV, dt, ir_real(&in->b, dt->type, 6));
    for (int s = 0; s < 4; s++) {
        for (int32_t k = 0; k < count; k++)
            stage[k] =
                s == 0 ? in->values[k] : advanced(in, k, rates[s - 1][k], s == 3 ? dt : half);
        copy_rates(in, stage, rates[s]);
    }
    for (int32_t k = 0; k < count; k++) {
        struct ir_node *middle = ir_binary(&in->b, IR_ADD, rates[1][k], rates[2][k]);
        struct ir_node *ends = ir_binary(&in->b, IR_ADD, rates[0][k], rates[3][k]);
        struct ir_node *all =
            ir_binary(&in->b, IR_ADD, ends,
                      ir_binary(&in->b, IR_MUL, ir_real(&in->b, middle->type, 2), middle));
        next[k] = advanced(in, k, all, sixth);
    }
    return true;
}

/* Each equation exactly in its own variable, the others held (Rush & Larsen 1978). */
static bool integrate_exponential_euler(struct integration *in, struct ir_node **next)
{
    int32_t count = in->ode->ode.variable_count;
    struct ir_node *rates[64];
    copy_rates(in, in->values, rates);
    for (int32_t k = 0; k < count; k++) {
        struct linear form = linear_form(in, in->ode->ode.variables[k].rate, k);
        if (!form.is_linear) {
            in->is_failed = true;
            diag_error(in->c, in->ode->ode.variables[k].rate->span,
                       "%s' is not linear in %s, as exponential_euler needs it",
                       in->ode->ode.variables[k].name, in->ode->ode.variables[k].name);
            diag_hint(in->c, "use rk4 or euler");
            return false;
        }
        struct ir_node *a = form.coefficients[k];
        next[k] = a == NULL ? advanced(in, k, rates[k], in->ode->ode.dt)
                            : decay_changing(in, k, a, rates[k]);
    }
    return true;
}

/* ---- the pass ---- */

/* Takes the ODE_VALUEs out of the body, so that copies of it ask map_value for them. */
static void take_values_out(struct ir_block *block, void *data)
{
    for (struct ir_node *node = block->first, *next; node != NULL; node = next) {
        next = node->next;
        if (node->kind == IR_NODE_INSTR && node->op == IR_ODE_VALUE)
            ir_remove(block, node);
        else
            ir_for_each_block(node, take_values_out, data);
    }
}

static bool refuse_method(struct integration *in)
{
    in->is_failed = true;
    diag_error(in->c, in->ode->ode.variables[0].rate->span,
               "%s' cannot be advanced from event to event: its method takes steps",
               in->ode->ode.variables[0].name);
    diag_hint(in->c, "drop 'using …' if the equation is linear; otherwise give the network a step");
    return false;
}

static bool advance(struct integration *in, struct ir_node **next)
{
    enum ir_ode_method method = in->ode->ode.method;
    if (method != IR_ODE_EXACT && !is_setup_value(in->ode->ode.dt))
        return refuse_method(in);
    switch (method) {
    case IR_ODE_EXACT: return integrate_exact(in, next);
    case IR_ODE_EULER: return integrate_euler(in, next);
    case IR_ODE_RK4: return integrate_rk4(in, next);
    case IR_ODE_EXPONENTIAL_EULER: return integrate_exponential_euler(in, next);
    case IR_ODE_FORM: return find_form(in, next);
    }
    unreachable();
}

static void integrate(struct integration *in, struct ir_block *block)
{
    struct ir_node *node = in->ode;
    int32_t count = node->ode.variable_count;
    struct ir_node *values[64], *next[64];
    if (count > 64) {
        in->is_failed = true;
        diag_error(in->c, node->span, "a system has at most 64 equations");
        return;
    }
    take_values_out(&node->ode.body, NULL);
    in->b.block = block;
    in->b.before = node;
    in->b.span = node->span;
    for (int32_t k = 0; k < count; k++)
        values[k] = ir_get(&in->b, node->ode.variables[k].var);
    in->values = values;
    bool done = advance(in, next);
    for (int32_t k = 0; done && k < count; k++)
        ir_set(&in->b, node->ode.variables[k].var, ir_cast(&in->b, values[k]->type, next[k]));
    ir_remove(block, node);
}

static void visit_block(struct ir_block *block, void *data)
{
    struct integration *in = data;
    for (struct ir_node *node = block->first, *next; node != NULL; node = next) {
        next = node->next;
        if (node->kind == IR_NODE_ODE) {
            in->ode = node;
            integrate(in, block);
            continue;
        }
        struct ir_block *outer_block = in->loop_block;
        struct ir_node *outer = in->loop;
        if (node->kind == IR_NODE_LOOP) {
            in->loop_block = block;
            in->loop = node;
        }
        ir_for_each_block(node, visit_block, in);
        in->loop_block = outer_block;
        in->loop = outer;
    }
}

bool pass_integrate(struct compilation *c, struct ir_program *program)
{
    struct integration in = { .c = c, .program = program };
    for (int32_t i = 0; i < program->function_count; i++) {
        in.b = (struct ir_builder){ .compilation = c,
                                    .program = program,
                                    .function = program->functions[i] };
        visit_block(&program->functions[i]->body, &in);
    }
    for (int32_t i = 0; i < program->function_count; i++)
        ir_number(program->functions[i]);
    program->gone |= IR_GONE_ODE;
    return !in.is_failed;
}
