/* SPDX-License-Identifier: MIT
 *
 * GPUs of NVIDIA, compute capability 9.0: the kernels of kernels.c as PTX. A thread runs scalar
 * code, the same that a CPU runs outside vector loops; what differs is where iterations come from
 * and where values of outside are.
 */
#include <string.h>

#include "codegen/internal.h"
#include "codegen/kernels.h"

enum {
    PTX_KERNEL_CONVENTION = 71, /* LLVM's number of the calling convention of kernels */
    GLOBAL_MEMORY = 1,          /* address spaces */
    SHARED_MEMORY = 3,
    WARP = 32,
    COMPACT_THREADS = 1024,
};

/* What the emitter of a kernel carries along. */
struct kernel_state {
    const struct kernel_plan *plan;
    const struct kernel *kernel;
    LLVMValueRef environment; /* of this lane */
    LLVMBasicBlockRef leave;  /* the end of the thread */
};

static bool create_machine(struct generator *g)
{
    static const char triple[] = "nvptx64-nvidia-cuda";
    LLVMTargetRef target;
    char *message = NULL;
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
    g->cpu = LLVMCreateMessage("sm_90");
    g->features = LLVMCreateMessage("+ptx83");
    if (LLVMGetTargetFromTriple(triple, &target, &message)) {
        diag_error(g->compilation, (struct span){ 0 }, "this LLVM makes no PTX: %s", message);
        LLVMDisposeMessage(message);
        return false;
    }
    g->machine =
        LLVMCreateTargetMachine(target, triple, g->cpu, g->features, LLVMCodeGenLevelDefault,
                                LLVMRelocDefault, LLVMCodeModelDefault);
    return g->machine != NULL;
}

static void decorate_function(struct generator *g, LLVMValueRef function)
{
    (void)g;
    LLVMSetFunctionCallConv(function, PTX_KERNEL_CONVENTION);
}

static LLVMValueRef in_global_memory(struct emitter *e, LLVMValueRef pointer)
{
    LLVMTypeRef type = LLVMPointerTypeInContext(e->generator->context, GLOBAL_MEMORY);
    return LLVMBuildAddrSpaceCast(e->builder, pointer, type, "");
}

/* ---- who this thread is ---- */

static LLVMValueRef special_register(struct emitter *e, const char *name)
{
    return value_call(e->generator, name, 0, NULL, 0, NULL);
}

static LLVMValueRef widen(struct emitter *e, LLVMValueRef value)
{
    return LLVMBuildZExt(e->builder, value, e->generator->i64, "");
}

struct share {
    LLVMValueRef first, step; /* iterations of this thread */
};

/* Threads along x, of all blocks. */
static struct share share_threads(struct emitter *e)
{
    LLVMValueRef thread = widen(e, special_register(e, "llvm.nvvm.read.ptx.sreg.tid.x"));
    LLVMValueRef threads = widen(e, special_register(e, "llvm.nvvm.read.ptx.sreg.ntid.x"));
    LLVMValueRef block = widen(e, special_register(e, "llvm.nvvm.read.ptx.sreg.ctaid.x"));
    LLVMValueRef blocks = widen(e, special_register(e, "llvm.nvvm.read.ptx.sreg.nctaid.x"));
    LLVMValueRef before = LLVMBuildMul(e->builder, block, threads, "");
    return (struct share){ LLVMBuildAdd(e->builder, before, thread, ""),
                           LLVMBuildMul(e->builder, blocks, threads, "") };
}

/* Rows of blocks, for an outer loop. */
static struct share share_rows(struct emitter *e)
{
    return (struct share){
        widen(e, special_register(e, "llvm.nvvm.read.ptx.sreg.ctaid.y")),
        widen(e, special_register(e, "llvm.nvvm.read.ptx.sreg.nctaid.y")),
    };
}

static void emit_shared_loop(struct emitter *e, const struct ir_node *node, struct share share)
{
    struct counted_loop loop;
    LLVMValueRef low = emitter_get_scalar(e, node->loop.low);
    LLVMValueRef high = emitter_get_scalar(e, node->loop.high);
    LLVMValueRef first = LLVMBuildAdd(e->builder, low, share.first, "");
    counted_begin(e, &loop, first, high, 1, share.step);
    struct value k = value_uniform(loop.index);
    emitter_set(e, node->loop.index,
                node->loop.events < 0 ? k : memory_load(e, node->loop.events, k));
    emit_block(e, &node->loop.body);
    counted_end(e, &loop);
}

