/* SPDX-License-Identifier: MIT
 *
 * The whole program for the host: every function, the constant struct snn_program that describes
 * it, and main.
 *
 * The structs of snn/program.h are rebuilt as LLVM types; each offset is compared with the one of
 * the C compiler.
 */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "codegen/internal.h"
#include "config.h"

/* ---- constants ---- */

static LLVMValueRef private_constant(struct generator *g, LLVMValueRef value, const char *name)
{
    LLVMValueRef global = LLVMAddGlobal(g->module, LLVMTypeOf(value), name);
    LLVMSetInitializer(global, value);
    LLVMSetGlobalConstant(global, true);
    LLVMSetLinkage(global, LLVMPrivateLinkage);
    return global;
}

LLVMValueRef program_text(struct generator *g, const char *text)
{
    if (text == NULL)
        text = "";
    LLVMValueRef bytes = LLVMConstStringInContext2(g->context, text, strlen(text), false);
    LLVMValueRef global = private_constant(g, bytes, "text");
    LLVMSetUnnamedAddress(global, LLVMGlobalUnnamedAddr);
    LLVMSetAlignment(global, 1);
    return global;
}

static LLVMValueRef constant_i32(struct generator *g, int64_t value)
{
    return LLVMConstInt(g->i32, (uint64_t)value, true);
}

static LLVMValueRef constant_bool(struct generator *g, bool value)
{
    return LLVMConstInt(g->i8, value, false);
}

/* A table of things of one type; null if there are none. */
static LLVMValueRef table(struct generator *g, LLVMTypeRef type, LLVMValueRef *items, int64_t count,
                          const char *name)
{
    if (count <= 0)
        return LLVMConstNull(g->pointer);
    return private_constant(g, LLVMConstArray2(type, items, (uint64_t)count), name);
}

static LLVMValueRef *new_items(struct generator *g, int64_t count)
{
    return arena_alloc_array(&g->compilation->arena, (size_t)(count > 0 ? count : 0) + 1,
                             sizeof(LLVMValueRef));
}

static LLVMValueRef text_table(struct generator *g, const char *const *texts, int64_t count)
{
    LLVMValueRef *items = new_items(g, count);
    for (int64_t k = 0; k < count; k++)
        items[k] = program_text(g, texts[k]);
    return table(g, g->pointer, items, count, "texts");
}

static void check_layout(struct generator *g, LLVMTypeRef type, const size_t *offsets,
                         unsigned count, size_t bytes)
{
    for (unsigned k = 0; k < count; k++)
        assert(LLVMOffsetOfElement(g->layout, type, k) == offsets[k]);
    assert(LLVMABISizeOfType(g->layout, type) == bytes);
    (void)g, (void)type, (void)offsets, (void)count, (void)bytes;
}

#define MEMBER_COUNT(array) (sizeof(array) / sizeof *(array))

/* A constant of a struct of C, whose members are the values in order. */
static LLVMValueRef make_struct(struct generator *g, LLVMValueRef *values, const size_t *offsets,
                                unsigned count, size_t bytes)
{
    LLVMValueRef constant = LLVMConstStructInContext(g->context, values, count, false);
    check_layout(g, LLVMTypeOf(constant), offsets, count, bytes);
    return constant;
}

/* Items that all have the type of the first. */
static LLVMValueRef struct_table(struct generator *g, LLVMValueRef *items, int64_t count,
                                 const char *name)
{
    return table(g, count > 0 ? LLVMTypeOf(items[0]) : g->i8, items, count, name);
}

/* ---- the tables of struct snn_program ---- */

static LLVMValueRef units(struct generator *g, const struct snn_param *param)
{
    static const size_t offsets[] = { offsetof(struct snn_unit, name),
                                      offsetof(struct snn_unit, factor) };
    LLVMValueRef *items = new_items(g, param->unit_count);
    for (int32_t k = 0; k < param->unit_count; k++) {
        LLVMValueRef values[] = { program_text(g, param->units[k].name),
                                  LLVMConstReal(g->f64, param->units[k].factor) };
        items[k] = make_struct(g, values, offsets, 2, sizeof(struct snn_unit));
    }
    return struct_table(g, items, param->unit_count, "units");
}

