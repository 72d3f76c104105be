/* SPDX-License-Identifier: MIT
 *
 * Compaction on a CPU: the indices of the set flags, ascending. 64 flags at a time, then 16; most
 * blocks have none set and cost a load and a test.
 */
#include "codegen/internal.h"

struct compaction {
    const struct ir_node *node;
    LLVMValueRef count;          /* variable: indices written so far */
    const struct ir_node *store; /* in a vector loop: what sets the flags */
    LLVMValueRef lanes;          /* … and the flags of the lanes at hand */
    bool is_in_loop;             /* … which has not ended */
};

static LLVMValueRef load_flags(struct emitter *e, const struct compaction *c, LLVMValueRef first,
                               unsigned width)
{
    struct generator *g = e->generator;
    LLVMTypeRef type = LLVMVectorType(g->i8, width);
    LLVMValueRef load =
        LLVMBuildLoad2(e->builder, type, memory_element(e, c->node->compact.flags, first), "");
    LLVMSetAlignment(load, 1);
    memory_tag(e, c->node->compact.flags, load);
    LLVMValueRef set = LLVMBuildICmp(e->builder, LLVMIntNE, load, LLVMConstNull(type), "");
    LLVMValueRef word =
        LLVMBuildBitCast(e->builder, set, LLVMIntTypeInContext(g->context, width), "");
    return width < 64 ? LLVMBuildZExt(e->builder, word, g->i64, "") : word;
}

static void append(struct emitter *e, const struct compaction *c, LLVMValueRef index)
{
    struct generator *g = e->generator;
    LLVMValueRef count = LLVMBuildLoad2(e->builder, g->i64, c->count, "");
    LLVMValueRef place = memory_element(e, c->node->compact.list, count);
    LLVMValueRef narrow = LLVMBuildTrunc(e->builder, index, g->i32, "");
    memory_tag(e, c->node->compact.list, LLVMBuildStore(e->builder, narrow, place));
    LLVMBuildStore(e->builder, LLVMBuildAdd(e->builder, count, value_integer(g, 1), ""), c->count);
}

/* Appends first + b for each set bit b of word. */
static void emit_bits(struct emitter *e, const struct compaction *c, LLVMValueRef first,
                      LLVMValueRef word)
{
    struct generator *g = e->generator;
    LLVMBasicBlockRef before = LLVMGetInsertBlock(e->builder), test = emitter_block(e, "bits");
    LLVMBasicBlockRef body = emitter_block(e, "bit"), leave = emitter_block(e, "nobits");
    emitter_branch_to(e, test);
    LLVMValueRef left = LLVMBuildPhi(e->builder, g->i64, "left");
    LLVMAddIncoming(left, &word, &before, 1);
    LLVMBuildCondBr(e->builder,
                    LLVMBuildICmp(e->builder, LLVMIntNE, left, LLVMConstNull(g->i64), ""), body,
                    leave);
    emitter_start(e, body);
    LLVMValueRef arguments[] = { left, LLVMConstInt(g->i1, 1, false) };
    LLVMValueRef bit = value_call(g, "llvm.cttz", 1, &g->i64, 2, arguments);
    append(e, c, LLVMBuildAdd(e->builder, first, bit, ""));
    LLVMValueRef below = LLVMBuildSub(e->builder, left, value_integer(g, 1), "");
    LLVMValueRef rest = LLVMBuildAnd(e->builder, left, below, "");
    LLVMAddIncoming(left, &rest, &body, 1);
    LLVMBuildBr(e->builder, test);
    emitter_start(e, leave);
}

/* The same without a branch for each index, which would be mispredicted: the indices of the set
   lanes are moved together and stored as a whole block. What is written past them lies within the
   list, which is as long as the flags, and is written over or beyond the count. */
static void emit_compressed(struct emitter *e, const struct compaction *c, LLVMValueRef first,
                            LLVMValueRef set)
{
    struct generator *g = e->generator;
    LLVMTypeRef type = LLVMVectorType(g->i32, LANES),
                bits = LLVMIntTypeInContext(g->context, LANES);
    LLVMValueRef start = LLVMBuildTrunc(e->builder, first, g->i32, "");
    LLVMValueRef indices =
        LLVMBuildAdd(e->builder, value_splat(e, start, LANES), value_iota(g->i32, LANES), "");
    LLVMValueRef arguments[] = { indices, LLVMConstNull(type), set };
    LLVMValueRef packed = value_call(g, "llvm.x86.avx512.mask.compress", 1, &type, 3, arguments);
    LLVMValueRef count = LLVMBuildLoad2(e->builder, g->i64, c->count, "");
    LLVMValueRef place = memory_element(e, c->node->compact.list, count);
    LLVMValueRef store = LLVMBuildStore(e->builder, packed, place);
    LLVMSetAlignment(store, 4);
    memory_tag(e, c->node->compact.list, store);
    LLVMValueRef word = LLVMBuildBitCast(e->builder, set, bits, "");
    LLVMValueRef found = value_call(g, "llvm.ctpop", 1, &bits, 1, &word);
    found = LLVMBuildZExt(e->builder, found, g->i64, "");
    LLVMBuildStore(e->builder, LLVMBuildAdd(e->builder, count, found, ""), c->count);
}

