/* SPDX-License-Identifier: MIT
 *
 * Files of the event format: what is in them is what comes out, mapped or unpacked, and each way in
 * which one can be wrong is said with the file, the sample and what to do.
 */
#include "data/events.h"
#include "data/npy.h"
#include "data/view.h"
#include "data_formats.h"

#include <math.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* An event file as arrays, to be spoilt one by one. */
struct event_file {
    int64_t start[4];
    int32_t index[6];
    float time[6];
    int32_t label[3];
    int64_t inputs;
    double max_time;
    const char *left_out; /* an array that is not written; NULL */
};

/* Three samples, the second without events; inputs 0 to 3. */
static const struct event_file right = {
    .start = { 0, 3, 3, 6 },
    .index = { 2, 0, 0, 3, 1, 1 },
    .time = { 0, 0.25f, 0.25f, 0.5f, 0.75f, 1 },
    .label = { 1, 0, 4 },
    .inputs = 4,
    .max_time = 1,
};

/* The elements begin at a multiple of 8 of a file in which `offset` bytes precede the array. */
static void put_array(struct bytes *bytes, size_t offset, const char *descr, const char *shape,
                      const void *data, size_t count)
{
    char header[128];
    int length = snprintf(header, sizeof header,
                          "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, shape);

    while ((offset + 10 + (size_t)length) % 8 != 7)
        header[length++] = ' ';
    header[length++] = '\n';
    header[length] = '\0';
    put_npy(bytes, 1, header, data, count);
}

static void write_events(const char *path, const struct event_file *file, zip_int32_t method)
{
    static const char *const all[] = { "indptr", "index", "time", "label", "inputs", "max_time" };
    static struct bytes members[6];
    static char names[6][16];
    const char *pointers[6];
    size_t offset = 0;
    int count = 0;

    for (int i = 0; i < 6; i++) {
        struct bytes *bytes = &members[count];

        if (file->left_out && strcmp(file->left_out, all[i]) == 0)
            continue;
        bytes->count = 0;
        offset += 30 + strlen(all[i]) + sizeof ".npy" - 1; /* the archive's own header */
        switch (i) {
        case 0: put_array(bytes, offset, "<i8", "(4,)", file->start, sizeof file->start); break;
        case 1: put_array(bytes, offset, "<i4", "(6,)", file->index, sizeof file->index); break;
        case 2: put_array(bytes, offset, "<f4", "(6,)", file->time, sizeof file->time); break;
        case 3: put_array(bytes, offset, "<i4", "(3,)", file->label, sizeof file->label); break;
        case 4: put_array(bytes, offset, "<i8", "()", &file->inputs, 8); break;
        case 5: put_array(bytes, offset, "<f8", "()", &file->max_time, 8); break;
        }
        snprintf(names[count], sizeof names[count], "%s.npy", all[i]);
        pointers[count] = names[count];
        count++;
        offset += bytes->count;
    }
    write_npz(path, count, pointers, members, method);
}

static struct snn_view open_set(struct snn_region *region, const char *path, double unit)
{
    struct snn_dataset *set;
    struct snn_view view;

    expect_success(snn_dataset_spikes(&set, "set", path, unit, false));
    view = snn_view_whole(set);
    expect_success(snn_view_load(&view, region));
    return view;
}

static void expect_right(const struct snn_view *view)
{
    static const int64_t counts[] = { 3, 0, 3 };

    assert(snn_view_count(view) == 3 && snn_view_classes(view) == 5);
    for (int i = 0; i < 3; i++) {
        struct snn_event_list list;
        double unit;

        assert(snn_view_label(view, i) == right.label[i]);
        expect_success(snn_view_events(view, i, 4, HUGE_VAL, NULL, &list, &unit));
        assert(list.count == counts[i] && unit == 1);
        for (int k = 0; k < list.count; k++) {
            assert(list.index[k] == right.index[right.start[i] + k]);
            assert(list.time[k] == right.time[right.start[i] + k]);
        }
    }
}

static void test_reading(void)
{
    static const zip_int32_t methods[] = { ZIP_CM_STORE, ZIP_CM_DEFLATE };

    for (int m = 0; m < 2; m++) {
        struct snn_region *region = snn_region_create();
        struct snn_view view;

        write_events("events.npz", &right, methods[m]);
        view = open_set(region, "events.npz", NAN);
        expect_right(&view);
        assert(max_time_of(view.set) == 1 && snn_dataset_extent(view.set, "input") == 4);
        snn_dataset_release(view.set);
        snn_region_destroy(region);
    }
}

static void test_until(void)
{
    struct snn_region *region = snn_region_create();
    struct snn_event_list list;
    struct snn_view view;
    double unit;

    write_events("events.npz", &right, ZIP_CM_STORE);
    view = open_set(region, "events.npz", 10);
    assert(max_time_of(view.set) == 10);
    expect_success(snn_view_events(&view, 0, 4, 2.5, NULL, &list, &unit));
    assert(list.count == 1 && unit == 10);
    expect_success(snn_view_events(&view, 0, 4, 2.6, NULL, &list, &unit));
    assert(list.count == 3);
    expect_success(snn_view_events(&view, 2, 4, 10, NULL, &list, &unit));
    assert(list.count == 2); /* what is at max_time never comes */
    expect_error(snn_view_events(&view, 0, 5, 1, NULL, &list, &unit),
                 "data set 'set' has 4 inputs, and is presented to 5");
    expect_error(snn_view_sample(&view, 0, NULL, 4), "has events, not numbers");
    snn_dataset_release(view.set);
    snn_region_destroy(region);
}

/* The arrays of an uncompressed file are not copied. */
static void test_mapping(void)
{
    struct snn_region *region = snn_region_create();
    const char *first = NULL, *last = NULL;
    struct snn_event_list list;
    struct snn_view view;
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    double unit;

    if (!maps) { /* no such file on this system: nothing to look at */
        snn_region_destroy(region);
        return;
    }
    fclose(maps);
    write_events("mapped.npz", &right, ZIP_CM_STORE);
    view = open_set(region, "mapped.npz", NAN);
    expect_success(snn_view_events(&view, 0, 4, 1, NULL, &list, &unit));
    maps = fopen("/proc/self/maps", "r");
    while (maps && fgets(line, sizeof line, maps))
        if (strstr(line, "mapped.npz")) {
            first = (const char *)(uintptr_t)strtoull(line, NULL, 16);
            last = (const char *)(uintptr_t)strtoull(strchr(line, '-') + 1, NULL, 16);
        }
    assert(maps && fclose(maps) == 0);
    assert((const char *)list.index >= first && (const char *)list.index < last);
    snn_dataset_release(view.set);
    snn_region_destroy(region);
    remove("mapped.npz");
}

/* Reads the file as a program would; the error is in snn_last_error(). */
static int read_all(const char *path)
{
    struct snn_region *region = snn_region_create();
    struct snn_dataset *set = NULL;
    int status = snn_dataset_spikes(&set, "set", path, NAN, false);
    struct snn_view view = { .set = set };

    if (status == 0)
        status = snn_view_load(&view, region);
    snn_dataset_release(set);
    snn_region_destroy(region);
    return status;
}

static int read_file(const struct event_file *file)
{
    write_events("events.npz", file, ZIP_CM_STORE);
    return read_all("events.npz");
}

static void test_wrong_events(void)
{
    struct event_file file = right;

    file.time[4] = 0.4f;
    expect_error(read_file(&file), "events.npz: sample 2, event 1: the time 0.4 comes after 0.5; "
                                   "sort the events of each sample by time");
    file.time[4] = NAN;
    expect_error(read_file(&file), "sample 2, event 1: the time is nan");
    file.time[4] = -0.5f;
    expect_error(read_file(&file), "sample 2, event 1: the time is -0.5");
    file.time[4] = 1.5f;
    expect_error(read_file(&file), "sample 2, event 1: the time is 1.5, later than max_time 1");
    file = right;
    file.time[3] = 0; /* earlier than the sample before: samples are on their own */
    expect_success(read_file(&file));
    file.index[0] = 4;
    expect_error(read_file(&file), "sample 0, event 0: input 4 does not exist, there are 4");
    file.index[0] = -1;
    expect_error(read_file(&file), "sample 0, event 0: input -1 does not exist");
}

static void test_wrong_starts(void)
{
    struct event_file file = right;

    file.start[1] = 5;
    expect_error(read_file(&file), "sample 1: 'indptr' goes down from 5 to 3");
    file.start[1] = INT64_MIN;
    expect_error(read_file(&file), "'indptr' goes down");
    file = right;
    file.start[3] = INT64_MAX;
    expect_error(read_file(&file), "must go from 0 to the number of events, 6, and goes from 0 to");
    file.start[3] = 5;
    expect_error(read_file(&file), "the number of events, 6, and goes from 0 to 5");
    file = right;
    file.start[0] = 1;
    expect_error(read_file(&file), "and goes from 1 to 6");
}

static void test_wrong_facts(void)
{
    static const char *const needed[] = { "indptr", "index", "time" };
    struct event_file file = right;

    for (int i = 0; i < 3; i++) {
        char text[64];

        file.left_out = needed[i];
        snprintf(text, sizeof text, "events.npz: no array '%s'; it has ", needed[i]);
        expect_error(read_file(&file), text);
    }
    file.left_out = "inputs";
    expect_error(read_file(&file), "'inputs', the number of inputs, must be a whole number from 1, "
                                   "and is missing");
    file.left_out = NULL;
    file.inputs = 0;
    expect_error(read_file(&file), "must be a whole number from 1");
    file = right;
    file.max_time = 0;
    expect_error(read_file(&file), "'max_time' must be above 0, and is 0");
    file.max_time = NAN;
    expect_error(read_file(&file), "'max_time' must be above 0");
    file = right;
    file.label[2] = -1;
    expect_error(read_file(&file), "label -1 of sample 2; labels are whole numbers from 0");
    file.left_out = "label"; /* each sample is a class */
    expect_success(read_file(&file));
}

/* Types other than those of the format are converted, if nothing gets lost. */
static void test_types(void)
{
    static const char *const names[] = { "indptr.npy", "index.npy", "time.npy", "inputs.npy" };
    static const int32_t start[] = { 0, 2 };
    static const double time[] = { 0.25, 0.5 };
    static struct bytes members[4];
    struct snn_region *region = snn_region_create();
    struct snn_event_list list;
    struct snn_view view;
    double unit, index[] = { 1, 0 };

    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 4; i++)
            members[i].count = 0;
        index[0] = round == 0 ? 1 : 0.5;
        put_array(&members[0], 0, "<i4", "(2,)", start, sizeof start);
        put_array(&members[1], 0, "<f8", "(2,)", index, sizeof index);
        put_array(&members[2], 0, "<f8", "(2,)", time, sizeof time);
        put_array(&members[3], 0, "|u1", "()", "\3", 1);
        write_npz("events.npz", 4, names, members, ZIP_CM_STORE);
        if (round == 1)
            break;
        view = open_set(region, "events.npz", NAN);
        expect_success(snn_view_events(&view, 0, 3, 1, NULL, &list, &unit));
        assert(list.count == 2 && list.index[0] == 1 && list.time[1] == 0.5f);
        snn_dataset_release(view.set);
    }
    expect_error(read_all("events.npz"), "'index' has 0.5 at place 0, a whole number was expected");
    snn_region_destroy(region);
}

