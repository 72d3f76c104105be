/* SPDX-License-Identifier: MIT
 *
 * What checking tells lowering about programs without mistakes: instances, inferred types, domains,
 * the order of layers, which loops may run in parallel.
 */
#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "semantics/semantics.h"
#include "syntax/parse.h"

static const char *const program =
    "param n = 40\n"
    "param window = 0.25 s\n"
    "param tau = 20 ms\n"
    "let twice = 2 * n\n"
    "let kernel = 3 + 2\n"
    "data digits = builtin_digits()\n"
    "persistent rates[neuron: n, class: digits.classes] = 0\n"
    "persistent labels[neuron: n] = -1\n"
    "func half(x) = x / 2\n"
    "neuron cell(tau = 10 ms, jump = 1 mV) {\n"
    "    input i : mV\n"
    "    state v : mV = 0 mV\n"
    "    persistent theta : float64 mV = 0 mV\n"
    "    v' = -v / tau\n"
    "    v += i\n"
    "    spike when v > 20 mV + theta\n"
    "    on spike { v = 0 mV; theta += jump }\n"
    "}\n"
    "neuron shy extends cell(5 ms) { spike at most 1 }\n"
    "rule keep(eta) {\n"
    "    post state total = 0\n"
    "    on post { total = eta; w += eta }\n"
    "}\n"
    "network net {\n"
    "    step 1 ms\n"
    "    layer out = shy[n]\n"
    "    layer hidden = cell(tau)[y: 4, x: 5]\n"
    "    layer x = poisson_like[y: 28, x: 28]\n"
    "    connect x -> hidden via dense { weight uniform(0 mV, 1 mV) in 0 mV .. 2 mV; learn "
    "keep(0.1 mV) }\n"
    "    connect hidden -> out via dense { weight 1 mV }\n"
    "    connect out -> out via all_but_one { weight -1 mV; lag 1 step }\n"
    "}\n"
    "neuron poisson_like(rate = 100 Hz) { input a; spike with chance a * rate * dt }\n"
    "task train {\n"
    "    learn x_hidden, out.theta\n"
    "    let best = 0\n"
    "    let counts = for s in digits.train { present s.image to x for window; yield out.count }\n"
    "    rates[j, c] = mean(counts[s, j] for s in counts.sample if digits.train.label[s] == c)\n"
    "    labels[j] = argmax(rates[j, c] for c)\n"
    "    best = half(mean(labels))\n"
    "    x.rate *= 2\n"
    "    let whole = half(n)\n"
    "    report best\n"
    "    report whole\n"
    "}\n"
    "task test {\n"
    "    let total = 0\n"
    "    let guess = for s in digits.test { present s.image to x for window; yield "
    "argmax(out.count) }\n"
    "    let sums = for s in digits.test { total += 1; yield total }\n"
    "    report guess\n"
    "    report sums\n"
    "}\n";

static struct symbol *find(const struct symbol_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i]->name->text, name) == 0)
            return list->items[i];
    assert(!"found");
    return NULL;
}

static const struct block *body_of(const struct model *model, const char *task)
{
    return find(&model->tasks, task)->declaration->task.body;
}

static void test_constants(const struct model *model)
{
    const struct symbol *window = find(&model->params, "window");
    assert(window->type->kind == TYPE_REAL64 && window->type->is_constant);
    assert(unit_equal(window->type->unit, unit_time()));
    assert(window->value->constant->real == 250);
    assert(window->constant == NULL); /* a param is known at run time only */
    assert(find(&model->constants, "kernel")->constant->integer == 5);
    assert(find(&model->constants, "twice")->constant == NULL);
    assert(find(&model->constants, "twice")->type->is_constant);
}

static void test_persistents(const struct model *model)
{
    const struct symbol *rates = find(&model->persistents, "rates");
    const struct symbol *labels = find(&model->persistents, "labels");
    assert(rates->type->kind == TYPE_REAL32); /* a mean is assigned to it */
    assert(labels->type->kind == TYPE_INT);
    assert(rates->type->axes.count == 2);
    assert(rates->type->axes.items[0].size.kind == SIZE_EXPRESSION);
    assert(rates->type->axes.items[1].size.value == 10);
    assert(size_compare(rates->type->axes.items[0].size, labels->type->axes.items[0].size) ==
           SIZE_EQUAL);
}

