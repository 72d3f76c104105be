/* SPDX-License-Identifier: MIT
 *
 * Recordings as they were published, where they lie beside the project: what is known of them.
 */
#include "config.h"
#include "data/mapping.h"
#include "data/recording.h"
#include "recordings.h"

static struct snn_region *region;
static char folder[2048];

static struct snn_view part_of(struct snn_dataset *set, const char *split)
{
    struct snn_view view;

    expect_success(snn_view_split(&view, region, snn_view_whole(set), split));
    return view;
}

static const char *path_of(const char *name)
{
    static char path[4096];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void test_nmnist(void)
{
    static const int32_t first_labels[] = { 5, 0, 4, 1, 9, 2, 1, 3, 1, 4 }; /* those of MNIST */
    struct snn_view train, test;
    struct snn_dataset *set;
    int64_t events = 0;

    expect_success(snn_dataset_nmnist(&set, "clips", path_of("nmnist")));
    train = part_of(set, "train");
    test = part_of(set, "test");
    assert(snn_view_count(&train) == 1000 && snn_view_count(&test) == 100);
    for (int64_t i = 0; i < 1000; i++)
        events += events_of(&train, i).count;
    for (int64_t i = 0; i < 100; i++)
        events += events_of(&test, i).count;
    assert(events == 4518827);
    assert(max_time_of(set) == 336041e-3);
    for (int64_t i = 0; i < 10; i++)
        assert(snn_view_label(&train, i) == first_labels[i]);
    snn_dataset_release(set);
}

/* How many events, how long, and a sum over all of them, computed by a program of its own. */
struct known {
    const char *file;
    int64_t width, height, count, duration, sum;
};

static const struct known files[] = {
    { "dvs/objects-aedat2/set2/Caixa.aedat", 128, 128, 201523, 18491949, 99753929 },
    { "dvs/objects-aedat2/set100/Tesoura.aedat", 128, 128, 263941, 33007781, 119388174 },
    { "dvs/davis240/IMU_translBoxes.aedat", 240, 180, 162771, 2072651, 160661874 },
    { "dvs/aedat4/tonic-sample.aedat4", 320, 240, 111954, 589917, 131837498 },
    { "dvs/aedat4/dvSave-2024_06_13_16_16_25.aedat4", 128, 128, 18342, 5459498, 8437381 },
};

static void test_file(const struct known *known)
{
    struct snn_recording recording = { 0 };
    struct snn_mapping mapping;
    int64_t sum = 0;

    expect_success(snn_mapping_open(&mapping, path_of(known->file)));
    expect_success(
        snn_recording_read_aedat(&recording, mapping.memory, mapping.bytes, known->file));
    assert(recording.width == known->width && recording.height == known->height);
    assert(recording.count == known->count);
    assert(recording.events[recording.count - 1].time - recording.events[0].time ==
           known->duration);
    for (int64_t i = 0; i < recording.count; i++)
        sum += (recording.events[i].x + 1) * 3 + (recording.events[i].y + 1) * 5 +
               recording.events[i].polarity * 7;
    assert(sum == known->sum);
    snn_recording_dispose(&recording);
    snn_mapping_close(&mapping);
}

int main(void)
{
    const char *top = getenv("TOP_SRCDIR");

    snprintf(folder, sizeof folder, "%s/../shared/data", top ? top : ".");
    if (access(path_of("nmnist/Test"), R_OK) != 0) {
        printf("no recordings in ../shared/data beside the project\n");
        return 77;
    }
    region = snn_region_create();
    test_nmnist();
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (HAVE_LZ4 || !strstr(files[i].file, "aedat4"))
            test_file(&files[i]);
    snn_region_destroy(region);
    return 0;
}