/* A union snn_value is written as an i64. */
static LLVMValueRef initial_value(struct generator *g, const struct snn_param *param)
{
    if (param->type == SNN_STRING)
        return LLVMConstPtrToInt(program_text(g, param->initial.text), g->i64);
    if (param->type == SNN_FLOAT64 || param->type == SNN_FLOAT32) {
        uint64_t bits;
        memcpy(&bits, &param->initial.real, sizeof bits);
        return LLVMConstInt(g->i64, bits, false);
    }
    return value_integer(g, param->initial.integer);
}

static LLVMValueRef params(struct generator *g)
{
    static const size_t offsets[] = {
        offsetof(struct snn_param, name),    offsetof(struct snn_param, doc),
        offsetof(struct snn_param, type),    offsetof(struct snn_param, initial),
        offsetof(struct snn_param, low),     offsetof(struct snn_param, high),
        offsetof(struct snn_param, choices), offsetof(struct snn_param, choice_count),
        offsetof(struct snn_param, units),   offsetof(struct snn_param, unit_count),
        offsetof(struct snn_param, place),
    };
    int32_t count = g->program->param_count;
    LLVMValueRef *items = new_items(g, count);
    for (int32_t k = 0; k < count; k++) {
        const struct snn_param *param = &g->program->params[k];
        LLVMValueRef values[] = {
            program_text(g, param->name),
            program_text(g, param->doc),
            constant_i32(g, param->type),
            initial_value(g, param),
            LLVMConstReal(g->f64, param->low),
            LLVMConstReal(g->f64, param->high),
            text_table(g, param->choices, param->choice_count),
            constant_i32(g, param->choice_count),
            units(g, param),
            constant_i32(g, param->unit_count),
            program_text(g, param->place),
        };
        items[k] = make_struct(g, values, offsets, MEMBER_COUNT(offsets), sizeof *param);
    }
    return struct_table(g, items, count, "params");
}

static LLVMValueRef data(struct generator *g)
{
    static const size_t offsets[] = { offsetof(struct snn_data, name),
                                      offsetof(struct snn_data, doc),
                                      offsetof(struct snn_data, place) };
    int32_t count = g->program->data_count;
    LLVMValueRef *items = new_items(g, count);
    for (int32_t k = 0; k < count; k++) {
        const struct snn_data *d = &g->program->data[k];
        LLVMValueRef values[] = { program_text(g, d->name), program_text(g, d->doc),
                                  program_text(g, d->place) };
        items[k] = make_struct(g, values, offsets, MEMBER_COUNT(offsets), sizeof *d);
    }
    return struct_table(g, items, count, "data");
}

static LLVMValueRef extents(struct generator *g, const struct ir_buffer *buffer)
{
    LLVMValueRef *items = new_items(g, buffer->rank);
    for (int32_t k = 0; k < buffer->rank; k++)
        items[k] = constant_i32(g, buffer->extents[k]);
    return table(g, g->i32, items, buffer->rank, "extents");
}

static LLVMValueRef buffers(struct generator *g)
{
    static const size_t offsets[] = {
        offsetof(struct snn_buffer, name),    offsetof(struct snn_buffer, type),
        offsetof(struct snn_buffer, kind),    offsetof(struct snn_buffer, count),
        offsetof(struct snn_buffer, rank),    offsetof(struct snn_buffer, extents),
        offsetof(struct snn_buffer, axes),    offsetof(struct snn_buffer, row_axes),
        offsetof(struct snn_buffer, row),     offsetof(struct snn_buffer, unit),
        offsetof(struct snn_buffer, kept_by), offsetof(struct snn_buffer, has_kept_values),
    };
    int32_t count = g->program->buffer_count;
    LLVMValueRef *items = new_items(g, count);
    for (int32_t k = 0; k < count; k++) {
        const struct ir_buffer *buffer = &g->program->buffers[k];
        LLVMValueRef values[] = {
            program_text(g, buffer->name),
            constant_i32(g, buffer->type),
            constant_i32(g, buffer->kind),
            constant_i32(g, buffer->count),
            constant_i32(g, buffer->rank),
            extents(g, buffer),
            text_table(g, buffer->axes, buffer->axes != NULL ? buffer->rank : 0),
            constant_i32(g, buffer->row_axes),
            constant_i32(g, buffer->row),
            program_text(g, buffer->unit),
            constant_i32(g, buffer->kept_by),
            constant_bool(g, buffer->has_kept_values),
        };
        items[k] =
            make_struct(g, values, offsets, MEMBER_COUNT(offsets), sizeof(struct snn_buffer));
    }
    return struct_table(g, items, count, "buffers");
}