static void test_network(const struct model *model)
{
    const struct network *net = model->networks.items[0];
    assert(unit_equal(net->time_unit, unit_time()));
    assert(strcmp(net->order.items[0]->name->text, "x") == 0);
    assert(strcmp(net->order.items[1]->name->text, "hidden") == 0);
    assert(strcmp(net->order.items[2]->name->text, "out") == 0);
    const struct neuron_instance *shy = net->layers.items[0]->model;
    assert(shy->states.count == 2 && shy->inputs.count == 1);
    assert(find(&shy->parameters, "tau")->constant->real == 5);
    assert(find(&shy->states, "theta")->type->kind == TYPE_REAL64);
    assert(find(&shy->states, "v")->type->kind == TYPE_REAL32);
    assert(shy->spike != NULL && shy->spike->spike.form == SPIKE_WHEN);
    const struct neuron_instance *hidden = net->layers.items[1]->model;
    assert(find(&hidden->parameters, "tau")->constant == NULL); /* bound to a param */
    assert(find(&hidden->parameters, "tau") != find(&shy->parameters, "tau"));
    const struct symbol *rate = find(&net->layers.items[2]->model->parameters, "rate");
    assert(rate->is_assigned && !rate->type->is_constant && rate->constant == NULL);
}

static void test_connections(const struct model *model)
{
    const struct connection_list *list = &model->networks.items[0]->connections;
    const struct connection *first = list->items[0];
    assert(strcmp(first->name->text, "x_hidden") == 0);
    assert(!first->weight_is_uniform && list->items[1]->weight_is_uniform);
    assert(unit_equal(first->unit, unit_voltage()));
    assert(first->high->constant->real == 2);
    const struct rule_instance *keep = first->rules.items[0];
    assert(unit_equal(keep->states.items[0]->type->unit,
                      unit_voltage())); /* from what it is assigned */
    assert(list->items[2]->lag != NULL && list->items[2]->kind->id == BUILTIN_ALL_BUT_ONE);
    assert(first->slot->kind == SYMBOL_INPUT);
}

static void test_functions(const struct model *model)
{
    /* half of a constant whole number and half of a real: two instances */
    size_t halves = 0;
    for (size_t i = 0; i < model->functions.count; i++)
        if (strcmp(model->functions.items[i]->declaration->name.name->text, "half") == 0)
            halves++;
    assert(halves == 2);
}

static void test_train(const struct model *model)
{
    const struct block *train = body_of(model, "train");
    const struct statement *best = train->statements.items[1];
    assert(best->symbol->type->kind == TYPE_REAL32); /* 0 at first, a real later */
    const struct statement *counts = train->statements.items[2];
    assert(!counts->let.value->loop.facts->is_parallel); /* it learns */
    assert(strcmp(counts->symbol->type->axes.items[0].name->text, "sample") == 0);
    assert(counts->symbol->type->axes.count == 2 && counts->symbol->type->kind == TYPE_INT);
    const struct statement *labels = train->statements.items[4];
    assert(labels->assign.indices.count == 1);
    const struct symbol *j = labels->assign.indices.items[0].symbol;
    assert(j->domain.kind == DOMAIN_EXTENT && j->domain.position == 0);
    const struct expr *argmax = labels->assign.value;
    assert(argmax->target->builtin->id == BUILTIN_ARGMAX);
    assert(argmax->comprehension.clauses.items[0].symbol->domain.position == 1);
}

static void test_parallel(const struct model *model)
{
    const struct block *test = body_of(model, "test");
    const struct loop_facts *guess = test->statements.items[1]->let.value->loop.facts;
    const struct loop_facts *sums = test->statements.items[2]->let.value->loop.facts;
    assert(guess->is_parallel && guess->reason == NULL);
    assert(!sums->is_parallel && strstr(sums->reason, "'total'") != NULL);
    assert(sums->reason_span.source != 0);
}

int main(void)
{
    struct compilation c;
    struct model *model;
    struct semantics_options options = { .stdlib_folder = NULL };
    compilation_init(&c);
    struct file *file = parse_text(&c, "model.snn", program, strlen(program));
    bool is_right = semantics_check(&c, file, &options, &model);
    diag_print_all(&c, stderr, DIAG_FORMAT_TEXT);
    assert(is_right);
    test_constants(model);
    test_persistents(model);
    test_network(model);
    test_connections(model);
    test_functions(model);
    test_train(model);
    test_parallel(model);
    compilation_finish(&c);
    return 0;
}
