/* SPDX-License-Identifier: MIT
 *
 * SpikeNN's event files: what NumPy 1 and 2 wrote in each protocol is read, pickles that want more
 * than data are refused by name, and lengths that are not there are not believed.
 */
#include "data/events.h"
#include "data/mapping.h"
#include "data/pickle.h"
#include "data/view.h"
#include "data_formats.h"

#include <math.h>
#include <sys/resource.h>

/* ---- files written by NumPy */

static void expect_samples(const char *name)
{
    static const int32_t index[] = { 2, 5, 0, 0, 3 };
    static const float time[] = { 0, 0, 0.25f, 0.5f, 0.75f };
    struct snn_region *region = snn_region_create();
    struct snn_dataset *set;
    struct snn_event_list list;
    struct snn_view view;
    char path[1024];
    double unit;

    snprintf(path, sizeof path, "%s/tests/data/spikenn/%s", getenv("TOP_SRCDIR"), name);
    expect_success(snn_dataset_spikes(&set, "set", path, NAN, true));
    view = snn_view_whole(set);
    expect_success(snn_view_load(&view, region));
    assert(snn_view_count(&view) == 4 && snn_view_classes(&view) == 3);
    assert(max_time_of(set) == 1 && snn_dataset_sample_size(set) == 6);
    assert(snn_view_label(&view, 2) == 2);
    expect_success(snn_view_events(&view, 0, 6, 1, NULL, &list, &unit));
    assert(list.count == 5 && memcmp(list.index, index, sizeof index) == 0);
    assert(memcmp(list.time, time, sizeof time) == 0);
    expect_success(snn_view_events(&view, 1, 6, 1, NULL, &list, &unit));
    assert(list.count == 0);
    snn_dataset_release(set);
    snn_region_destroy(region);
}

static void test_versions(void)
{
    expect_samples("trainset.npy");  /* NumPy 2, protocol 4, int16 */
    expect_samples("numpy1.npy");    /* NumPy 1.26, protocol 3, NumPy's own numbers */
    expect_samples("protocol2.npy"); /* bytes as text */
    expect_samples("protocol5.npy"); /* buffers */
}

static void load_fixture(struct bytes *bytes, const char *name)
{
    char path[1024];
    FILE *file;

    snprintf(path, sizeof path, "%s/tests/data/spikenn/%s", getenv("TOP_SRCDIR"), name);
    file = fopen(path, "rb");
    assert(file);
    bytes->count = fread(bytes->data, 1, sizeof bytes->data, file);
    fclose(file);
}

static int read_bytes(const struct bytes *bytes)
{
    struct snn_mapping mapping = { .bytes = bytes->count };
    void *copy = malloc(bytes->count + 1);
    struct snn_event_list *lists;
    struct snn_event_store *store;
    int status;

    assert(copy);
    memcpy(copy, bytes->data, bytes->count);
    mapping.memory = copy;
    status = snn_event_store_pickle(&store, &mapping, "a.npy");
    if (status < 0)
        return status;
    lists = calloc((size_t)store->samples + 1, sizeof *lists);
    assert(lists);
    status = store->list(store, lists);
    free(lists);
    snn_event_store_close(store);
    return status;
}

/* However a file is cut, it is an error. */
static void test_truncation(void)
{
    static const char *const names[] = { "trainset.npy", "protocol2.npy", "protocol5.npy" };
    static struct bytes bytes;

    for (int f = 0; f < 3; f++) {
        load_fixture(&bytes, names[f]);
        expect_success(read_bytes(&bytes));
        while (bytes.count-- > 0)
            if (read_bytes(&bytes) == 0) {
                fprintf(stderr, "%s is read though cut to %zu bytes\n", names[f], bytes.count);
                exit(1);
            }
    }
    load_fixture(&bytes, "trainset.npy");
    bytes.count = 400;
    expect_error(read_bytes(&bytes), "a.npy: at byte 130: truncated: ");
}

/* The place of the only such bytes. */
static uint8_t *find(struct bytes *bytes, const void *wanted, size_t count)
{
    uint8_t *place = NULL;

    for (size_t i = 0; i + count <= bytes->count; i++)
        if (memcmp(bytes->data + i, wanted, count) == 0) {
            assert(!place);
            place = bytes->data + i;
        }
    assert(place);
    return place;
}

