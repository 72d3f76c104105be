/* SPDX-License-Identifier: MIT
 *
 * The order in which layers run in a step, or for events of one time: along connections without
 * delay and lag, otherwise as declared. A loop of such connections has no order and is an error.
 */
#include "semantics/check.h"

static bool is_immediate(const struct network *network, const struct connection *connection)
{
    if (network->lag != NULL)
        return false;
    const struct expr *delay = connection->delay;
    bool is_zero =
        delay != NULL && delay->constant != NULL && constant_number(delay->constant) == 0;
    return connection->lag == NULL && (delay == NULL || is_zero);
}

/* A walk along immediate connections that comes back to where it began. */
struct walk {
    const struct network *network;
    const struct connection **path; /* [connections] */
    size_t length;
    bool *is_visited; /* by layer */
};

static bool find_way(struct walk *walk, const struct layer *from, const struct layer *to)
{
    for (size_t i = 0; i < walk->network->connections.count; i++) {
        const struct connection *connection = walk->network->connections.items[i];
        if (connection->source != from || !is_immediate(walk->network, connection))
            continue;
        if (connection->target != to && walk->is_visited[connection->target->number])
            continue;
        walk->path[walk->length++] = connection;
        if (connection->target == to)
            return true;
        walk->is_visited[connection->target->number] = true;
        if (find_way(walk, connection->target, to))
            return true;
        walk->length--;
    }
    return false;
}

static void report_loop(struct checker *k, const struct walk *walk, const struct layer *start)
{
    const char *text = start->name->text;
    for (size_t i = 0; i < walk->length; i++)
        text = arena_format(k->arena, "%s -> %s", text, walk->path[i]->target->name->text);
    diag_error(k->c, walk->path[0]->statement->span,
               "a loop of connections without delay or lag: %s", text);
    for (size_t i = 1; i < walk->length; i++)
        diag_note(k->c, walk->path[i]->statement->span, "it goes on with '%s -> %s'",
                  walk->path[i]->source->name->text, walk->path[i]->target->name->text);
    if (walk->network->is_continuous)
        diag_hint(k->c, "give one of them 'delay ...'");
    else
        diag_hint(k->c,
                  "give one of them 'delay ...', or write 'lag 1 step' in it or in the network");
}

/* The first layer, as declared, all of whose immediate sources have run. Null in a loop. */
static struct layer *next_layer(const struct network *network, const bool *has_run)
{
    for (size_t i = 0; i < network->layers.count; i++) {
        bool is_ready = !has_run[i];
        for (size_t j = 0; is_ready && j < network->connections.count; j++) {
            const struct connection *connection = network->connections.items[j];
            if (connection->target->number == i && is_immediate(network, connection) &&
                !has_run[connection->source->number])
                is_ready = false;
        }
        if (is_ready)
            return network->layers.items[i];
    }
    return NULL;
}

void order_layers(struct checker *k, struct network *network)
{
    size_t count = network->layers.count;
    bool *has_run = arena_alloc_array(k->arena, count + 1, sizeof *has_run);
    for (size_t i = 0; i < count; i++) {
        struct layer *layer = next_layer(network, has_run);
        if (layer == NULL)
            break;
        has_run[layer->number] = true;
        array_push(k->arena, &network->order, layer);
    }
    for (size_t i = 0; i < count && network->order.count < count; i++) {
        struct walk walk = { .network = network };
        walk.path = arena_alloc_array(k->arena, network->connections.count + 1, sizeof *walk.path);
        walk.is_visited = arena_alloc_array(k->arena, count + 1, sizeof *walk.is_visited);
        if (!has_run[i] && find_way(&walk, network->layers.items[i], network->layers.items[i])) {
            report_loop(k, &walk, network->layers.items[i]);
            return;
        }
    }
}
