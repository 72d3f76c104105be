/* SPDX-License-Identifier: MIT
 *
 * Event files that a program writes: the reader finds in them what was put in, sorted, in memory
 * that is the file's own; and a file that cannot be right is not there.
 */
#include "data/events.h"
#include "data/mapping.h"
#include "data/view.h"
#include "data/zip_member.h"
#include "data_formats.h"
#include "record/event_write.h"

#include <math.h>
#include <unistd.h>

enum { INPUTS = 5 };

/* Input i of sample k; every third sample is silent. */
static float time_of(int64_t k, int64_t i)
{
    return k % 3 == 2 ? HUGE_VALF : (float)((k * 7 + i * 3) % 8) / 4;
}

static void write_file(const char *path, int64_t samples, bool has_labels)
{
    struct snn_event_writer *writer;

    expect_success(snn_event_writer_open(&writer, path, INPUTS, 1.5, has_labels));
    for (int64_t k = 0; k < samples; k++) {
        float times[INPUTS];

        for (int64_t i = 0; i < INPUTS; i++)
            times[i] = time_of(k, i);
        expect_success(snn_event_writer_add(writer, times, k % 10));
    }
    assert(access(path, F_OK) != 0);
    expect_success(snn_event_writer_close(writer));
}

/* The events are those before the end, by time, then input. */
static void expect_events(const struct snn_event_list *list, int64_t k)
{
    int64_t expected = 0;

    for (int64_t i = 0; i < INPUTS; i++)
        expected += time_of(k, i) < 1.5f;
    assert(list->count == expected);
    for (int64_t e = 0; e < list->count; e++) {
        assert(list->time[e] == time_of(k, list->index[e]));
        assert(e == 0 || list->time[e] > list->time[e - 1] ||
               (list->time[e] == list->time[e - 1] && list->index[e] > list->index[e - 1]));
    }
}

static void expect_file(const char *path, int64_t samples, bool has_labels)
{
    struct snn_region *region = snn_region_create();
    struct snn_dataset *set;
    struct snn_view view;

    expect_success(snn_dataset_spikes(&set, "set", path, NAN, false));
    assert(max_time_of(set) == 1.5 && snn_dataset_sample_size(set) == INPUTS);
    view = snn_view_whole(set);
    expect_success(snn_view_load(&view, region));
    assert(snn_view_count(&view) == samples);
    assert(snn_view_classes(&view) == (has_labels && samples > 10 ? 10 : samples));
    for (int64_t k = 0; k < samples; k++) {
        struct snn_event_list list;
        double unit;

        expect_success(snn_view_events(&view, k, INPUTS, 2, NULL, &list, &unit));
        expect_events(&list, k);
        assert(snn_view_label(&view, k) == (has_labels ? k % 10 : k));
    }
    snn_dataset_release(set);
    snn_region_destroy(region);
}

static void test_round_trip(void)
{
    static const int64_t samples[] = { 1, 3, 5000 }; /* the last more than are kept at first */

    for (int i = 0; i < 3; i++)
        for (int has_labels = 0; has_labels < 2; has_labels++) {
            write_file("written.npz", samples[i], has_labels);
            expect_file("written.npz", samples[i], has_labels);
            assert(remove("written.npz") == 0);
        }
}

static void test_alignment(void)
{
    static const char *const arrays[] = { "indptr.npy", "index.npy", "time.npy", "label.npy" };
    struct snn_mapping mapping;

    write_file("aligned.npz", 3, true);
    expect_success(snn_mapping_open(&mapping, "aligned.npz"));
    for (int i = 0; i < 4; i++) {
        struct snn_zip_member member;
        size_t header;

        assert(snn_zip_find_stored(&member, mapping.memory, mapping.bytes, arrays[i]));
        header = 10 + (size_t)member.data[8] + 256 * (size_t)member.data[9];
        assert((size_t)(member.data + header - (const uint8_t *)mapping.memory) % 64 == 0);
        assert(member.data[header - 1] == '\n');
    }
    snn_mapping_close(&mapping);
}

static void test_same_bytes(void)
{
    struct snn_mapping first, second;

    write_file("first.npz", 100, true);
    write_file("second.npz", 100, true);
    expect_success(snn_mapping_open(&first, "first.npz"));
    expect_success(snn_mapping_open(&second, "second.npz"));
    assert(first.bytes == second.bytes && memcmp(first.memory, second.memory, first.bytes) == 0);
    snn_mapping_close(&first);
    snn_mapping_close(&second);
}

static void test_refusals(void)
{
    struct snn_event_writer *writer;
    float times[INPUTS] = { 0 };

    expect_error(snn_event_writer_open(&writer, "no.npz", 0, 1, true),
                 "cannot write 'no.npz': a sample must have 1 to 2147483647 inputs, not 0");
    expect_error(snn_event_writer_open(&writer, "no.npz", (int64_t)INT32_MAX + 1, 1, true),
                 "not 2147483648");
    expect_error(snn_event_writer_open(&writer, "no.npz", INPUTS, 0, true),
                 "cannot write 'no.npz': time must end after 0, not at 0");
    expect_error(snn_event_writer_open(&writer, "no.npz", INPUTS, HUGE_VAL, true), "not at inf");
    expect_error(snn_event_writer_open(&writer, "no/folder/no.npz", INPUTS, 1, true),
                 "cannot write beside 'no/folder/no.npz': No such file or directory");
    expect_success(snn_event_writer_open(&writer, "no.npz", INPUTS, 1, true));
    expect_success(snn_event_writer_add(writer, times, 0));
    times[3] = NAN;
    expect_error(snn_event_writer_add(writer, times, 0),
                 "sample 1: the time of input 3 is nan; times count from 0, and those of inputs "
                 "without a spike are inf");
    times[3] = -0.25f;
    expect_error(snn_event_writer_add(writer, times, 0), "the time of input 3 is -0.25");
    times[3] = 0;
    expect_error(snn_event_writer_add(writer, times, -1),
                 "sample 1: the label is -1; labels count from 0");
    expect_error(snn_event_writer_add(writer, times, (int64_t)INT32_MAX + 1),
                 "the label is 2147483648");
    snn_event_writer_discard(writer);
    assert(access("no.npz", F_OK) != 0);
}

int main(void)
{
    test_round_trip();
    test_alignment();
    test_same_bytes();
    test_refusals();
    return 0;
}
