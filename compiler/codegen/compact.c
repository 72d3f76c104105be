/* SPDX-License-Identifier: MIT
 *
 * Compaction on a CPU: the indices of the set flags, ascending. 64 flags at a time, then 16; most blocks have none set and
 * cost a load and a test.
 */
#include "codegen/internal.h"

struct compaction {
    const struct ir_node *node;
    LLVMValueRef count; /* variable: indices written so far */
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

static LLVMValueRef emit_words(struct emitter *e, const struct compaction *c, LLVMValueRef low,
                               LLVMValueRef high, unsigned width)
{
    struct counted_loop loop;
    counted_begin(e, &loop, low, high, width, value_integer(e->generator, width));
    emit_bits(e, c, loop.index, load_flags(e, c, loop.index, width));
    counted_end(e, &loop);
    return loop.index;
}

/* What is left: 16 flags at a time. Buffers are as long as whole blocks of 16; flags past `high` are masked off. */
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

void emit_compact(struct emitter *e, const struct ir_node *node)
{
    struct generator *g = e->generator;
    struct compaction c = { .node = node, .count = emitter_variable(e, g->i64, "count") };
    LLVMValueRef high = emitter_get_scalar(e, node->compact.high);
    LLVMValueRef zero = value_integer(g, 0);
    LLVMBuildStore(e->builder, zero, c.count);
    LLVMValueRef first = emit_words(e, &c, zero, high, 64);
    emit_rest(e, &c, first, high);
    LLVMValueRef count = LLVMBuildLoad2(e->builder, g->i64, c.count, "");
    memory_store(e, node->compact.count, value_uniform(zero), value_uniform(count));
}
