/* SPDX-License-Identifier: MIT
 *
 * A program written by hand, to test the runtime without the compiler: n weights learn in `train`,
 * `test` sums them in a parallel loop, the optional tasks do what one test needs. run_program
 * forks, so that exit statuses and messages can be looked at.
 */
#ifndef SNN_TESTS_FAKE_PROGRAM_H
#define SNN_TESTS_FAKE_PROGRAM_H

#undef NDEBUG
#include "calls.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    FAKE_SETUP,
    FAKE_INIT,
    FAKE_CLEAR,
    FAKE_TRAIN,
    FAKE_TEST,
    FAKE_SLOW,
    FAKE_SNAPSHOT,
    FAKE_BAD_INDEX
};
enum { SIZE_N, SIZE_SAMPLES, SIZE_TABLE };
enum { BUFFER_WEIGHT, BUFFER_BIAS, BUFFER_STATE, BUFFER_RESULT, BUFFER_TABLE };
enum { PARAM_N, PARAM_SAMPLES, PARAM_WINDOW, PARAM_MODE, PARAM_RATE, PARAM_FLAG };

static const struct snn_unit fake_times[] = { { "ms", 1 }, { "s", 1000 }, { "us", 1e-3 } };
static const char *const fake_modes[] = { "sum", "mean" };

static const struct snn_param fake_params[] = {
    { .name = "n",
      .doc = "weights",
      .type = SNN_INT64,
      .initial.integer = 20,
      .low = -INFINITY,
      .high = INFINITY,
      .place = "fake.snn:1:1" },
    { .name = "samples",
      .doc = "samples of the test",
      .type = SNN_INT64,
      .initial.integer = 100,
      .low = 1,
      .high = 1e6,
      .place = "fake.snn:2:1" },
    { .name = "window",
      .doc = "time one sample is shown",
      .type = SNN_FLOAT64,
      .initial.real = 250,
      .low = 0,
      .high = 10000,
      .units = fake_times,
      .unit_count = 3,
      .place = "fake.snn:3:1" },
    { .name = "mode",
      .doc = "how to add up",
      .type = SNN_STRING,
      .initial.text = "sum",
      .low = -INFINITY,
      .high = INFINITY,
      .choices = fake_modes,
      .choice_count = 2,
      .place = "fake.snn:4:1" },
    { .name = "rate",
      .doc = "",
      .type = SNN_FLOAT64,
      .initial.real = 0.1,
      .low = -INFINITY,
      .high = INFINITY,
      .place = "fake.snn:5:1" },
    { .name = "flag",
      .doc = "",
      .type = SNN_BOOL,
      .low = -INFINITY,
      .high = INFINITY,
      .place = "fake.snn:6:1" },
};

static const struct snn_data fake_data[] = { { "digits", "pictures", "fake.snn:7:1" } };
static const int32_t fake_extent_n[] = { SIZE_N };
static const int32_t fake_extents_table[] = { SIZE_N, SIZE_SAMPLES };
static const char *const fake_axes[] = { "neuron", "sample" };

static const struct snn_buffer fake_buffers[] = {
    { "layer.weight", SNN_FLOAT32, SNN_BUFFER_MODEL, SIZE_N, 1, fake_extent_n, fake_axes, 0, 0,
      "mV" },
    { "bias", SNN_FLOAT64, SNN_BUFFER_MODEL, -1, 1, fake_extent_n, fake_axes, 0, 0, "" },
    { "layer.v", SNN_FLOAT32, SNN_BUFFER_LANE, SIZE_N, 1, fake_extent_n, fake_axes, 0, 0, "mV" },
    { "result", SNN_FLOAT32, SNN_BUFFER_LOCAL, -1, 1, NULL, NULL, 0, 0, "" },
    { "table", SNN_FLOAT32, SNN_BUFFER_SHARED, SIZE_TABLE, 2, fake_extents_table, fake_axes, 0, 0,
      "" },
};

static const struct snn_task fake_tasks[] = {
    { "train", "learn", false, true, true, FAKE_TRAIN },
    { "test", "add up", false, false, true, FAKE_TEST },
    { "slow", "wait for a signal", true, true, false, FAKE_SLOW },
    { "snapshot", "save and load", true, false, false, FAKE_SNAPSHOT },
    { "bad_index", "fail in a parallel loop", true, false, false, FAKE_BAD_INDEX },
};

static const char *const fake_streams[] = { "weights", "encoder", "weights" };

