/* SPDX-License-Identifier: MIT
 *
 * `kfold N`: a run for each fold, with a seed of its own, and the mean of what they report. The
 * first fold is set up once before anything starts, so that data that cannot be divided are one
 * error.
 */
#include "experiment/jobs.h"

#include "console.h"
#include "error.h"
#include "experiment/listing.h"
#include "run.h"
#include "runtime.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char help[] =
    "usage: %s kfold N [--seed S] [--jobs N] [--resume] [TASK...] [NAME=VALUE...] [OPTION...]\n"
    "\n"
    "Cross-validation: N runs, each in a process and a folder of its own. In run I, part I of N\n"
    "equal, stratified parts of .train is .val, the rest is .train, and the seed is S + I. Prints\n"
    "mean and standard deviation (of the population) of every reported number.\n"
    "\n"
    "A data folder with folders 0 .. N-1 in it has its folds already: run I reads folder I.\n"
    "\n"
    "  --seed S    seed of the first fold (0)\n"
    "  --jobs N    N runs at a time (1); --threads is for each, if not given all processors\n"
    "              divided by N\n"
    "  --resume    folds that are finished are not made again, those that were killed go on from\n"
    "              their checkpoints\n"
    "\n"
    "The other options are those of a single run.\n";

struct kfold {
    struct snn_jobs jobs;
    uint64_t folds, seed;
    char **words; /* what every run gets */
    int word_count;
};

static int read_word(struct kfold *kfold, struct snn_words *words)
{
    const char *value;
    int taken = snn_jobs_take_option(&kfold->jobs, words);

    if (taken == 0 && (taken = snn_words_take(words, "--seed", &value)) > 0)
        return snn_options_whole(&kfold->seed, "--seed", value, 0, UINT64_MAX - SNN_FOLD_LIMIT);
    if (taken == 0 && (taken = snn_words_take(words, "--fold", &value)) > 0)
        return snn_error_set("'kfold' makes all folds: leave out '--fold', or 'kfold' for one");
    if (taken != 0)
        return taken;
    kfold->word_count += snn_words_move(words, &kfold->words[kfold->word_count]);
    return 1;
}

/* Negative if an error was printed. */
static int add_fold(struct kfold *kfold, uint64_t fold)
{
    enum { WORD_BYTES = 64 };
    struct snn_region *region = kfold->jobs.region;
    int argc = kfold->word_count;
    char **argv = snn_region_array(region, (size_t)argc + 2, sizeof *argv);
    char *label = snn_region_alloc(region, WORD_BYTES);

    memcpy(argv, kfold->words, (size_t)argc * sizeof *argv);
    argv[argc] = snn_region_alloc(region, WORD_BYTES);
    argv[argc + 1] = snn_region_alloc(region, WORD_BYTES);
    snprintf(argv[argc], WORD_BYTES, "--fold=%" PRIu64 "/%" PRIu64, fold, kfold->folds);
    snprintf(argv[argc + 1], WORD_BYTES, "--seed=%" PRIu64, kfold->seed + fold);
    snprintf(label, WORD_BYTES, "fold %" PRIu64, fold);
    return snn_jobs_add(&kfold->jobs, label, argc + 2, argv);
}

/* Sets up the first fold in a process of its own, which says what is wrong. */
static int probe(const struct kfold *kfold)
{
    pid_t process;
    int status = 0;

    fflush(NULL);
    process = fork();
    if (process == 0)
        _exit(snn_run_check(kfold->jobs.program, &kfold->jobs.jobs[0].options));
    if (process < 0 || waitpid(process, &status, 0) != process) {
        fprintf(stderr, "error: cannot start a process: %s\n", strerror(errno));
        return SNN_EXIT_FAILURE;
    }
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    fprintf(stderr, "error: opening the data was ended by signal %d (%s)\n", WTERMSIG(status),
            strsignal(WTERMSIG(status)));
    return SNN_EXIT_FAILURE;
}

/* "accuracy = 0.971 ± 0.003" for every result that is a number. */
static void print_means(const struct snn_listing *listing)
{
    double *numbers = snn_region_array(listing->region, listing->row_count, sizeof *numbers);

    for (size_t i = 0; i < listing->column_count; i++) {
        const struct snn_column *column = &listing->columns[i];
        double mean, deviation;
        size_t used;

        for (size_t row = 0; row < listing->row_count; row++)
            numbers[row] = strcmp(listing->rows[row]->status, "finished") == 0
                               ? column->cells[row].number
                               : NAN;
        used = snn_mean_and_deviation(numbers, listing->row_count, &mean, &deviation);
        if (column->kind == SNN_COLUMN_RESULT && used > 0)
            printf("%s = %.6g ± %.3g%s%s (%zu folds)\n", column->label, mean, deviation,
                   *column->unit ? " " : "", column->unit, used);
    }
}

static int read_folds(struct kfold *kfold, struct snn_words *words)
{
    if (words->left == 0 || words->words[0][0] == '-')
        return snn_error_set("'kfold' needs the number of folds: kfold 10");
    words->left--;
    return snn_options_whole(&kfold->folds, "kfold", *words->words++, 2, SNN_FOLD_LIMIT);
}

static int run_folds(struct kfold *kfold)
{
    struct snn_run_info *infos;
    struct snn_listing *listing;
    size_t count;
    int status;

    for (uint64_t fold = 0; fold < kfold->folds; fold++)
        if (add_fold(kfold, fold) < 0)
            return SNN_EXIT_USAGE;
    status = probe(kfold);
    if (status != 0)
        return status;
    status = snn_jobs_run(&kfold->jobs);
    count = snn_jobs_infos(&kfold->jobs, &infos);
    listing = snn_listing_create(kfold->jobs.region, kfold->jobs.program, infos, count);
    snn_listing_print(stdout, listing);
    if (!kfold->jobs.is_quiet)
        snn_console_note("mean ± standard deviation of the population, over the finished folds:");
    print_means(listing);
    snn_console_flush_results();
    return status;
}

int snn_command_kfold(const struct snn_program *program, struct snn_region *region, int argc,
                      char **argv)
{
    struct snn_words words = { argv + 2, argc - 2 };
    struct kfold kfold = {
        .jobs = { .program = program, .region = region, .title = "kfold", .limit = 1 }
    };

    kfold.words = snn_region_array(region, (size_t)argc, sizeof *kfold.words);
    kfold.words[kfold.word_count++] = argv[0];
    for (int i = 2; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0) {
            printf(help, program->name);
            return 0;
        }
    if (read_folds(&kfold, &words) < 0)
        return snn_command_refuse();
    while (words.left > 0)
        if (read_word(&kfold, &words) < 0)
            return snn_command_refuse();
    return run_folds(&kfold);
}