/* ---- what emitters ask their target for ---- */

static void emit_any_loop(struct emitter *e, const struct ir_node *node)
{
    const struct kernel_state *state = e->import_data;
    if (node == state->kernel->inner)
        emit_shared_loop(e, node, share_threads(e));
    else
        emit_serial_loop(e, node);
}

/* A compaction inside serial code: one flag after the other. */
static void emit_serial_compact(struct emitter *e, const struct ir_node *node)
{
    struct generator *g = e->generator;
    struct counted_loop loop;
    LLVMValueRef zero = value_integer(g, 0), count = emitter_variable(e, g->i64, "count");
    LLVMBuildStore(e->builder, zero, count);
    counted_begin(e, &loop, zero, emitter_get_scalar(e, node->compact.high), 1,
                  value_integer(g, 1));
    struct value index = value_uniform(loop.index);
    LLVMValueRef number = LLVMBuildLoad2(e->builder, g->i64, count, "");
    LLVMValueRef flag = value_scalar(memory_load(e, node->compact.flags, index));
    /* An entry that is not kept is written over by the next, and lies within the list. */
    memory_store(e, node->compact.list, value_uniform(number), index);
    LLVMValueRef next =
        LLVMBuildAdd(e->builder, number, LLVMBuildZExt(e->builder, flag, g->i64, ""), "");
    LLVMBuildStore(e->builder, next, count);
    counted_end(e, &loop);
    number = LLVMBuildLoad2(e->builder, g->i64, count, "");
    memory_store(e, node->compact.count, value_uniform(zero), value_uniform(number));
}

/* Only panics are left in kernels: the thread notes which one, for the host to report, and ends. */
static void emit_panic(struct emitter *e, const struct ir_node *node)
{
    struct kernel_state *state = e->import_data;
    LLVMBuildStore(e->builder, value_integer(e->generator, node->id), state->environment);
    LLVMBuildBr(e->builder, state->leave);
    emitter_start(e, emitter_block(e, "unreached"));
}

/* ---- values of outside ---- */

static LLVMValueRef environment_word(struct emitter *e, const struct ir_node *node)
{
    const struct kernel_state *state = e->import_data;
    LLVMValueRef slot = value_integer(e->generator, state->plan->slots[node->id]);
    return LLVMBuildInBoundsGEP2(e->builder, e->generator->i64, state->environment, &slot, 1, "");
}

static struct value import(struct emitter *e, const struct ir_node *node)
{
    const struct kernel_state *state = e->import_data;
    LLVMTypeRef type = value_type(e->generator, node->type);
    bool is_instruction = node->kind == IR_NODE_INSTR;
    if (is_instruction && node->op == IR_VAR)
        return value_uniform(environment_word(e, node));
    if (state->plan->slots[node->id] != 0 &&
        !(is_instruction && node->op == IR_LOAD && kernels_can_repeat(e->ir, node, state->kernel)))
        return value_uniform(LLVMBuildLoad2(e->builder, type, environment_word(e, node),
                                            node->name ? node->name : ""));
    if (is_instruction && node->op == IR_LOAD)
        return memory_load(e, node->payload.index, emitter_get(e, node->operands[0]));
    if (is_instruction && node->op == IR_CONTEXT_GET)
        return value_uniform(emit_leaf(e, node));
    return (struct value){ 0 };
}

/* What later kernels use of what this one computes. */
static void export_values(struct emitter *e, const struct kernel *kernel)
{
    const struct kernel_state *state = e->import_data;
    for (const struct ir_node *node = kernel->first; node != kernel->last->next;
         node = node->next) {
        if (state->plan->slots[node->id] == 0)
            continue;
        LLVMValueRef value = emitter_get_scalar(e, node);
        if (node->kind == IR_NODE_INSTR && node->op == IR_VAR)
            value = LLVMBuildLoad2(e->builder, value_type(e->generator, node->type), value, "");
        LLVMBuildStore(e->builder, value, environment_word(e, node));
    }
}

/* ---- compaction by one block ---- */

/* The flags of WARP threads as bits, those of threads before this one, and how many there are. */
struct ballot {
    LLVMValueRef before, total;
};