/* Arrays that claim gigabytes, with memory for none of them. */
static void test_lengths(void)
{
    static const char *const names[] = { "indptr.npy", "index.npy", "time.npy", "inputs.npy" };
    static const char *const types[] = { "<i8", "<i4", "<f4", "|u1" };
    static const int64_t content[2] = { 0, 2 };
    static struct bytes members[4];
    struct rlimit old = limit_memory();

    for (int method = 0; method < 2; method++)
        for (int claims = 0; claims < 3; claims++) {
            for (int i = 0; i < 4; i++) {
                const char *shape = i == claims ? "(2684354560,)" : i < 3 ? "(2,)" : "()";
                size_t bytes = i == 0 ? 16 : i < 3 ? 8 : 1;

                members[i].count = 0;
                put_array(&members[i], 0, types[i], shape, i == 3 ? (const void *)"\3" : content,
                          bytes);
            }
            write_npz("events.npz", 4, names, members, method ? ZIP_CM_DEFLATE : ZIP_CM_STORE);
            expect_error(read_all("events.npz"), claims == 0 ? "takes 21474836480 bytes and the "
                                                               "file ends after 16 of them"
                                                             : "takes 10737418240 bytes and the "
                                                               "file ends after 8 of them");
        }
    assert(setrlimit(RLIMIT_AS, &old) == 0);
}