/* Changes the records of the first sample. */
static void test_wrong_events(void)
{
    static const uint8_t third[] = { 0, 0, 0, 0, 0x80, 0x3e }; /* input 0 at 0.25 */
    static struct bytes bytes;
    float time;

    load_fixture(&bytes, "trainset.npy");
    time = 0.75f;
    memcpy(find(&bytes, third, sizeof third) + 2, &time, sizeof time);
    expect_error(read_bytes(&bytes),
                 "a.npy: sample 0, event 3: the time 0.5 comes after 0.75; sort");
    load_fixture(&bytes, "trainset.npy");
    time = NAN;
    memcpy(find(&bytes, third, sizeof third) + 2, &time, sizeof time);
    expect_error(read_bytes(&bytes), "a.npy: sample 0, event 2: the time is nan");
    load_fixture(&bytes, "trainset.npy");
    find(&bytes, third, sizeof third)[0] = 6;
    expect_error(read_bytes(&bytes),
                 "a.npy: sample 0, event 2: input 6 does not exist, there are 6");
    load_fixture(&bytes, "trainset.npy");
    find(&bytes, third, sizeof third)[1] = 0x80;
    expect_error(read_bytes(&bytes), "input -1 does not exist");
    load_fixture(&bytes, "trainset.npy");
    memcpy(find(&bytes, "timestamps", 10), "timestemps", 10);
    expect_error(read_bytes(&bytes),
                 "sample 0 is not a record array with the fields indices and timestamps");
    load_fixture(&bytes, "trainset.npy");
    memcpy(find(&bytes, "labels", 6), "lobels", 6);
    expect_error(read_bytes(&bytes), "'labels' must be an array of numbers, one for each sample");
    load_fixture(&bytes, "trainset.npy");
    memcpy(find(&bytes, "\x8c\5shape", 7), "\x8c\5shope", 7);
    expect_error(read_bytes(&bytes), "'shape' must be a tuple (samples, inputs)");
    load_fixture(&bytes, "trainset.npy");
    memcpy(find(&bytes, "\x8c\4data", 6), "\x8c\4dota", 6);
    expect_error(read_bytes(&bytes), "the dictionary has no list 'data' of the samples' events");
}

/* ---- pickles by hand */

#define NPY(descr, shape) "{'descr': '" descr "', 'fortran_order': False, 'shape': " shape ", }\n"

static int read_pickle(const void *pickle, size_t count)
{
    static struct bytes bytes;

    bytes.count = 0;
    put_npy(&bytes, 1, NPY("|O", "()"), pickle, count);
    return read_bytes(&bytes);
}

#define PICKLE(text) read_pickle(text, sizeof(text) - 1)

static void test_forbidden(void)
{
    /* What runs a command when Python loads it. */
    expect_error(PICKLE("\x80\2cposix\nsystem\nX\4\0\0\0true\x85R."),
                 "it asks for posix.system, which is not data; it is not called");
    expect_error(PICKLE("\x80\4\x8c\5posix\x8c\6system\x93."), "it asks for posix.system");
    expect_error(PICKLE("\x80\2c__builtin__\neval\n."), "it asks for __builtin__.eval");
    expect_error(PICKLE("\x80\2cnumpy\nload\n."), "it asks for numpy.load");
    expect_error(PICKLE("\x80\2)\x81."), "the instruction NEWOBJ is not one of those that arrays "
                                         "need, and is not carried out; write the file with "
                                         "numpy.save");
    expect_error(PICKLE("\x80\2(iposix\nsystem\n."), "the instruction INST");
    expect_error(PICKLE("\x80\2Pid\n."), "the instruction PERSID");
    expect_error(PICKLE("\x80\2\x82\1."), "the instruction EXT1");
    expect_error(PICKLE("\x80\4\x8f."), "the instruction EMPTY_SET");
    expect_error(PICKLE("\x80\5\x97."), "the instruction NEXT_BUFFER");
    expect_error(PICKLE("\x80\2\xff."), "there is no instruction 0xff");
    expect_error(PICKLE("\x80\1."), "protocol 1; 2 to 5 can be read");
    expect_error(PICKLE("\x80\6."), "protocol 6; 2 to 5 can be read");
    expect_error(PICKLE("\x80\2cnumpy\nndarray\n)R."),
                 "an array is made in a way that NumPy does not use");
}