static LLVMValueRef count_bits(struct emitter *e, LLVMValueRef bits)
{
    return value_call(e->generator, "llvm.ctpop", 1, &e->generator->i32, 1, &bits);
}

static struct ballot take_ballot(struct emitter *e, LLVMValueRef flag)
{
    struct generator *g = e->generator;
    LLVMValueRef arguments[] = { LLVMConstAllOnes(g->i32), flag };
    LLVMValueRef bits = value_call(g, "llvm.nvvm.vote.ballot.sync", 0, NULL, 2, arguments);
    LLVMValueRef lower = special_register(e, "llvm.nvvm.read.ptx.sreg.lanemask.lt");
    return (struct ballot){ count_bits(e, LLVMBuildAnd(e->builder, bits, lower, "")),
                            count_bits(e, bits) };
}

static LLVMValueRef warp_totals(struct generator *g)
{
    LLVMTypeRef type = LLVMArrayType2(g->i32, COMPACT_THREADS / WARP);
    LLVMValueRef totals =
        LLVMAddGlobalInAddressSpace(g->module, type, "warp_totals", SHARED_MEMORY);
    LLVMSetLinkage(totals, LLVMInternalLinkage);
    LLVMSetInitializer(totals, LLVMGetUndef(type));
    LLVMSetAlignment(totals, 4);
    return totals;
}

static LLVMValueRef total_place(struct emitter *e, LLVMValueRef totals, LLVMValueRef warp)
{
    return LLVMBuildInBoundsGEP2(e->builder, e->generator->i32, totals, &warp, 1, "");
}

static void emit_barrier(struct emitter *e)
{
    value_call(e->generator, "llvm.nvvm.barrier0", 0, NULL, 0, NULL);
}

/* Adds up the totals of all warps, and of those before `warp`. */
static struct ballot add_totals(struct emitter *e, LLVMValueRef totals, LLVMValueRef warp,
                                LLVMValueRef warps)
{
    struct generator *g = e->generator;
    struct counted_loop loop;
    LLVMValueRef before = emitter_variable(e, g->i64, "before");
    LLVMValueRef all = emitter_variable(e, g->i64, "all"), zero = value_integer(g, 0);
    LLVMBuildStore(e->builder, zero, before);
    LLVMBuildStore(e->builder, zero, all);
    counted_begin(e, &loop, zero, warps, 1, value_integer(g, 1));
    LLVMValueRef place = total_place(e, totals, loop.index);
    LLVMValueRef total = widen(e, LLVMBuildLoad2(e->builder, g->i32, place, ""));
    LLVMValueRef sum = LLVMBuildLoad2(e->builder, g->i64, all, "");
    LLVMBuildStore(e->builder, LLVMBuildAdd(e->builder, sum, total, ""), all);
    sum = LLVMBuildLoad2(e->builder, g->i64, before, "");
    LLVMValueRef is_before = LLVMBuildICmp(e->builder, LLVMIntULT, loop.index, warp, "");
    total = LLVMBuildSelect(e->builder, is_before, total, zero, "");
    LLVMBuildStore(e->builder, LLVMBuildAdd(e->builder, sum, total, ""), before);
    counted_end(e, &loop);
    return (struct ballot){ LLVMBuildLoad2(e->builder, g->i64, before, ""),
                            LLVMBuildLoad2(e->builder, g->i64, all, "") };
}

/* The flag of element k, false beyond the end, which some threads of the last round are. */
static LLVMValueRef load_flag(struct emitter *e, int32_t flags, LLVMValueRef k, LLVMValueRef high)
{
    struct generator *g = e->generator;
    LLVMBasicBlockRef load = emitter_block(e, "load"), leave = emitter_block(e, "loaded");
    LLVMValueRef variable = emitter_variable(e, g->i1, "flag");
    LLVMBuildStore(e->builder, LLVMConstNull(g->i1), variable);
    LLVMBuildCondBr(e->builder, LLVMBuildICmp(e->builder, LLVMIntSLT, k, high, ""), load, leave);
    emitter_start(e, load);
    LLVMBuildStore(e->builder, value_scalar(memory_load(e, flags, value_uniform(k))), variable);
    emitter_branch_to(e, leave);
    return LLVMBuildLoad2(e->builder, g->i1, variable, "");
}

