/* SPDX-License-Identifier: MIT
 *
 * What runs leave behind: the same bytes for the same seed whatever the threads, a model that a
 * later task finds, and nothing half written when something fails.
 */
#include "fake_program.h"

#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>

/* The only run in `out`. */
static void run_folder(char path[512], const char *out)
{
    char parent[256];
    DIR *directory;
    struct dirent *entry;
    int count = 0;

    snprintf(parent, sizeof parent, "%s/fake", out);
    directory = opendir(parent);
    assert(directory);
    while ((entry = readdir(directory))) {
        if (entry->d_name[0] == '.' || strncmp(entry->d_name, "runs.", 5) == 0)
            continue;
        snprintf(path, 512, "%s/%.200s", parent, entry->d_name);
        count++;
    }
    closedir(directory);
    assert(count == 1);
}

static bool same_file(const char *a, const char *b, const char *name)
{
    char a_path[512], b_path[512], command[1100];

    run_folder(a_path, a);
    run_folder(b_path, b);
    snprintf(command, sizeof command, "cmp -s %s/%s %s/%s", a_path, name, b_path, name);
    return system(command) == 0;
}

static void expect_file(const char *out, const char *name, const char *part)
{
    static char text[1 << 16];
    char path[800], folder[512];

    run_folder(folder, out);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    read_text(text, sizeof text, path);
    expect_text(text, part, __LINE__);
}

static bool has_file(const char *out, const char *name)
{
    char path[800], folder[512];

    run_folder(folder, out);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

static void records(void)
{
    expect_success("--out", "a", "--seed", "5", "--threads", "1", "--quiet", "n=5");
    expect_text(run_stdout, "total = ", __LINE__);
    expect_text(run_stdout, "samples = 100\n", __LINE__);
    assert(run_stderr[0] == '\0');
    expect_file("a", "params.json", "\"window\": \"250 ms\"");
    expect_file("a", "params.json", "\"rate\": 0.1");
    expect_file("a", "params.json", "\"status\": \"finished\"");
    expect_file("a", "params.json", "\"encoder\": 5");
    expect_file("a", "metrics.jsonl",
                "{\"task\": \"train\", \"samples\": 25, \"name\": \"total\", \"value\": ");
    expect_file("a", "results.json", "\"mode\": \"sum\"");
    expect_file("a", "results.json", "\"unit\": \"mV\"");
    expect_file("a", "timing.json", "\"samples\": 100");
}

static void determinism(void)
{
    static const char *const files[] = { "model.npz", "results.json", "metrics.jsonl",
                                         "train-total.svg", "train-total.png" };

    expect_success("--out", "b", "--seed", "5", "--threads", "1", "--quiet", "n=5");
    expect_success("--out", "c", "--seed", "5", "--threads", "3", "--quiet", "n=5");
    expect_success("--out", "d", "--seed", "6", "--threads", "1", "--quiet", "n=5");
    for (int i = 0; i < 5; i++) {
        assert(same_file("a", "b", files[i]));
        assert(same_file("a", "c", files[i]));
        assert(!same_file("a", "d", files[i]));
    }
}

static void later_tasks(void)
{
    expect_error(1, "task 'test' needs a model, and no earlier run has one", "test", "--out",
                 "empty");
    expect_text(run_stderr, "run task 'train' first", __LINE__);
    expect_success("train", "--out", "e", "--seed", "9", "--quiet");
    expect_error(1, "has n = 20 there and 30 here", "test", "--out", "e", "n=30");
    expect_error(1, "has mode = sum there and mean here", "test", "--out", "e", "mode=mean");
    expect_error(1, "data set digits is the program's own there and builtin here", "test", "--out",
                 "e", "--data", "digits=builtin");
    expect_success("test", "--out", "e");
    expect_text(run_stderr, "model: e/fake/", __LINE__);
    {
        char later[sizeof run_stdout];

        strcpy(later, run_stdout);
        expect_success("--out", "f", "--seed", "9");
        assert(strcmp(later, run_stdout) == 0); /* in one process and in two */
    }
}

static void given_models(void)
{
    char folder[512], model[600];

    run_folder(folder, "a");
    snprintf(model, sizeof model, "%s/model.npz", folder);
    expect_success("test", "--out", "g", "--model", model, "n=5");
    expect_error(
        1, "does not fit this program: 'layer.weight' is float32[5] there, but float32[20] here",
        "test", "--out", "h", "--model", model);
    expect_error(1, "cannot read the model", "test", "--out", "h", "--model", "nothing.npz");
    expect_error(1, "cannot read the model", "test", "--out", "h", "--model", "stdout.txt");
}

static void snapshots(void)
{
    expect_error(1, "fake.snn:10:1: there is no model 'b' in this run", "snapshot", "--out", "i");
    assert(has_file("i", "models/a.npz") && has_file("i", "weights/w.npy"));
}

static void interruption(void)
{
    expect_error(
        130, "interrupted in task 'slow'; the model as it is now is kept as model-interrupted.npz",
        "slow", "--out", "j");
    assert(has_file("j", "model-interrupted.npz") && !has_file("j", "model.npz"));
    expect_file("j", "results.json", "\"before\": 1");
    expect_file("j", "params.json", "\"status\": \"interrupted\"");
    expect_error(1, "there is no model in j/fake", "test", "--out", "j");
}

static void failures(void)
{
    expect_error(1, "cannot make folder", "--out", "/proc/nothing");
    expect_text(run_stderr, "choose another with --out", __LINE__);
    expect_error(1, "cannot make folder 'stdout.txt': it is a file", "--out", "stdout.txt");
    expect_error(1, "fake.snn:11:3: index 20 is outside 'weight', whose indices are 0 .. 19",
                 "bad_index", "--threads", "4", "--out", "k");
    expect_error(1, "'table' would take 8000 GB (2000000 x 1000000 float32), but this machine has ",
                 "n=2e6", "samples=1e6", "--out", "l");
    expect_text(run_stderr, "; the parameters are n = 2000000, samples = 1000000", __LINE__);
    assert(access("l", F_OK) != 0); /* nothing begun, nothing left */
}

/* Files may not grow beyond a few kilobytes: what a full disk looks like from here. */
static void full_disk(void)
{
    const char *const words[] = { "train", "n=100000", "--out", "m", "--quiet", NULL };

    expect_status(run_limited(20000, words), 1, __LINE__);
    expect_text(run_stderr, "error: cannot write 'm/fake/", __LINE__);
    expect_text(run_stderr, "model.npz'", __LINE__);
    run_output = "/dev/full";
    expect_error(1, "cannot write to standard output: No space left on device", "--out", "n",
                 "--quiet");
    run_output = "stdout.txt";
    assert(!has_file("m", "model.npz") && !has_file("m", "model.npz.part") &&
           has_file("m", "metrics.jsonl"));
}

int main(void)
{
    enter_scratch("start_runs");
    records();
    determinism();
    later_tasks();
    given_models();
    snapshots();
    interruption();
    failures();
    full_disk();
    return 0;
}
