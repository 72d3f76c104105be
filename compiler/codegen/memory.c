/* SPDX-License-Identifier: MIT
 *
 * Buffers and the context: where they are, what does not change, what cannot overlap, and how lanes
 * load and store.
 *
 * Pointers of buffers that nothing in the function can move are loaded at its start; of others,
 * before the outermost loop that leaves them alone (memory_pin), else at each use. Two buffers
 * never overlap: each has an alias scope.
 */
#include <stddef.h>

#include "codegen/internal.h"

LLVMTypeRef memory_element_type(struct generator *g, int32_t buffer)
{
    switch (g->program->buffers[buffer].type) {
    case SNN_BOOL: return g->i8;
    case SNN_INT32: return g->i32;
    case SNN_INT64: return g->i64;
    case SNN_FLOAT32: return g->f32;
    case SNN_FLOAT64: return g->f64;
    case SNN_STRING: break;
    }
    unreachable();
}

static unsigned element_bytes(struct generator *g, int32_t buffer)
{
    return (unsigned)LLVMABISizeOfType(g->layout, memory_element_type(g, buffer));
}

/* ---- alias scopes ---- */

/* A node that is different from all others: its first member is itself. */
static LLVMMetadataRef distinct_node(struct generator *g, LLVMMetadataRef second)
{
    LLVMMetadataRef self = LLVMTemporaryMDNode(g->context, NULL, 0);
    LLVMMetadataRef members[] = { self, second };
    LLVMMetadataRef node = LLVMMDNodeInContext2(g->context, members, second != NULL ? 2 : 1);
    LLVMMetadataReplaceAllUsesWith(self, node);
    return node;
}

static void make_scopes(struct emitter *e, const bool *used)
{
    struct generator *g = e->generator;
    int32_t count = g->program->buffer_count;
    struct arena *arena = &g->compilation->arena;
    LLVMMetadataRef *scopes = arena_alloc_array(arena, (size_t)count + 1, sizeof *scopes);
    LLVMMetadataRef *list = arena_alloc_array(arena, (size_t)count + 1, sizeof *list);
    e->scopes = arena_alloc_array(arena, (size_t)count + 1, sizeof *e->scopes);
    e->others = arena_alloc_array(arena, (size_t)count + 1, sizeof *e->others);
    if (g->domain == NULL)
        g->domain = distinct_node(g, NULL);
    /* Entry `count` is the context. */
    for (int32_t k = 0; k <= count; k++)
        if (k == count || used[k])
            scopes[k] = distinct_node(g, g->domain);
    for (int32_t k = 0; k <= count; k++) {
        size_t length = 0;
        if (scopes[k] == NULL)
            continue;
        for (int32_t other = 0; other <= count; other++)
            if (other != k && scopes[other] != NULL)
                list[length++] = scopes[other];
        e->scopes[k] = LLVMMDNodeInContext2(g->context, &scopes[k], 1);
        e->others[k] = LLVMMDNodeInContext2(g->context, list, length);
    }
}

LLVMValueRef memory_tag(struct emitter *e, int32_t buffer, LLVMValueRef access)
{
    struct generator *g = e->generator;
    if (e->scopes[buffer] == NULL)
        return access;
    LLVMSetMetadata(access, g->alias_scope, LLVMMetadataAsValue(g->context, e->scopes[buffer]));
    LLVMSetMetadata(access, g->noalias, LLVMMetadataAsValue(g->context, e->others[buffer]));
    return access;
}

void memory_set_invariant(struct generator *g, LLVMValueRef load)
{
    LLVMSetMetadata(load, g->invariant_load, LLVMMetadataAsValue(g->context, g->empty));
}

/* ---- the context ---- */

LLVMValueRef memory_context_field(struct emitter *e, size_t offset)
{
    LLVMValueRef index = value_integer(e->generator, (int64_t)offset);
    return LLVMBuildInBoundsGEP2(e->builder, e->generator->i8, e->context, &index, 1, "");
}

LLVMValueRef memory_context_load(struct emitter *e, LLVMTypeRef type, size_t offset, bool is_fixed,
                                 const char *name)
{
    LLVMValueRef load = LLVMBuildLoad2(e->builder, type, memory_context_field(e, offset), name);
    if (is_fixed)
        memory_set_invariant(e->generator, load);
    return memory_tag(e, e->generator->program->buffer_count, load);
}

LLVMValueRef memory_table_entry(struct emitter *e, size_t table_offset, int32_t index)
{
    struct generator *g = e->generator;
    LLVMValueRef table = memory_context_load(e, g->pointer, table_offset, true, "");
    LLVMValueRef number = value_integer(g, index);
    return LLVMBuildInBoundsGEP2(e->builder, g->i64, table, &number, 1, "");
}

/* ---- pointers of buffers ---- */