static void store_if(struct emitter *e, LLVMValueRef condition, int32_t buffer, LLVMValueRef index,
                     LLVMValueRef value)
{
    LLVMBasicBlockRef store = emitter_block(e, "store"), leave = emitter_block(e, "stored");
    LLVMBuildCondBr(e->builder, condition, store, leave);
    emitter_start(e, store);
    memory_store(e, buffer, value_uniform(index), value_uniform(value));
    emitter_branch_to(e, leave);
}

/* One round: as many flags as there are threads. Gives back how many were set. */
static LLVMValueRef emit_round(struct emitter *e, const struct ir_node *node, LLVMValueRef totals,
                               LLVMValueRef first, LLVMValueRef written)
{
    struct generator *g = e->generator;
    LLVMBuilderRef b = e->builder;
    LLVMValueRef thread = widen(e, special_register(e, "llvm.nvvm.read.ptx.sreg.tid.x"));
    LLVMValueRef threads = widen(e, special_register(e, "llvm.nvvm.read.ptx.sreg.ntid.x"));
    LLVMValueRef warp = LLVMBuildUDiv(b, thread, value_integer(g, WARP), "");
    LLVMValueRef warps = LLVMBuildUDiv(b, threads, value_integer(g, WARP), "");
    LLVMValueRef k = LLVMBuildAdd(b, first, thread, "");
    LLVMValueRef flag =
        load_flag(e, node->compact.flags, k, emitter_get_scalar(e, node->compact.high));
    struct ballot mine = take_ballot(e, flag);
    /* Every thread of the warp writes the same number. */
    LLVMBuildStore(b, mine.total, total_place(e, totals, warp));
    emit_barrier(e);
    struct ballot block = add_totals(e, totals, warp, warps);
    LLVMValueRef place =
        LLVMBuildAdd(b, LLVMBuildAdd(b, written, block.before, ""), widen(e, mine.before), "");
    store_if(e, flag, node->compact.list, place, k);
    emit_barrier(e);
    return block.total;
}

/* Launched as one block of at most COMPACT_THREADS threads, a multiple of WARP. */
static void emit_block_compact(struct emitter *e, const struct ir_node *node)
{
    struct generator *g = e->generator;
    struct counted_loop loop;
    LLVMValueRef totals = warp_totals(g), zero = value_integer(g, 0);
    LLVMValueRef written = emitter_variable(e, g->i64, "written");
    LLVMValueRef threads = widen(e, special_register(e, "llvm.nvvm.read.ptx.sreg.ntid.x"));
    LLVMBuildStore(e->builder, zero, written);
    counted_begin(e, &loop, zero, emitter_get_scalar(e, node->compact.high), 1, threads);
    LLVMValueRef before = LLVMBuildLoad2(e->builder, g->i64, written, "");
    LLVMValueRef found = emit_round(e, node, totals, loop.index, before);
    LLVMBuildStore(e->builder, LLVMBuildAdd(e->builder, before, found, ""), written);
    counted_end(e, &loop);
    LLVMValueRef thread = special_register(e, "llvm.nvvm.read.ptx.sreg.tid.x");
    LLVMValueRef is_first = LLVMBuildICmp(e->builder, LLVMIntEQ, thread, LLVMConstNull(g->i32), "");
    store_if(e, is_first, node->compact.count, zero,
             LLVMBuildLoad2(e->builder, g->i64, written, ""));
}

/* ---- kernels ---- */

static void leave_unless(struct emitter *e, LLVMValueRef condition)
{
    const struct kernel_state *state = e->import_data;
    LLVMBasicBlockRef go_on = emitter_block(e, "run");
    LLVMBuildCondBr(e->builder, condition, go_on, state->leave);
    emitter_start(e, go_on);
}

static void emit_guards(struct emitter *e, const struct kernel_guard *guard)
{
    if (guard == NULL)
        return;
    emit_guards(e, guard->outer);
    LLVMValueRef condition = emitter_get_scalar(e, guard->condition);
    leave_unless(e, guard->wanted ? condition : LLVMBuildNot(e->builder, condition, ""));
}

static void emit_serial(struct emitter *e, const struct kernel *kernel)
{
    LLVMValueRef number = share_threads(e).first;
    leave_unless(
        e, LLVMBuildICmp(e->builder, LLVMIntEQ, number, LLVMConstNull(e->generator->i64), ""));
    for (const struct ir_node *node = kernel->first; node != kernel->last->next; node = node->next)
        emit_node(e, node);
    export_values(e, kernel);
}