static void truncate_file(const char *path, long bytes)
{
    struct stat status;

    assert(stat(path, &status) == 0 && truncate(path, status.st_size - bytes) == 0);
}

static void test_damage(void)
{
    FILE *file;
    char *place;
    static struct bytes bytes;

    write_events("events.npz", &right, ZIP_CM_STORE);
    truncate_file("events.npz", 30);
    expect_error(read_all("events.npz"), "events.npz: not a readable .npz file");
    /* A flipped bit in a time that is still a time is found by the checksum. */
    write_events("events.npz", &right, ZIP_CM_STORE);
    file = fopen("events.npz", "rb");
    assert(file);
    bytes.count = fread(bytes.data, 1, sizeof bytes.data, file);
    fclose(file);
    for (place = (char *)bytes.data; memcmp(place, &right.time[1], 8) != 0; place++)
        assert(place + 8 < (char *)bytes.data + bytes.count);
    *place ^= 1;
    write_bytes("events.npz", &bytes);
    expect_error(read_all("events.npz"), "events.npz: time.npy: damaged: its checksum is wrong");
    write_string("events.npz", "no archive");
    expect_error(read_all("events.npz"), "events.npz: not a readable .npz file");
    write_string("events.npz", "");
    expect_error(read_all("events.npz"), "events.npz: no array 'indptr'; it has none");
}