static LLVMValueRef emit_words(struct emitter *e, const struct compaction *c, LLVMValueRef low,
                               LLVMValueRef high, unsigned width)
{
    struct counted_loop loop;
    counted_begin(e, &loop, low, high, width, value_integer(e->generator, width));
    emit_bits(e, c, loop.index, load_flags(e, c, loop.index, width));
    counted_end(e, &loop);
    return loop.index;
}

/* What is left: 16 flags at a time. Buffers are as long as whole blocks of 16; flags past `high`
 * are masked off. */
static void emit_rest(struct emitter *e, const struct compaction *c, LLVMValueRef low,
                      LLVMValueRef high)
{
    struct generator *g = e->generator;
    struct counted_loop loop;
    counted_begin(e, &loop, low, high, 1, value_integer(g, LANES));
    LLVMValueRef word = load_flags(e, c, loop.index, LANES);
    LLVMValueRef count = LLVMBuildSub(e->builder, high, loop.index, "");
    LLVMValueRef arguments[] = { count, value_integer(g, LANES) };
    LLVMValueRef kept = value_call(g, "llvm.smin", 1, &g->i64, 2, arguments);
    LLVMValueRef beyond = LLVMBuildShl(e->builder, value_integer(g, -1), kept, "");
    word = LLVMBuildAnd(e->builder, word, LLVMBuildNot(e->builder, beyond, ""), "");
    emit_bits(e, c, loop.index, word);
    counted_end(e, &loop);
}

/* ---- in the vector loop that sets the flags ---- */

static bool is_same_value(const struct ir_node *a, const struct ir_node *b)
{
    bool are_leaves = a->kind == IR_NODE_INSTR && b->kind == IR_NODE_INSTR && a->op == b->op &&
                      (a->op == IR_SIZE || a->op == IR_CONST);
    return a == b || (are_leaves && a->type == b->type && a->payload.integer == b->payload.integer);
}

/* The compaction after the loop, with nothing but instructions without effect between. */
static const struct ir_node *find_compact(const struct ir_node *loop)
{
    const struct ir_node *node = loop->next;
    while (node != NULL && ir_is_pure(node))
        node = node->next;
    return node != NULL && node->kind == IR_NODE_COMPACT ? node : NULL;
}

struct store_search {
    const struct ir_node *compact;
    int stores; /* of flags */
    bool uses_list;
};

static void find_stores(struct ir_block *block, void *data)
{
    struct store_search *s = data;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        bool is_access =
            node->kind == IR_NODE_INSTR && (node->op == IR_LOAD || node->op == IR_STORE);
        int32_t buffer = is_access                    ? node->payload.index
                         : node->kind == IR_NODE_LOOP ? node->loop.events
                                                      : -1;
        s->uses_list |= buffer >= 0 &&
                        (buffer == s->compact->compact.list || buffer == s->compact->compact.count);
        s->stores += is_access && node->op == IR_STORE && buffer == s->compact->compact.flags;
        ir_for_each_block(node, find_stores, data);
    }
}

/* The one store of all flags, each iteration its own; null if there is none. */
static const struct ir_node *find_flag_store(const struct ir_node *loop,
                                             const struct ir_node *compact)
{
    struct store_search search = { .compact = compact };
    struct ir_block body = loop->loop.body;
    const struct ir_node *low = loop->loop.low;
    bool starts_at_zero =
        low->kind == IR_NODE_INSTR && low->op == IR_CONST && low->payload.integer == 0;
    find_stores(&body, &search);
    if (loop->loop.events >= 0 || !starts_at_zero || search.uses_list || search.stores != 1 ||
        !is_same_value(loop->loop.high, compact->compact.high))
        return NULL;
    for (const struct ir_node *node = body.first; node != NULL; node = node->next)
        if (node->kind == IR_NODE_INSTR && node->op == IR_STORE &&
            node->payload.index == compact->compact.flags && node->operands[0] == loop->loop.index)
            return node;
    return NULL;
}

