/* SPDX-License-Identifier: MIT
 *
 * A run from its command line to its exit status: set-up, the model it begins with, its tasks, its
 * records. What a program is comes from its descriptor; what it computes is behind program->call.
 */
#include "snn/program.h"

#include "checkpoint.h"
#include "console.h"
#include "data/event_ahead.h"
#include "error.h"
#include "experiment/commands.h"
#include "experiment/registry.h"
#include "interrupt.h"
#include "lanes.h"
#include "options.h"
#include "panic.h"
#include "progress.h"
#include "record/model.h"
#include "record/record.h"
#include "resume.h"
#include "run.h"
#include "runtime.h"
#include "threads.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the first task that reads the model can count on. */
enum model_need {
    MODEL_NOT_NEEDED, /* the tasks before it run here, or it is the first that uses the model at all
                       */
    MODEL_WELCOME, /* only optional tasks come before it: goes on with their model if there is one
                    */
    MODEL_NEEDED,  /* a task before it writes the model, and that one does not run here */
};

static enum model_need need_before(const struct snn_program *program, int task)
{
    enum model_need need = MODEL_NOT_NEEDED;

    for (int i = 0; i < task; i++)
        if (program->tasks[i].writes_model && need != MODEL_NEEDED)
            need = program->tasks[i].is_optional ? MODEL_WELCOME : MODEL_NEEDED;
    return need;
}

/* The need of this run, and the task that has it. */
static enum model_need model_need(const struct snn_program *program,
                                  const struct snn_options *options, int *task)
{
    for (int i = 0; i < options->task_count; i++) {
        *task = options->tasks[i];
        if (program->tasks[*task].reads_model && need_before(program, *task) != MODEL_NOT_NEEDED)
            return need_before(program, *task);
        if (program->tasks[*task].writes_model)
            break;
    }
    return MODEL_NOT_NEEDED;
}

/* The name of the last task before `task` that writes the model. */
static const char *writer_before(const struct snn_program *program, int task)
{
    while (--task > 0 && (!program->tasks[task].writes_model || program->tasks[task].is_optional))
        ;
    return program->tasks[task].name;
}

/* Sets the model that the run begins with, and with it the run's identity. False if a task needs
 * one and there is none: then snn_last_error says what to do. */
static bool choose_model(struct snn_runtime *runtime)
{
    const struct snn_program *program = runtime->program;
    char why[512];
    int task = 0;
    enum model_need need = model_need(program, runtime->options, &task);

    if (runtime->resume) {
        runtime->model_path = runtime->resume->model;
        snn_run_identify(runtime);
        return true;
    }
    runtime->model_path = runtime->options->model;
    if (!runtime->model_path && need != MODEL_NOT_NEEDED)
        runtime->model_path = snn_model_find(runtime, why, sizeof why);
    snn_run_identify(runtime);
    if (runtime->model_path || need != MODEL_NEEDED)
        return true;
    snn_error_set("task '%s' needs a model, and no earlier run has one with these parameters (%s); "
                  "run task '%s' first, "
                  "or name a model with --model",
                  program->tasks[task].name, why, writer_before(program, task));
    return false;
}

static void set_keys(struct snn_context *context)
{
    const struct snn_program *program = context->program;

    for (int i = 0; i < program->key_count; i++)
        context->keys[i] = snn_seed_key(&context->runtime->options->seeds, program->streams[i], i);
}

/* ---- the run's entry in the list of runs */

static const char *run_name(const struct snn_record *record)
{
    return strrchr(snn_record_folder(record), '/') + 1;
}

static void begin_record(struct snn_runtime *runtime)
{
    char parent[SNN_PATH_BYTES];
    const char *folder;

    runtime->record = snn_record_create(runtime);
    folder = snn_record_folder(runtime->record);
    snprintf(parent, sizeof parent, "%.*s", (int)(strrchr(folder, '/') - folder), folder);
    runtime->registry = snn_registry_create(runtime->region, parent);
    if (!snn_registry_begin(runtime->registry, run_name(runtime->record)) && runtime->resume)
        snn_panic("another process is going on with '%s'", folder);
}

/* The run is over: `status` and `error` as snn_record_params has them. */
static void note_end(struct snn_runtime *runtime, const char *status, const char *error)
{
    snn_record_params(runtime->record, status, error);
    snn_registry_note(runtime->registry, run_name(runtime->record));
}

