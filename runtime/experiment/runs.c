/* SPDX-License-Identifier: MIT
 *
 * `runs`: lists what the database knows after it was made to agree with the folders.
 */
#include "experiment/commands.h"

#include "console.h"
#include "error.h"
#include "experiment/listing.h"
#include "experiment/registry.h"
#include "record/file.h"
#include "runtime.h"
#include "suggest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: %s runs [--sort NAME] [--group-by NAME,...] [--where CONDITION] [--csv FILE] [--out "
    "FOLDER]\n"
    "\n"
    "Lists the runs of this program in FOLDER (runs): parameters and results.\n"
    "\n"
    "  --sort NAME          by this parameter or result, smallest first; -NAME: largest first\n"
    "  --group-by NAME,...  finished runs with equal values together: how many, and of each "
    "result\n"
    "                       mean and standard deviation (of the population)\n"
    "  --where CONDITION    only these: n=100, 'lr<0.1', 'accuracy>=0.9', mode!=sum; may be "
    "repeated\n"
    "  --csv FILE           writes the table there; - is standard output\n"
    "\n"
    "NAME is a parameter, a result (test.accuracy where several tasks report one), or run, "
    "status,\n"
    "started, seconds, tasks, seed, fold, folds, threads, version, error.\n";

struct request {
    const char *sort, *group, *csv, *out;
    const char **conditions;
    int condition_count;
};

static int unknown_word(const char *word)
{
    static const char *const known[] = { "--sort", "--group-by", "--where",
                                         "--csv",  "--out",      "--help" };
    const char *best = NULL;

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        best = snn_suggest(word, best, known[i]);
    if (best)
        return snn_error_set("'runs' has no '%s'; did you mean '%s'?", word, best);
    return snn_error_set("'runs' has no '%s'; 'runs --help' says what it has", word);
}

static int read_word(struct request *request, struct snn_words *words)
{
    const char *condition;
    int taken = snn_words_take(words, "--sort", &request->sort);

    if (taken == 0)
        taken = snn_words_take(words, "--group-by", &request->group);
    if (taken == 0)
        taken = snn_words_take(words, "--csv", &request->csv);
    if (taken == 0)
        taken = snn_words_take(words, "--out", &request->out);
    if (taken == 0) {
        taken = snn_words_take(words, "--where", &condition);
        if (taken > 0)
            request->conditions[request->condition_count++] = condition;
    }
    return taken == 0 ? unknown_word(words->words[0]) : taken;
}

static int write_csv(const struct snn_listing *listing, const char *path)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *file = open_memstream(&text, &bytes);
    int status = 0;

    if (!file)
        return snn_error_set("out of memory for '%s'", path);
    snn_listing_write_csv(file, listing);
    if (fclose(file) != 0)
        status = snn_error_set("out of memory for '%s'", path);
    else if (strcmp(path, "-") == 0)
        fwrite(text, 1, bytes, stdout);
    else
        status = snn_file_replace(path, text, bytes);
    free(text);
    return status;
}

/* Groups have means in place of results: "accuracy" is "accuracy mean". */
static int sort_groups(struct snn_listing *groups, const char *name)
{
    char mean[512];

    snprintf(mean, sizeof mean, "%s mean", name);
    return snn_listing_sort(groups,
                            snn_listing_find(groups, mean + (name[0] == '-')) >= 0 ? mean : name);
}

/* Means over different programs are seldom meant. */
static void note_versions(const struct snn_listing *listing)
{
    const char *version = NULL;

    for (size_t row = 0; row < listing->row_count; row++) {
        const struct snn_run_info *run = listing->rows[row];

        if (strcmp(run->status, "finished") != 0)
            continue;
        if (version && strcmp(version, run->version) != 0) {
            snn_console_note("note: the groups mix runs of different versions of the program; "
                             "--where version=%s chooses the newest",
                             listing->rows[listing->row_count - 1]->version);
            return;
        }
        version = run->version;
    }
}

/* Chooses, orders and groups as asked. */
static int arrange(struct snn_listing **listing, const struct request *request)
{
    for (int i = 0; i < request->condition_count; i++)
        if (snn_listing_filter(*listing, request->conditions[i]) < 0)
            return -1;
    if (request->group)
        note_versions(*listing);
    if (request->group && !(*listing = snn_listing_group(*listing, request->group)))
        return -1;
    if (request->group && request->sort)
        return sort_groups(*listing, request->sort);
    return request->sort ? snn_listing_sort(*listing, request->sort) : 0;
}

static int show(const struct snn_program *program, struct snn_region *region,
                const struct request *request, const char *folder)
{
    struct snn_registry *registry = snn_registry_create(region, folder);
    struct snn_run_info *runs;
    struct snn_listing *listing;
    size_t count;
    int status = snn_registry_sync(registry);

    if (status == 0)
        status = snn_registry_list(registry, &runs, &count);
    snn_registry_destroy(registry);
    if (status < 0) {
        fprintf(stderr, "error: %s\n", snn_last_error());
        return SNN_EXIT_FAILURE;
    }
    if (count == 0) {
        snn_console_note("no runs in '%s'", folder);
        return 0;
    }
    listing = snn_listing_create(region, program, runs, count);
    if (arrange(&listing, request) < 0)
        return snn_command_refuse();
    if (listing->row_count == 0)
        snn_console_note(request->group ? "no finished runs to group" : "no such runs");
    if (request->csv && write_csv(listing, request->csv) < 0) {
        fprintf(stderr, "error: %s\n", snn_last_error());
        return SNN_EXIT_FAILURE;
    }
    if (!request->csv)
        snn_listing_print(stdout, listing);
    snn_console_flush_results();
    return 0;
}

int snn_command_runs(const struct snn_program *program, struct snn_region *region, int argc,
                     char **argv)
{
    struct snn_words words = { argv + 2, argc - 2 };
    struct request request = { .out = "runs" };
    char folder[SNN_PATH_BYTES];

    request.conditions = snn_region_array(region, (size_t)argc, sizeof *request.conditions);
    while (words.left > 0) {
        int taken = snn_words_take(&words, "--help", NULL);

        if (taken > 0) {
            printf(help, program->name);
            return 0;
        }
        if (taken < 0 || read_word(&request, &words) < 0)
            return snn_command_refuse();
    }
    if (snn_path_join(folder, request.out, program->name) < 0)
        return snn_command_refuse();
    return show(program, region, &request, folder);
}