void compact_begin_loop(struct emitter *e, const struct ir_node *loop)
{
    const struct ir_node *compact = find_compact(loop);
    const struct ir_node *store = compact != NULL ? find_flag_store(loop, compact) : NULL;
    if (store == NULL)
        return;
    struct compaction *c = arena_new(&e->generator->compilation->arena, struct compaction);
    *c = (struct compaction){
        .node = compact,
        .count = emitter_variable(e, e->generator->i64, "count"),
        .store = store,
        .is_in_loop = true,
    };
    LLVMBuildStore(e->builder, value_integer(e->generator, 0), c->count);
    e->compaction = c;
}

bool compact_takes_store(struct emitter *e, const struct ir_node *store, LLVMValueRef lanes)
{
    if (store != e->compaction->store)
        return false;
    e->compaction->lanes = lanes;
    return e->generator->is_register_only[store->payload.index];
}

/* ---- flags that stay in registers ---- */

struct flag_search {
    bool *is_read;    /* by buffer */
    int *compactions; /* by buffer: those that are not done in the loop before them */
};

static void search_flags(struct ir_block *block, void *data)
{
    struct flag_search *s = data;
    for (const struct ir_node *node = block->first; node != NULL; node = node->next) {
        const struct ir_node *compact =
            node->kind == IR_NODE_LOOP && node->loop.is_vector ? find_compact(node) : NULL;
        if (node->kind == IR_NODE_INSTR && node->op == IR_LOAD)
            s->is_read[node->payload.index] = true;
        if (node->kind == IR_NODE_COMPACT)
            s->compactions[node->compact.flags]++;
        if (compact != NULL && find_flag_store(node, compact) != NULL)
            s->compactions[compact->compact.flags]--;
        ir_for_each_block((struct ir_node *)node, search_flags, s);
    }
}

void compact_find_register_only(struct generator *g)
{
    struct arena *arena = &g->compilation->arena;
    const struct ir_program *program = g->program;
    size_t count = (size_t)program->buffer_count + 1;
    struct flag_search s = { arena_alloc_array(arena, count, sizeof *s.is_read),
                             arena_alloc_array(arena, count, sizeof *s.compactions) };
    for (int32_t i = 0; i < program->function_count; i++)
        search_flags(&program->functions[i]->body, &s);
    g->is_register_only = arena_alloc_array(arena, count, sizeof *g->is_register_only);
    for (int32_t i = 0; i < program->buffer_count; i++) {
        const struct ir_buffer *buffer = &program->buffers[i];
        g->is_register_only[i] = g->target->has_lanes && buffer->is_state && !buffer->is_observed &&
                                 !s.is_read[i] && s.compactions[i] == 0;
    }
}

void compact_append_lanes(struct emitter *e, LLVMValueRef first)
{
    struct generator *g = e->generator;
    if (e->compaction == NULL || !e->compaction->is_in_loop)
        return;
    LLVMTypeRef bits = LLVMIntTypeInContext(g->context, e->width);
    LLVMValueRef set = lanes_and(e, e->mask, e->compaction->lanes);
    if (g->has_avx512 && e->width == LANES) {
        LLVMBasicBlockRef some = emitter_block(e, "some"), leave = emitter_block(e, "none");
        LLVMBuildCondBr(e->builder, lanes_any(e, set), some, leave);
        emitter_start(e, some);
        emit_compressed(e, e->compaction, first, set);
        emitter_branch_to(e, leave);
        return;
    }
    LLVMValueRef word = LLVMBuildBitCast(e->builder, set, bits, "");
    if (e->width < 64)
        word = LLVMBuildZExt(e->builder, word, g->i64, "");
    emit_bits(e, e->compaction, first, word);
}

void compact_end_loop(struct emitter *e)
{
    if (e->compaction != NULL)
        e->compaction->is_in_loop = false;
}

/* ---- by itself ---- */

static void emit_count(struct emitter *e, const struct compaction *c)
{
    LLVMValueRef count = LLVMBuildLoad2(e->builder, e->generator->i64, c->count, "");
    memory_store(e, c->node->compact.count, value_uniform(value_integer(e->generator, 0)),
                 value_uniform(count));
}

void emit_compact(struct emitter *e, const struct ir_node *node)
{
    struct generator *g = e->generator;
    if (e->compaction != NULL && e->compaction->node == node) {
        emit_count(e, e->compaction);
        e->compaction = NULL;
        return;
    }
    struct compaction c = { .node = node, .count = emitter_variable(e, g->i64, "count") };
    LLVMValueRef high = emitter_get_scalar(e, node->compact.high);
    LLVMValueRef zero = value_integer(g, 0);
    LLVMBuildStore(e->builder, zero, c.count);
    LLVMValueRef first = emit_words(e, &c, zero, high, 64);
    emit_rest(e, &c, first, high);
    emit_count(e, &c);
}