static LLVMValueRef tasks(struct generator *g)
{
    static const size_t offsets[] = {
        offsetof(struct snn_task, name),        offsetof(struct snn_task, doc),
        offsetof(struct snn_task, is_optional), offsetof(struct snn_task, writes_model),
        offsetof(struct snn_task, reads_model), offsetof(struct snn_task, function),
    };
    int32_t count = g->program->task_count;
    LLVMValueRef *items = new_items(g, count);
    for (int32_t k = 0; k < count; k++) {
        const struct snn_task *task = &g->program->tasks[k];
        LLVMValueRef values[] = {
            program_text(g, task->name),         program_text(g, task->doc),
            constant_bool(g, task->is_optional), constant_bool(g, task->writes_model),
            constant_bool(g, task->reads_model), constant_i32(g, task->function),
        };
        items[k] = make_struct(g, values, offsets, MEMBER_COUNT(offsets), sizeof *task);
    }
    return struct_table(g, items, count, "tasks");
}

static LLVMValueRef streams(struct generator *g)
{
    int32_t count = g->program->site_count;
    LLVMValueRef *items = new_items(g, count);
    for (int32_t k = 0; k < count; k++)
        items[k] = program_text(g, g->program->sites[k].stream);
    return table(g, g->pointer, items, count, "streams");
}

static LLVMValueRef descriptor(struct generator *g, LLVMValueRef call)
{
    static const size_t offsets[] = {
        offsetof(struct snn_program, abi_version), offsetof(struct snn_program, name),
        offsetof(struct snn_program, doc),         offsetof(struct snn_program, source),
        offsetof(struct snn_program, compiler),    offsetof(struct snn_program, version),
        offsetof(struct snn_program, params),      offsetof(struct snn_program, param_count),
        offsetof(struct snn_program, data),        offsetof(struct snn_program, data_count),
        offsetof(struct snn_program, buffers),     offsetof(struct snn_program, buffer_count),
        offsetof(struct snn_program, tasks),       offsetof(struct snn_program, task_count),
        offsetof(struct snn_program, size_count),  offsetof(struct snn_program, constant_count),
        offsetof(struct snn_program, key_count),   offsetof(struct snn_program, streams),
        offsetof(struct snn_program, setup),       offsetof(struct snn_program, init),
        offsetof(struct snn_program, clear),       offsetof(struct snn_program, call),
        offsetof(struct snn_program, user),
    };
    const struct ir_program *p = g->program;
    LLVMValueRef values[] = {
        constant_i32(g, SNN_ABI_VERSION),
        program_text(g, p->name),
        program_text(g, p->doc),
        program_text(g, p->source),
        program_text(g, PACKAGE_STRING),
        program_text(g, p->version),
        params(g),
        constant_i32(g, p->param_count),
        data(g),
        constant_i32(g, p->data_count),
        buffers(g),
        constant_i32(g, p->buffer_count),
        tasks(g),
        constant_i32(g, p->task_count),
        constant_i32(g, p->size_count),
        constant_i32(g, p->constant_count),
        constant_i32(g, p->site_count),
        streams(g),
        constant_i32(g, p->setup),
        constant_i32(g, p->init),
        constant_i32(g, p->clear),
        call,
        LLVMConstNull(g->pointer),
    };
    return private_constant(
        g, make_struct(g, values, offsets, MEMBER_COUNT(offsets), sizeof(struct snn_program)),
        "program");
}

/* ---- functions ---- */

static void declare_function(struct generator *g, int32_t number)
{
    const struct ir_function *ir = g->program->functions[number];
    LLVMValueRef function = LLVMAddFunction(g->module, ir->name, g->function_type);
    LLVMSetLinkage(function, LLVMInternalLinkage);
    g->target->decorate_function(g, function);
    g->functions[number] = function;
}

static void define_function(struct generator *g, int32_t number)
{
    struct ir_function *ir = g->program->functions[number];
    LLVMValueRef function = g->functions[number];
    struct emitter e;
    emitter_init(&e, g, ir, &ir->body, function, LLVMGetParam(function, 0));
    emit_block(&e, &ir->body);
    emitter_finish(&e);
}