void memory_prepare(struct emitter *e)
{
    struct generator *g = e->generator;
    size_t count = (size_t)g->program->buffer_count + 1;
    struct arena *arena = &g->compilation->arena;
    bool *used = arena_alloc_array(arena, count, sizeof *used);
    bool *changed = arena_alloc_array(arena, count, sizeof *changed);
    analysis_find_buffers(g, e->root, used, changed);
    e->buffers = arena_alloc_array(arena, count, sizeof *e->buffers);
    e->is_stable = arena_alloc_array(arena, count, sizeof *e->is_stable);
    for (int32_t k = 0; k < g->program->buffer_count; k++)
        e->is_stable[k] = !changed[k];
    make_scopes(e, used);
}

static LLVMValueRef load_pointer(struct emitter *e, int32_t buffer, bool is_fixed)
{
    struct generator *g = e->generator;
    LLVMValueRef entry = memory_table_entry(e, offsetof(struct snn_context, buffers), buffer);
    LLVMValueRef pointer =
        LLVMBuildLoad2(e->builder, g->pointer, entry, g->program->buffers[buffer].name);
    if (is_fixed)
        memory_set_invariant(g, pointer);
    memory_tag(e, g->program->buffer_count, pointer);
    return g->target->data_pointer(e, pointer);
}

LLVMValueRef memory_buffer(struct emitter *e, int32_t buffer)
{
    if (e->buffers[buffer] != NULL)
        return e->buffers[buffer];
    if (!e->is_stable[buffer])
        return load_pointer(e, buffer, false);
    const struct ir_buffer *b = &e->generator->program->buffers[buffer];
    LLVMBasicBlockRef back = emitter_enter_entry(e);
    e->buffers[buffer] = load_pointer(e, buffer, b->count >= 0 && b->kind != SNN_BUFFER_LOCAL);
    emitter_leave_entry(e, back);
    return e->buffers[buffer];
}

LLVMValueRef *memory_pin(struct emitter *e, const struct ir_block *block)
{
    size_t count = (size_t)e->generator->program->buffer_count + 1;
    struct arena *arena = &e->generator->compilation->arena;
    bool *used = arena_alloc_array(arena, count, sizeof *used);
    bool *changed = arena_alloc_array(arena, count, sizeof *changed);
    LLVMValueRef *before = NULL;
    analysis_find_buffers(e->generator, block, used, changed);
    for (size_t k = 0; k + 1 < count; k++) {
        if (!used[k] || changed[k] || e->is_stable[k] || e->buffers[k] != NULL)
            continue;
        if (before == NULL) {
            before = arena_alloc_array(arena, count, sizeof *before);
            for (size_t n = 0; n < count; n++)
                before[n] = e->buffers[n];
        }
        e->buffers[k] = load_pointer(e, (int32_t)k, false);
    }
    return before;
}

void memory_unpin(struct emitter *e, LLVMValueRef *before)
{
    if (before == NULL)
        return;
    for (int32_t k = 0; k < e->generator->program->buffer_count; k++)
        if (!e->is_stable[k])
            e->buffers[k] = before[k];
}

LLVMValueRef memory_element(struct emitter *e, int32_t buffer, LLVMValueRef index)
{
    LLVMTypeRef type = memory_element_type(e->generator, buffer);
    return LLVMBuildInBoundsGEP2(e->builder, type, memory_buffer(e, buffer), &index, 1, "");
}

/* ---- loads ---- */

/* From what is in memory to what the IR computes with. */
static LLVMValueRef widen(struct emitter *e, int32_t buffer, LLVMValueRef raw)
{
    LLVMTypeRef type = LLVMTypeOf(raw);
    switch (e->generator->program->buffers[buffer].type) {
    case SNN_BOOL: return LLVMBuildICmp(e->builder, LLVMIntNE, raw, LLVMConstNull(type), "");
    case SNN_INT32:
        return LLVMBuildSExt(e->builder, raw, value_with_element(type, e->generator->i64), "");
    case SNN_INT64:
    case SNN_FLOAT32:
    case SNN_FLOAT64: return raw;
    case SNN_STRING: break;
    }
    unreachable();
}

static LLVMValueRef narrow(struct emitter *e, int32_t buffer, LLVMValueRef value)
{
    LLVMTypeRef type = LLVMTypeOf(value);
    switch (e->generator->program->buffers[buffer].type) {
    case SNN_BOOL:
        return LLVMBuildZExt(e->builder, value, value_with_element(type, e->generator->i8), "");
    case SNN_INT32:
        return LLVMBuildTrunc(e->builder, value, value_with_element(type, e->generator->i32), "");
    case SNN_INT64:
    case SNN_FLOAT32:
    case SNN_FLOAT64: return value;
    case SNN_STRING: break;
    }
    unreachable();
}