/* ---- folders */

static void test_folder(void)
{
    struct snn_region *region = snn_region_create();
    struct event_file file = right;
    struct snn_dataset *set;
    struct snn_view whole, part;

    assert(mkdir("events", 0777) == 0);
    write_events("events/trainset.npz", &right, ZIP_CM_STORE);
    file.label[2] = 2;
    write_events("events/testset.npz", &file, ZIP_CM_STORE);
    expect_success(snn_dataset_spikes(&set, "set", "events", NAN, false));
    whole = snn_view_whole(set);
    expect_success(snn_view_split(&part, region, whole, "train"));
    expect_right(&part);
    expect_success(snn_view_split(&part, region, whole, "test"));
    assert(snn_view_count(&part) == 3 && snn_view_label(&part, 2) == 2);
    assert(snn_view_classes(&part) == 5); /* those of .train */
    expect_error(snn_view_split(&part, region, whole, "val"), "data set 'set' has no .val");
    snn_dataset_release(set);
    snn_region_destroy(region);
}

static int read_test_split(const struct event_file *file)
{
    struct snn_region *region = snn_region_create();
    struct snn_dataset *set;
    struct snn_view part;
    int status;

    write_events("events/testset.npz", file, ZIP_CM_STORE);
    expect_success(snn_dataset_spikes(&set, "set", "events", NAN, false));
    status = snn_view_split(&part, region, snn_view_whole(set), "test");
    snn_dataset_release(set);
    snn_region_destroy(region);
    return status;
}

static void test_unequal_splits(void)
{
    struct event_file file = right;

    file.inputs = 5;
    expect_error(read_test_split(&file),
                 "events/testset.npz: 5 inputs, but the split read before it has 4");
    file = right;
    file.max_time = 2;
    expect_error(read_test_split(&file), "times until 2, but the split read before it has 1");
    file = right;
    file.label[0] = 5;
    expect_error(read_test_split(&file), "label 5 of sample 0, but the split read before it has");
    file.left_out = "label";
    expect_error(read_test_split(&file), "some splits have labels and others have none");
    remove("events/testset.npz");
    remove("events/trainset.npz");
}

static void test_places(void)
{
    unsetenv("SNN_DATA");
    expect_error(read_all("events"), "data set 'set': no event file, and no folder with trainset, "
                                     "valset or testset in .npz or .npy, at 'events', "
                                     "'data/events' ($SNN_DATA is not set)");
    assert(mkdir("elsewhere", 0777) == 0 && mkdir("elsewhere/events", 0777) == 0);
    write_events("elsewhere/events/valset.npz", &right, ZIP_CM_STORE);
    setenv("SNN_DATA", "elsewhere", 1);
    expect_success(read_all("events"));
    expect_error(read_all("nowhere"), "at 'nowhere', 'elsewhere/nowhere', 'data/nowhere'; name "
                                      "one with '--data set=FOLDER'");
    expect_error(read_all("/nowhere"), "at '/nowhere'; name one");
    unsetenv("SNN_DATA");
    remove("elsewhere/events/valset.npz");
    rmdir("elsewhere/events");
    rmdir("elsewhere");
    rmdir("events");
}

int main(void)
{
    test_reading();
    test_until();
    test_mapping();
    test_wrong_events();
    test_wrong_starts();
    test_wrong_facts();
    test_types();
    test_lengths();
    test_damage();
    test_folder();
    test_unequal_splits();
    test_places();
    return remove("events.npz");
}