static void test_invalid(void)
{
    static char deep[1000];

    memset(deep, '(', sizeof deep);
    expect_error(read_pickle(deep, sizeof deep), "nested more than 64 deep");
    expect_error(PICKLE("\x80\2."), "an instruction has nothing to work on");
    expect_error(PICKLE("\x80\2t."), "an instruction has nothing to work on");
    expect_error(PICKLE("\x80\2\x85."), "an instruction has nothing to work on");
    expect_error(PICKLE("\x80\2(N\x85\x85\x85\x86."), "an instruction has nothing to work on");
    expect_error(PICKLE("\x80\2NNa."), "an instruction has nothing to work on");
    expect_error(PICKLE("\x80\2}(Nu."), "an instruction has nothing to work on");
    expect_error(PICKLE("\x80\2NNR."), "an instruction has nothing to work on");
    expect_error(PICKLE("\x80\2NNb."), "described in a way that NumPy does not use");
    expect_error(PICKLE("\x80\2N)b."), "an object is described that is no array");
    expect_error(PICKLE("\x80\2h\0."), "value 0 was not remembered");
    expect_error(PICKLE("\x80\2Nq\5."), "value 5 is remembered before value 0");
    expect_error(PICKLE("\x80\2N."), "not a dictionary with data, labels and shape");
    expect_error(PICKLE("\x80\2}."), "has no list 'data'");
    expect_error(PICKLE("\x80\2\x8a\11aaaaaaaaa."), "a whole number of 9 bytes");
    expect_error(PICKLE("\x80\2cnumpy"), "truncated within a name");
    expect_error(PICKLE("\x80\2"), "truncated: 1 bytes are announced and 0 are left");
}

/* Lengths of gigabytes in a file of some bytes, with memory for none of them. */
static void test_lengths(void)
{
    static struct bytes bytes;
    struct rlimit old = limit_memory();

    expect_error(PICKLE("\x80\4\x8e\0\xe4\x0b\x54\2\0\0\0abc."),
                 "truncated: 10000000000 bytes are announced and 4 are left");
    expect_error(PICKLE("\x80\4\x95\0\xe4\x0b\x54\2\0\0\0N."), "truncated: 10000000000 bytes");
    expect_error(PICKLE("\x80\4\x8d\xff\xff\xff\xff\xff\xff\xff\xff."), "truncated: ");
    expect_error(PICKLE("\x80\5\x96\0\xe4\x0b\x54\2\0\0\0."), "truncated: 10000000000 bytes");
    expect_error(PICKLE("\x80\2Nr\0\xe4\x0b\x54."), "is remembered before value 0");
    /* An array that claims so many samples. */
    load_fixture(&bytes, "trainset.npy");
    find(&bytes, "\x8c\5shape\x94K\4K\6", 12)[9] = 200;
    expect_error(read_bytes(&bytes), "'shape' says 200 samples, but 'data' has 4");
    assert(setrlimit(RLIMIT_AS, &old) == 0);
}

/* One array of 1000 events, listed again and again. */
static void test_shared_events(void)
{
    static const char start[] =
        "\x80\4}(\x8c\4data](cnumpy.core.multiarray\n_reconstruct\ncnumpy\nrecarray\nK\0\x85"
        "C\1b\x87R(K\1M\xe8\3\x85"
        "cnumpy\ndtype\ncnumpy\nrecord\n\x89\x88\x87R(K\3\x8c\1|N\x8c\7indices\x8c\ntimestamps\x86}"
        "("
        "\x8c\7indicescnumpy\ndtype\n\x8c\2i2\x89\x88\x87RK\0\x86"
        "\x8c\ntimestampscnumpy\ndtype\n\x8c\2f4\x89\x88\x87RK\2\x86uK\6K\1K\20tb\x89"
        "B\x70\x17\0\0";
    static const char end[] = "e\x8c\6labelscnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n"
                              "K\0\x85"
                              "C\1b\x87R(K\1K\x0b\x85"
                              "cnumpy\ndtype\n\x8c\2i1\x89\x88\x87R\x89"
                              "C\x0b\0\0\0\0\0\0\0\0\0\0\0tb\x8c\5shapeK\x0bK\1\x86u.";
    static struct bytes pickle;
    static const uint8_t records[6000];

    pickle.count = 0;
    put(&pickle, start, sizeof start - 1);
    put(&pickle, records, sizeof records);
    put(&pickle, "tb\x94", 3);
    for (int i = 0; i < 10; i++)
        put(&pickle, "h\0", 2);
    put(&pickle, end, sizeof end - 1);
    expect_error(read_pickle(pickle.data, pickle.count),
                 "a.npy: more events than the file has bytes for");
}

static void test_other_arrays(void)
{
    static struct bytes bytes;

    put_npy(&bytes, 1, NPY("<f4", "(1,)"), "\0\0\0\0", 4);
    expect_error(read_bytes(&bytes), "an array of numbers, not a dictionary of Python");
    bytes.count = 0;
    put_npy(&bytes, 1, NPY("|O", "(3,)"), "N.", 2);
    expect_error(read_bytes(&bytes), "an array of numbers, not a dictionary of Python");
}

int main(void)
{
    test_versions();
    test_truncation();
    test_wrong_events();
    test_forbidden();
    test_invalid();
    test_lengths();
    test_shared_events();
    test_other_arrays();
    return 0;
}