static LLVMValueRef load_scalar(struct emitter *e, int32_t buffer, LLVMValueRef index)
{
    LLVMValueRef load = LLVMBuildLoad2(e->builder, memory_element_type(e->generator, buffer),
                                       memory_element(e, buffer, index), "");
    return memory_tag(e, buffer, load);
}

static LLVMValueRef all_lanes(struct emitter *e)
{
    return e->mask != NULL ? e->mask : LLVMConstAllOnes(LLVMVectorType(e->generator->i1, e->width));
}

static LLVMValueRef alignment(struct emitter *e, int32_t buffer)
{
    return LLVMConstInt(e->generator->i32, element_bytes(e->generator, buffer), false);
}

static LLVMValueRef load_contiguous(struct emitter *e, int32_t buffer, LLVMValueRef first)
{
    struct generator *g = e->generator;
    LLVMTypeRef type = LLVMVectorType(memory_element_type(g, buffer), e->width);
    LLVMValueRef place = memory_element(e, buffer, first), load;
    if (e->mask == NULL || e->mask == e->rest) {
        load = LLVMBuildLoad2(e->builder, type, place, "");
        LLVMSetAlignment(load, element_bytes(g, buffer));
    } else {
        LLVMTypeRef types[] = { type, g->pointer };
        LLVMValueRef arguments[] = { place, alignment(e, buffer), e->mask, LLVMConstNull(type) };
        load = value_call(g, "llvm.masked.load", 2, types, 4, arguments);
    }
    return memory_tag(e, buffer, load);
}

static LLVMValueRef lane_places(struct emitter *e, int32_t buffer, struct value index)
{
    return memory_element(e, buffer, value_vector(e, index));
}

static LLVMValueRef gather(struct emitter *e, int32_t buffer, struct value index)
{
    struct generator *g = e->generator;
    LLVMTypeRef type = LLVMVectorType(memory_element_type(g, buffer), e->width);
    LLVMTypeRef types[] = { type, LLVMVectorType(g->pointer, e->width) };
    LLVMValueRef arguments[] = { lane_places(e, buffer, index), alignment(e, buffer), all_lanes(e),
                                 LLVMConstNull(type) };
    return memory_tag(e, buffer, value_call(g, "llvm.masked.gather", 2, types, 4, arguments));
}

struct value memory_load(struct emitter *e, int32_t buffer, struct value index)
{
    switch (index.shape) {
    case VALUE_UNIFORM: return value_uniform(widen(e, buffer, load_scalar(e, buffer, index.llvm)));
    case VALUE_LINEAR:
        if (index.stride == 1)
            return value_varying(widen(e, buffer, load_contiguous(e, buffer, index.llvm)));
        return value_varying(widen(e, buffer, gather(e, buffer, index)));
    case VALUE_VARYING: return value_varying(widen(e, buffer, gather(e, buffer, index)));
    }
    unreachable();
}

/* ---- stores ---- */

static void store_scalar(struct emitter *e, int32_t buffer, LLVMValueRef index, LLVMValueRef value)
{
    memory_tag(e, buffer, LLVMBuildStore(e->builder, value, memory_element(e, buffer, index)));
}

static void store_contiguous(struct emitter *e, int32_t buffer, LLVMValueRef first,
                             LLVMValueRef value)
{
    struct generator *g = e->generator;
    LLVMValueRef place = memory_element(e, buffer, first), store;
    if (e->mask == NULL) {
        store = LLVMBuildStore(e->builder, value, place);
        LLVMSetAlignment(store, element_bytes(g, buffer));
    } else {
        LLVMTypeRef types[] = { LLVMTypeOf(value), g->pointer };
        LLVMValueRef arguments[] = { value, place, alignment(e, buffer), e->mask };
        store = value_call(g, "llvm.masked.store", 2, types, 4, arguments);
    }
    memory_tag(e, buffer, store);
}

static void scatter(struct emitter *e, int32_t buffer, struct value index, LLVMValueRef value)
{
    struct generator *g = e->generator;
    LLVMTypeRef types[] = { LLVMTypeOf(value), LLVMVectorType(g->pointer, e->width) };
    LLVMValueRef arguments[] = { value, lane_places(e, buffer, index), alignment(e, buffer),
                                 all_lanes(e) };
    memory_tag(e, buffer, value_call(g, "llvm.masked.scatter", 2, types, 4, arguments));
}

void memory_store(struct emitter *e, int32_t buffer, struct value index, struct value value)
{
    if (e->width == 1) {
        store_scalar(e, buffer, value_scalar(index), narrow(e, buffer, value_scalar(value)));
        return;
    }
    LLVMValueRef lanes = narrow(e, buffer, value_vector(e, value));
    if (index.shape == VALUE_LINEAR && index.stride == 1)
        store_contiguous(e, buffer, index.llvm, lanes);
    else
        scatter(e, buffer, index, lanes);
}