static bool is_called_by_runtime(const struct ir_function *function)
{
    switch (function->kind) {
    case IR_FUNCTION_SETUP:
    case IR_FUNCTION_INIT:
    case IR_FUNCTION_CLEAR:
    case IR_FUNCTION_TASK: return true;
    case IR_FUNCTION_RESET:
    case IR_FUNCTION_START:
    case IR_FUNCTION_STEP:
    case IR_FUNCTION_END: return false;
    }
    unreachable();
}

static LLVMBasicBlockRef new_block(struct generator *g, LLVMValueRef function)
{
    return LLVMAppendBasicBlockInContext(g->context, function, "");
}

/* void call(struct snn_context *, int32_t function) */
static LLVMValueRef define_call(struct generator *g)
{
    LLVMTypeRef parameters[] = { g->pointer, g->i32 };
    LLVMTypeRef type = LLVMFunctionType(g->void_type, parameters, 2, false);
    LLVMValueRef call = LLVMAddFunction(g->module, "snn.call", type);
    LLVMBasicBlockRef entry = new_block(g, call), leave = new_block(g, call);
    LLVMValueRef context = LLVMGetParam(call, 0);
    LLVMSetLinkage(call, LLVMInternalLinkage);
    g->target->decorate_function(g, call);
    LLVMPositionBuilderAtEnd(g->builder, entry);
    LLVMValueRef choice = LLVMBuildSwitch(g->builder, LLVMGetParam(call, 1), leave,
                                          (unsigned)g->program->function_count);
    for (int32_t k = 0; k < g->program->function_count; k++) {
        if (!is_called_by_runtime(g->program->functions[k]))
            continue;
        LLVMBasicBlockRef block = new_block(g, call);
        LLVMAddCase(choice, constant_i32(g, k), block);
        LLVMPositionBuilderAtEnd(g->builder, block);
        LLVMBuildCall2(g->builder, g->function_type, g->functions[k], &context, 1, "");
        LLVMBuildBr(g->builder, leave);
    }
    LLVMPositionBuilderAtEnd(g->builder, leave);
    LLVMBuildRetVoid(g->builder);
    return call;
}

/* int main(int argc, char **argv) { return snn_main(&program, argc, argv); } */
static void define_main(struct generator *g, LLVMValueRef program)
{
    LLVMTypeRef inner_types[] = { g->pointer, g->i32, g->pointer };
    LLVMTypeRef inner_type = LLVMFunctionType(g->i32, inner_types, 3, false);
    LLVMTypeRef type = LLVMFunctionType(g->i32, inner_types + 1, 2, false);
    LLVMValueRef inner = LLVMAddFunction(g->module, "snn_main", inner_type);
    LLVMValueRef function = LLVMAddFunction(g->module, "main", type);
    LLVMValueRef arguments[] = { program, LLVMGetParam(function, 0), LLVMGetParam(function, 1) };
    g->target->decorate_function(g, function);
    LLVMPositionBuilderAtEnd(g->builder, new_block(g, function));
    LLVMBuildRet(g->builder, LLVMBuildCall2(g->builder, inner_type, inner, arguments, 3, ""));
}

/* A runtime of another version does not define this symbol, so the linker names it. */
static void refer_to_version(struct generator *g)
{
    const char *name = arena_format(&g->compilation->arena, "snn_rt_abi_%d", SNN_ABI_VERSION);
    LLVMValueRef symbol = LLVMAddGlobal(g->module, g->i8, name);
    LLVMValueRef used = LLVMConstArray2(g->pointer, &symbol, 1);
    LLVMValueRef list = LLVMAddGlobal(g->module, LLVMTypeOf(used), "snn.version");
    LLVMSetInitializer(list, used);
    LLVMSetGlobalConstant(list, true);
    LLVMSetLinkage(list, LLVMInternalLinkage);
    LLVMValueRef keep = LLVMConstArray2(g->pointer, &list, 1);
    LLVMValueRef kept = LLVMAddGlobal(g->module, LLVMTypeOf(keep), "llvm.used");
    LLVMSetInitializer(kept, keep);
    LLVMSetLinkage(kept, LLVMAppendingLinkage);
    LLVMSetSection(kept, "llvm.metadata");
}

void program_emit(struct generator *g)
{
    compact_find_register_only(g);
    for (int32_t k = 0; k < g->program->function_count; k++)
        declare_function(g, k);
    for (int32_t k = 0; k < g->program->function_count; k++)
        define_function(g, k);
    define_main(g, descriptor(g, define_call(g)));
    refer_to_version(g);
}