/* Draws from a key as generated code would, only worse. */
static float fake_draw(uint64_t key, int64_t i)
{
    uint64_t z = (key + (uint64_t)i) * UINT64_C(0x9E3779B97F4A7C15);

    return (float)((z ^ z >> 29) >> 40) / 16777216;
}

static void fake_setup(struct snn_context *context)
{
    int64_t n = context->params[PARAM_N].integer;

    if (n < 1 || n > INT32_MAX)
        snn_rt_panic_size(context, "fake.snn:1:1", "the size of layer", (double)n);
    context->sizes[SIZE_N] = n;
    context->sizes[SIZE_SAMPLES] = context->params[PARAM_SAMPLES].integer;
    context->sizes[SIZE_TABLE] = n * context->sizes[SIZE_SAMPLES];
}

static void fake_init(struct snn_context *context)
{
    float *weight = context->buffers[BUFFER_WEIGHT];

    for (int64_t i = 0; i < context->sizes[SIZE_N]; i++)
        weight[i] = fake_draw(context->keys[0], i);
    snn_rt_resize(context, BUFFER_BIAS, 3);
    ((double *)context->buffers[BUFFER_BIAS])[2] = context->params[PARAM_RATE].real;
}

static void fake_clear(struct snn_context *context)
{
    float *state = context->buffers[BUFFER_STATE];

    for (int64_t i = 0; i < context->sizes[SIZE_N]; i++)
        state[i] = -1;
}

static void fake_train(struct snn_context *context)
{
    float *weight = context->buffers[BUFFER_WEIGHT];

    snn_rt_loop_begin(context, "chunk", 4);
    for (int64_t chunk = 0; chunk < 4; chunk++) {
        double total = 0;

        snn_rt_loop_begin(context, "s", 25);
        for (int64_t sample = 0; sample < 25; sample++) {
            for (int64_t i = 0; i < context->sizes[SIZE_N]; i++)
                total += weight[i] += 0.01f * fake_draw(context->keys[1], sample + 25 * chunk + i);
            snn_rt_loop_step(context);
        }
        snn_rt_loop_end(context);
        snn_rt_log_number(context, "total", (float)total);
        snn_rt_loop_step(context);
    }
    snn_rt_loop_end(context);
}

/* The lane's state must be what clear left, its results those of its index. */
static void fake_test_body(struct snn_context *context, int64_t index, void *env)
{
    const float *weight = context->buffers[BUFFER_WEIGHT];
    float *state = context->buffers[BUFFER_STATE], *result = context->buffers[BUFFER_RESULT],
          sum = 0;

    (void)env;
    assert(context->buffers[BUFFER_RESULT] && context->path == 7 && context->present == 0);
    context->path = (uint64_t)index;
    context->present++;
    for (int64_t i = 0; i < context->sizes[SIZE_N]; i++) {
        state[i] = weight[i] * (float)(index + 1);
        sum += state[i];
    }
    result[index] = sum;
    snn_rt_loop_step(context);
}

static void fake_test(struct snn_context *context)
{
    int64_t samples = context->sizes[SIZE_SAMPLES];
    const float *result, *state = context->buffers[BUFFER_STATE];
    double total = 0;

    snn_rt_array(context, BUFFER_RESULT, samples);
    snn_rt_loop_begin(context, "test", samples);
    context->path = 7;
    snn_rt_parallel_for(context, samples, (void *)fake_test_body, NULL);
    snn_rt_loop_end(context);
    result = context->buffers[BUFFER_RESULT];
    for (int64_t i = 0; i < samples; i++)
        total += (double)result[i];
    snn_rt_report_number(context, "total", total, "mV");
    snn_rt_report_number(context, "state", (double)state[0], "");
    snn_rt_report_integer(context, "samples", samples);
    snn_rt_report_text(context, "mode", context->params[PARAM_MODE].text);
    snn_rt_report_array(context, "weight", BUFFER_WEIGHT, "mV");
}

static void fake_slow(struct snn_context *context)
{
    snn_rt_report_integer(context, "before", 1);
    snn_rt_loop_begin(context, "s", 100000);
    for (int64_t i = 0; i < 100000; i++) {
        if (i == 10)
            kill(getpid(), SIGINT);
        snn_rt_loop_step(context);
    }
    snn_rt_loop_end(context);
    assert(!"not reached");
}

static void fake_snapshot(struct snn_context *context)
{
    float *weight = context->buffers[BUFFER_WEIGHT], before = weight[0];

    snn_rt_save(context, "a");
    weight[0] = 99;
    snn_rt_load(context, "a", "fake.snn:9:1");
    assert(weight[0] == before);
    snn_rt_export(context, BUFFER_WEIGHT, "weights/w.npy", "fake.snn:9:1");
    snn_rt_load(context, "b", "fake.snn:10:1");
}