static void emit_kernel_body(struct emitter *e, const struct kernel *kernel)
{
    emit_guards(e, kernel->guard);
    switch (kernel->kind) {
    case KERNEL_LOOP:
        emit_shared_loop(e, kernel->first,
                         kernel->inner != NULL ? share_rows(e) : share_threads(e));
        return;
    case KERNEL_COMPACT: emit_block_compact(e, kernel->first); return;
    case KERNEL_SERIAL: emit_serial(e, kernel); return;
    }
    unreachable();
}

/* "net.step", third kernel, loop "exc": net_step_3_exc. */
static const char *kernel_name(struct generator *g, const struct ir_function *ir, size_t number,
                               const struct kernel *kernel)
{
    const char *what = kernel->kind == KERNEL_COMPACT  ? "compact"
                       : kernel->kind == KERNEL_SERIAL ? "serial"
                       : kernel->first->name != NULL   ? kernel->first->name
                                                       : "loop";
    char *name = arena_format(&g->compilation->arena, "%s_%zu_%s", ir->name, number, what);
    for (char *c = name; *c != '\0'; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9')))
            *c = '_';
    return name;
}

static LLVMValueRef declare_kernel(struct generator *g, const char *name)
{
    LLVMTypeRef global = LLVMPointerTypeInContext(g->context, GLOBAL_MEMORY);
    LLVMTypeRef parameters[] = { global, global };
    LLVMValueRef function =
        LLVMAddFunction(g->module, name, LLVMFunctionType(g->void_type, parameters, 2, false));
    LLVMSetValueName2(LLVMGetParam(function, 0), "contexts", strlen("contexts"));
    LLVMSetValueName2(LLVMGetParam(function, 1), "environment", strlen("environment"));
    decorate_function(g, function);
    return function;
}

/* The context and the environment of the lane that this block works for. */
static void find_lane(struct emitter *e, struct kernel_state *state)
{
    struct generator *g = e->generator;
    LLVMBasicBlockRef back = emitter_enter_entry(e);
    LLVMValueRef lane = widen(e, special_register(e, "llvm.nvvm.read.ptx.sreg.ctaid.z"));
    LLVMValueRef context =
        LLVMBuildMul(e->builder, lane, value_integer(g, (int64_t)sizeof(struct snn_context)), "");
    LLVMValueRef word =
        LLVMBuildMul(e->builder, lane, value_integer(g, state->plan->slot_count), "");
    e->context = LLVMBuildInBoundsGEP2(e->builder, g->i8, LLVMGetParam(e->function, 0), &context, 1,
                                       "context");
    state->environment =
        LLVMBuildInBoundsGEP2(e->builder, g->i64, LLVMGetParam(e->function, 1), &word, 1, "lane");
    emitter_leave_entry(e, back);
}

static void emit_kernel(struct generator *g, struct ir_function *ir, const struct kernel_plan *plan,
                        const struct kernel *kernel, const char *name)
{
    LLVMValueRef function = declare_kernel(g, name);
    struct kernel_state state = { .plan = plan, .kernel = kernel };
    struct emitter e;
    emitter_init(&e, g, ir, &ir->body, function, NULL);
    e.import = import;
    e.import_data = &state;
    state.leave = emitter_block(&e, "leave");
    find_lane(&e, &state);
    emit_kernel_body(&e, kernel);
    emitter_branch_to(&e, state.leave);
    emitter_finish(&e);
}

static void emit_program(struct generator *g)
{
    for (int32_t k = 0; k < g->program->function_count; k++) {
        struct ir_function *ir = g->program->functions[k];
        struct kernel_plan plan = kernels_plan(g->compilation, g->program, ir);
        for (size_t n = 0; n < plan.kernels.count; n++) {
            const struct kernel *kernel = &plan.kernels.items[n];
            emit_kernel(g, ir, &plan, kernel, kernel_name(g, ir, n + 1, kernel));
        }
    }
}

const struct target target_ptx = {
    .name = "ptx",
    .has_lanes = false,
    .create_machine = create_machine,
    .decorate_function = decorate_function,
    .data_pointer = in_global_memory,
    .emit_call_rt = emit_panic,
    .emit_loop = emit_any_loop,
    .emit_compact = emit_serial_compact,
    .emit_program = emit_program,
};