/* The run that a panic ends. */
static struct snn_runtime *running;

static void note_failure(const char *message)
{
    if (running && running->options->failure >= 0 &&
        write(running->options->failure, message, strlen(message)) < 0)
        return; /* nobody listens */
    if (running && running->record && running->registry)
        note_end(running, "failed", message);
}

/* ---- from the command line to the first task */

/* Sizes, constants, data sets. */
static struct snn_context *set_up(struct snn_runtime *runtime, struct snn_options *options)
{
    struct snn_context *context;

    runtime->contexts =
        snn_region_array(runtime->region, (size_t)options->threads, sizeof *runtime->contexts);
    runtime->pool = snn_pool_create(options->threads);
    runtime->progress = snn_progress_create(runtime);
    runtime->checkpoint = snn_checkpoint_create(runtime);
    if (!choose_model(runtime))
        snn_panic("%s", snn_last_error());
    if (runtime->model_path && !runtime->resume)
        snn_model_adopt_seeds(options, runtime->model_path);
    context = snn_lane_create_main(runtime);
    set_keys(context);
    runtime->program->call(context, runtime->program->setup);
    if (options->folds > 0 && !runtime->has_folds)
        snn_panic("folds were asked for, but no data set of the program has labels and a part "
                  ".train that could be divided");
    return context;
}

/* The run is brought to where another process has left it. */
static void go_on(struct snn_context *context)
{
    struct snn_runtime *runtime = context->runtime;

    snn_checkpoint_read(runtime);
    snn_checkpoint_restore(context);
    unlink(snn_record_path(runtime->record, "model-interrupted.npz")); /* it is taken back */
    if (!runtime->options->is_quiet)
        snn_console_note("going on with %s", snn_record_folder(runtime->record));
}

/* A run on its own leaves no folder if it cannot begin; one of several has its folder already, and
 * tells there what was wrong. */
static struct snn_context *prepare(struct snn_runtime *runtime, struct snn_options *options)
{
    const struct snn_program *program = runtime->program;
    struct snn_context *context;

    if (options->folder)
        begin_record(runtime);
    context = set_up(runtime, options);
    snn_lane_allocate_main(context);
    if (options->folder)
        snn_record_params(runtime->record, "unfinished", NULL);
    else
        begin_record(runtime);
    program->call(context, program->init);
    if (runtime->model_path && !runtime->resume) {
        snn_model_load(context, runtime->model_path, "");
        if (!options->is_quiet)
            snn_console_note("model: %s", runtime->model_path);
    }
    program->call(context, program->clear);
    if (runtime->resume)
        go_on(context);
    return context;
}

static void run_task(struct snn_context *context, const struct snn_task *task)
{
    struct snn_runtime *runtime = context->runtime;
    struct snn_region_mark mark = snn_region_mark(context->lane->region);

    runtime->task_began = snn_clock_seconds() - runtime->task_seconds;
    runtime->task_seconds = 0;
    runtime->task = task->name;
    context->path = 0;
    context->present = 0;
    context->learning = 0;
    snn_checkpoint_begin_task(context);
    context->program->call(context, task->function);
    if (runtime->ahead)
        snn_event_ahead_release(runtime->ahead, -1);
    snn_region_release(context->lane->region, mark);
    context->lane->mark_count = 0;
    snn_record_task(runtime->record, task->name, snn_clock_seconds() - runtime->task_began);
    if (task->writes_model)
        snn_model_save(context, snn_record_path(runtime->record, "model.npz"));
    snn_record_results(runtime->record);
    snn_record_timing(runtime->record);
    runtime->task = NULL;
}

static void finish_records(struct snn_context *context, const char *status)
{
    struct snn_record *record = context->runtime->record;

    snn_record_results(record);
    snn_record_timing(record);
    snn_record_plot_logs(record);
    note_end(context->runtime, status, NULL);
    snn_console_flush_results();
    if (!context->runtime->options->is_quiet)
        snn_console_note("results: %s", snn_record_folder(record));
}