static void fake_bad_body(struct snn_context *context, int64_t index, void *env)
{
    (void)env;
    if (index % 3 == 1)
        snn_rt_panic_index(context, "fake.snn:11:3", "weight", 20, 20);
}

static void fake_call(struct snn_context *context, int32_t function)
{
    switch (function) {
    case FAKE_SETUP: fake_setup(context); break;
    case FAKE_INIT: fake_init(context); break;
    case FAKE_CLEAR: fake_clear(context); break;
    case FAKE_TRAIN: fake_train(context); break;
    case FAKE_TEST: fake_test(context); break;
    case FAKE_SLOW: fake_slow(context); break;
    case FAKE_SNAPSHOT: fake_snapshot(context); break;
    case FAKE_BAD_INDEX: snn_rt_parallel_for(context, 1000, (void *)fake_bad_body, NULL); break;
    default: assert(0);
    }
}

static const struct snn_program fake_program = {
    .abi_version = SNN_ABI_VERSION,
    .name = "fake",
    .doc = "A program written by hand.",
    .source = "fake.snn",
    .compiler = "nobody 1.0",
    .version = "0123456789abcdef",
    .params = fake_params,
    .param_count = 6,
    .data = fake_data,
    .data_count = 1,
    .buffers = fake_buffers,
    .buffer_count = 5,
    .tasks = fake_tasks,
    .task_count = 5,
    .size_count = 3,
    .key_count = 3,
    .streams = fake_streams,
    .setup = FAKE_SETUP,
    .init = FAKE_INIT,
    .clear = FAKE_CLEAR,
    .call = fake_call,
};

/* What the latest run_program printed. */
static char run_stdout[1 << 16], run_stderr[1 << 16];
static const char *run_output = "stdout.txt"; /* where its standard output goes */

static void read_text(char *out, size_t bytes, const char *path)
{
    FILE *file = fopen(path, "r");
    size_t length;

    assert(file);
    length = fread(out, 1, bytes - 1, file);
    out[length] = '\0';
    fclose(file);
}

/* Runs the fake program with these words, the last NULL; returns its exit status. `file_limit`
 * bounds the files it writes. */
static int run_limited(rlim_t file_limit, const char *const *words)
{
    static char name[] = "fake";
    char *argv[32] = { name };
    int argc = 1, status;
    pid_t child;

    for (; *words; words++)
        argv[argc++] = (char *)(uintptr_t)*words;
    fflush(NULL);
    child = fork();
    assert(child >= 0);
    if (child == 0) {
        struct rlimit limit = { file_limit, file_limit };

        assert(freopen(run_output, "w", stdout) && freopen("stderr.txt", "w", stderr));
        if (file_limit != RLIM_INFINITY)
            assert(setrlimit(RLIMIT_FSIZE, &limit) == 0);
        exit(snn_main(&fake_program, argc, argv));
    }
    assert(waitpid(child, &status, 0) == child);
    if (strcmp(run_output, "stdout.txt") == 0)
        read_text(run_stdout, sizeof run_stdout, run_output);
    read_text(run_stderr, sizeof run_stderr, "stderr.txt");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#define run_program(...) run_limited(RLIM_INFINITY, (const char *const[]){ __VA_ARGS__, NULL })

/* A fresh folder to run in. */
static void enter_scratch(const char *name)
{
    char command[256];

    snprintf(command, sizeof command, "rm -rf %s.dir && mkdir %s.dir", name, name);
    assert(system(command) == 0);
    snprintf(command, sizeof command, "%s.dir", name);
    assert(chdir(command) == 0);
}

static void expect_status(int status, int expected, int line)
{
    if (status == expected)
        return;
    fprintf(stderr, "line %d: exit status %d, expected %d\n%s%s", line, status, expected,
            run_stdout, run_stderr);
    exit(1);
}

static void expect_text(const char *text, const char *part, int line)
{
    if (strstr(text, part))
        return;
    fprintf(stderr, "line %d: no '%s' in:\n%s\n", line, part, text);
    exit(1);
}

/* The program ends with this status and says so. */
#define expect_error(status, part, ...)                                                            \
    do {                                                                                           \
        expect_status(run_program(__VA_ARGS__), status, __LINE__);                                 \
        expect_text(run_stderr, part, __LINE__);                                                   \
    } while (0)

#define expect_success(...) expect_status(run_program(__VA_ARGS__), 0, __LINE__)

#endif
