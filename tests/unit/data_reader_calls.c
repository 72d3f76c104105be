/* SPDX-License-Identifier: MIT
 *
 * Sources that are written on the command line as in a program: that there are the readers and
 * arguments of the language, what a call gives, and what is said of wrong ones.
 */
#include "data/reader_call.h"
#include "data/view.h"
#include "data_formats.h"
#include "memory.h"

#include <math.h>

static struct snn_region *region;

static const struct {
    const char *name, *formals, *group;
} builtins[] = {
#define BUILTIN(id, name, formals, group, units) { name, formals, #group },
#include "semantics/builtins.def"
#undef BUILTIN
};

static void test_table(void)
{
    for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++)
        if (strcmp(builtins[i].group, "SOURCE") == 0) {
            const char *formals = snn_reader_formals(builtins[i].name);

            assert(formals && strcmp(formals, builtins[i].formals) == 0);
        }
    assert(!snn_reader_formals("shuffled"));
}

static void test_arguments(void)
{
    static struct snn_reader_call call;

    expect_success(snn_reader_call_read(&call, "npy(\"a b.npy\", labels = \"l,(1).npy\")"));
    assert(strcmp(call.reader, "npy") == 0 && isnan(call.arguments.numbers[0]));
    assert(strcmp(call.arguments.texts[0], "a b.npy") == 0);
    assert(strcmp(call.arguments.texts[1], "l,(1).npy") == 0);
    expect_success(snn_reader_call_read(&call, "csv( label=-2 ,path=\"f.csv\")"));
    assert(call.arguments.numbers[1] == -2 && strcmp(call.arguments.texts[0], "f.csv") == 0);
    expect_success(snn_reader_call_read(
        &call, "recordings(\"r\", 0.5 s, overlap = 100ms, classes = \"box, mug\")"));
    assert(call.arguments.numbers[1] == 500 && call.arguments.numbers[2] == 100);
    assert(strcmp(call.arguments.texts[4], "box, mug") == 0 && !call.has_unit);
    expect_success(snn_reader_call_read(&call, "spikes(\"s\", 2)"));
    assert(call.arguments.numbers[1] == 2 && !call.has_unit);
    expect_success(snn_reader_call_read(&call, "spikes(\"s\", 20 us)"));
    assert(call.arguments.numbers[1] == 20 * 1e-3 && call.has_unit);
    expect_success(snn_reader_call_read(&call, "mnist()"));
    assert(snn_reader_is_call("mnist()") && snn_reader_is_call("imgaes(\"a\")"));
    assert(!snn_reader_is_call("data(2)") && !snn_reader_is_call("csv") &&
           !snn_reader_is_call("csv(1).csv") && !snn_reader_is_call("(x)"));
}

static void expect_wrong(const char *text, const char *message)
{
    static struct snn_reader_call call;

    expect_error(snn_reader_call_read(&call, text), message);
}

static void test_wrong_calls(void)
{
    expect_wrong("imgaes(\"a\")", "there is no reader 'imgaes'; did you mean 'images'?");
    expect_wrong("csv(\"f.csv\", lable = 0)",
                 "'csv' has no 'lable'; did you mean 'label'?; it has: path label?");
    expect_wrong("csv(\"f.csv\", label = 0.5)",
                 "'label' of 'csv' must be a whole number, not '0.5)'");
    expect_wrong("csv(f.csv)", "'path' of 'csv' must be a text in double quotes, not 'f.csv)'");
    expect_wrong("csv(\"f.csv)", "must be a text in double quotes");
    expect_wrong("csv(\"a\", 0, 1)", "'csv' has no so many arguments; it has: path label?");
    expect_wrong("csv(\"a\", path = \"b\")", "'path' of 'csv' is given twice");
    expect_wrong("csv(label = 0)", "'csv' needs its 'path'");
    expect_wrong("csv(\"a\" 0)", "not understood at '0)'; a source is written like csv(");
    expect_wrong("csv(\"a\") |> grey()", "not understood at '|> grey()'");
    expect_wrong("recordings(\"r\", window = 20)",
                 "'window' of 'recordings' must be a time such as 20 ms, not '20)'");
    expect_wrong("recordings(\"r\", window = 20 mV)", "must be a time such as 20 ms");
    expect_wrong("spikes(\"s\", unit = -1 ms)", "must be a number or a time such as 20 ms");
}

/* What the program says stays, unless it is said otherwise. */
static void test_opening(void)
{
    struct snn_data_arguments arguments;
    struct snn_dataset *set;
    struct snn_view view;

    write_string("t.csv", "1,2,0\n0,3,1\n");
    snn_data_arguments_clear(&arguments);
    expect_success(
        snn_dataset_open_place(&set, "t", "mnist", &arguments, "csv(\"t.csv\", label = 0)"));
    view = snn_view_whole(set);
    expect_success(snn_view_load(&view, region));
    assert(snn_view_label(&view, 0) == 1 && snn_view_label(&view, 1) == 0);
    snn_dataset_release(set);
    arguments.numbers[1] = 0;
    expect_success(snn_dataset_open_place(&set, "t", "csv", &arguments, "csv(\"t.csv\")"));
    view = snn_view_whole(set);
    expect_success(snn_view_load(&view, region));
    assert(snn_view_label(&view, 0) == 1);
    snn_dataset_release(set);
    snn_data_arguments_clear(&arguments);
    expect_error(snn_dataset_open_place(&set, "t", "mnist", &arguments, "shd(\"s.h5\")"),
                 "the program reads 't' with mnist, whose samples are others than those of shd; "
                 "write mnist(...)");
    expect_error(snn_dataset_open_place(&set, "t", "spikes", &arguments, "spikes(\"s\", 1 ms)"),
                 "the program counts the time of 't' in plain numbers; leave out the unit");
}

int main(void)
{
    region = snn_region_create();
    test_table();
    test_arguments();
    test_wrong_calls();
    test_opening();
    snn_region_destroy(region);
    return 0;
}