_Noreturn void snn_run_interrupted(struct snn_context *context)
{
    struct snn_runtime *runtime = context->runtime;
    bool has_model = false;

    for (int i = 0; i < context->program->task_count; i++)
        if (runtime->task && strcmp(context->program->tasks[i].name, runtime->task) == 0)
            has_model = context->program->tasks[i].writes_model;
    snn_console_end_line();
    if (has_model)
        snn_model_save(context, snn_record_path(runtime->record, "model-interrupted.npz"));
    snn_console_note("interrupted in task '%s'%s", runtime->task,
                     has_model ? "; the model as it is now is kept as model-interrupted.npz" : "");
    finish_records(context, "interrupted");
    exit(SNN_EXIT_INTERRUPTED);
}

static void dispose(struct snn_runtime *runtime)
{
    snn_pool_destroy(runtime->pool);
    snn_event_ahead_destroy(runtime->ahead);
    for (int i = runtime->options->threads - 1; i >= 0; i--)
        snn_lane_destroy(runtime->contexts[i]);
    snn_checkpoint_destroy(runtime->checkpoint);
    snn_record_destroy(runtime->record);
    snn_registry_destroy(runtime->registry);
}

static int run_tasks(struct snn_runtime *runtime, struct snn_options *options)
{
    struct snn_context *context = prepare(runtime, options);

    runtime->start_seconds = snn_clock_seconds() - runtime->began;
    for (int i = snn_checkpoint_first_task(runtime);
         i < options->task_count && !snn_interrupt_requested(); i++) {
        runtime->task_number = i;
        run_task(context, &runtime->program->tasks[options->tasks[i]]);
        snn_checkpoint_between(context, i + 1);
    }
    finish_records(context, snn_interrupt_requested() ? "interrupted" : "finished");
    if (!snn_interrupt_requested())
        snn_checkpoint_remove(runtime);
    return snn_interrupt_requested() ? SNN_EXIT_INTERRUPTED : 0;
}

static struct snn_runtime start(const struct snn_program *program, struct snn_options *options)
{
    return (struct snn_runtime){ .program = program,
                                 .options = options,
                                 .began = snn_clock_seconds(),
                                 .region = snn_region_create() };
}

int snn_run(const struct snn_program *program, struct snn_options *options)
{
    struct snn_runtime runtime = start(program, options);
    struct snn_resume resume;
    int status;

    if (options->resumes) {
        if (snn_resume_find(&resume, options, runtime.region, program) < 0)
            snn_panic("%s", snn_last_error());
        runtime.resume = &resume;
    }
    running = &runtime;
    snn_panic_set_witness(note_failure);
    status = run_tasks(&runtime, options);
    running = NULL;
    dispose(&runtime);
    snn_region_destroy(runtime.region);
    return status;
}

int snn_run_check(const struct snn_program *program, struct snn_options *options)
{
    struct snn_runtime runtime = start(program, options);

    runtime.is_trial = true;
    set_up(&runtime, options);
    return 0;
}

void snn_run_foresee(const struct snn_program *program, struct snn_options *options,
                     char identity[SNN_IDENTITY_BYTES])
{
    struct snn_runtime runtime = start(program, options);

    choose_model(&runtime);
    memcpy(identity, runtime.identity, SNN_IDENTITY_BYTES);
    snn_region_destroy(runtime.region);
}

int snn_main(const struct snn_program *program, int argc, char **argv)
{
    struct snn_region *region = snn_region_create();
    snn_command *command = snn_command_find(program, argc, argv);
    struct snn_options options;
    int status = SNN_EXIT_FAILURE;

    if (program->abi_version != SNN_ABI_VERSION)
        snn_panic("the program was compiled for runtime %d, this is %d; compile it again",
                  program->abi_version, SNN_ABI_VERSION);
    signal(SIGXFSZ, SIG_IGN); /* a file that grows too large is an error like a full disk */
    snn_interrupt_install();
    if (command) {
        signal(SIGCHLD,
               SIG_DFL); /* the caller may ignore it: then no process could be waited for */
        status = command(program, region, argc, argv);
        snn_region_destroy(region);
        return status;
    }
    switch (snn_options_read(&options, region, program, argc, argv)) {
    case SNN_OPTIONS_RUN: status = snn_run(program, &options); break;
    case SNN_OPTIONS_DONE: status = fflush(stdout) == 0 ? 0 : SNN_EXIT_FAILURE; break;
    case SNN_OPTIONS_WRONG: status = SNN_EXIT_USAGE; break;
    }
    snn_region_destroy(region);
    return status;
}
