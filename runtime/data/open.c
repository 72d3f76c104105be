/* SPDX-License-Identifier: MIT
 *
 * From the words of a program or of its command line to a data set.
 */
#include "data/dataset.h"
#include "data/places.h"
#include "data/reader_call.h"
#include "data/shd.h"
#include "error.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* The built-in digits as `builtin_digits()` and `--data NAME=builtin` give them: a tenth of MNIST,
 * always the same. */
enum {
    BUILTIN_TRAIN_COUNT = 6000,
    BUILTIN_TEST_COUNT = 1000,
    BUILTIN_SEED = 1,
};

/* The default stands for NAN. */
static int digit_count(int64_t *count, double wanted, int64_t otherwise, const char *what)
{
    *count = otherwise;
    if (isnan(wanted))
        return 0;
    if (!(wanted >= 1 && wanted <= INT32_MAX) || wanted != floor(wanted))
        return snn_error_set("builtin_digits: the number of %s digits must be a whole number "
                             "from 1, and is %g",
                             what, wanted);
    *count = (int64_t)wanted;
    return 0;
}

static int open_builtin(struct snn_dataset **out, const char *name, double train, double test)
{
    int64_t train_count, test_count;

    if (digit_count(&train_count, train, BUILTIN_TRAIN_COUNT, "training") < 0 ||
        digit_count(&test_count, test, BUILTIN_TEST_COUNT, "test") < 0)
        return -1;
    return snn_dataset_builtin_digits(out, name, train_count, test_count, BUILTIN_SEED);
}

/* A layout of files in a folder, which `--data` replaces by another of that layout. */
struct layout {
    const char *reader;
    int (*open)(struct snn_dataset **out, const char *name, const char *folder);
};

int (*snn_shd_reader)(struct snn_dataset **out, const char *name, const char *path);

static int open_shd(struct snn_dataset **out, const char *name, const char *path)
{
    return snn_shd_reader ? snn_shd_reader(out, name, path)
                          : snn_error_set("data set '%s': the program did not ask for HDF5",
                                          name ? name : "data");
}

static const struct layout layouts[] = {
    { "nmnist", snn_dataset_nmnist },
    { "sl_animals", snn_dataset_sl_animals },
    { "dvs_gesture", snn_dataset_dvs_gesture },
    { "shd", open_shd },
};

static const struct layout *find_layout(const char *reader)
{
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
        if (strcmp(layouts[i].reader, reader) == 0)
            return &layouts[i];
    return NULL;
}

static bool is_events(const char *reader)
{
    return strcmp(reader, "spikes") == 0 || strcmp(reader, "spikes_npy") == 0;
}

static int open_events(struct snn_dataset **out, const char *name, const char *reader,
                       const char *place, double unit)
{
    return snn_dataset_spikes(out, name, place, unit, strcmp(reader, "spikes_npy") == 0);
}

void snn_data_arguments_clear(struct snn_data_arguments *arguments)
{
    for (int i = 0; i < SNN_DATA_ARGUMENTS; i++) {
        arguments->texts[i] = "";
        arguments->numbers[i] = NAN;
    }
}

int snn_dataset_open(struct snn_dataset **out, const char *name, const char *reader,
                     const struct snn_data_arguments *arguments)
{
    const struct layout *layout = find_layout(reader);
    const char *text = arguments->texts[0];

    if (layout)
        return layout->open(out, name, text);
    if (strcmp(reader, "recordings") == 0)
        return snn_dataset_recordings(out, name, text, arguments);
    if (strcmp(reader, "frames") == 0)
        return snn_dataset_frames(out, name, text, arguments->numbers[1], arguments->texts[2]);
    if (strcmp(reader, "mnist") == 0)
        return snn_dataset_mnist(out, name, text);
    if (strcmp(reader, "builtin_digits") == 0)
        return open_builtin(out, name, arguments->numbers[0], arguments->numbers[1]);
    if (strcmp(reader, "npz") == 0)
        return snn_dataset_npz(out, name, text);
    if (strcmp(reader, "npy") == 0)
        return snn_dataset_npy(out, name, text, arguments->texts[1]);
    if (strcmp(reader, "images") == 0)
        return snn_dataset_images(out, name, text);
    if (strcmp(reader, "csv") == 0)
        return snn_dataset_csv(out, name, text, arguments->numbers[1]);
    if (is_events(reader))
        return open_events(out, name, reader, text, arguments->numbers[1]);
    return snn_error_set("data set '%s': there is no reader '%s'; the readers are mnist, "
                         "builtin_digits, npz, npy, csv, images, spikes, spikes_npy, nmnist, "
                         "sl_animals, dvs_gesture, recordings, shd and frames",
                         name ? name : "data", reader);
}

/* A source that is written as a call. What it leaves out is as the program says, where that has the
 * same reader. */
static int open_call(struct snn_dataset **out, const char *name, const char *reader,
                     const struct snn_data_arguments *arguments, const char *text)
{
    struct snn_reader_call call;
    bool is_same;

    if (snn_reader_call_read(&call, text) < 0)
        return -1;
    is_same = strcmp(call.reader, reader) == 0;
    if (!snn_readers_agree(reader, call.reader))
        return snn_error_set("the program reads '%s' with %s, whose samples are others than those "
                             "of %s; write %s(...)",
                             name ? name : "data", reader, call.reader, reader);
    if (call.has_unit && isnan(arguments->numbers[1]))
        return snn_error_set("the program counts the time of '%s' in plain numbers; leave out the "
                             "unit",
                             name ? name : "data");
    for (int i = 0; is_same && i < SNN_DATA_ARGUMENTS; i++) {
        if (isnan(call.arguments.numbers[i]))
            call.arguments.numbers[i] = arguments->numbers[i];
        if (call.arguments.texts[i][0] == '\0')
            call.arguments.texts[i] = arguments->texts[i];
    }
    return snn_dataset_open(out, name, call.reader, &call.arguments);
}

int snn_dataset_open_place(struct snn_dataset **out, const char *name, const char *reader,
                           const struct snn_data_arguments *arguments, const char *place)
{
    const struct layout *layout = find_layout(reader);

    if (place[0] == '\0')
        return snn_error_set("data set '%s': nothing given; name %s", name ? name : "data",
                             layout              ? "a folder of its layout"
                             : is_events(reader) ? "a folder or file of events"
                                                 : "a folder, an .npz, .npy or .csv file, or "
                                                   "'builtin'");
    if (snn_reader_is_call(place))
        return open_call(out, name, reader, arguments, place);
    if (layout)
        return layout->open(out, name, place);
    if (strcmp(reader, "recordings") == 0)
        return snn_dataset_recordings(out, name, place, arguments);
    if (strcmp(reader, "frames") == 0)
        return snn_dataset_frames(out, name, place, arguments->numbers[1],
                                  snn_is_folder(place) ? "" : arguments->texts[2]);
    if (is_events(reader))
        return open_events(out, name, reader, place, arguments->numbers[1]);
    if (strcmp(reader, "images") == 0 && snn_is_folder(place))
        return snn_dataset_images(out, name, place);
    if (strcmp(place, "builtin") == 0)
        return open_builtin(out, name, NAN, NAN);
    if (snn_ends_in(place, ".npz"))
        return snn_dataset_npz(out, name, place);
    if (snn_ends_in(place, ".npy"))
        return snn_dataset_npy(out, name, place, "");
    if (snn_ends_in(place, ".csv") || snn_ends_in(place, ".csv.gz"))
        return snn_dataset_csv(out, name, place, -1);
    return snn_dataset_mnist(out, name, place);
}
