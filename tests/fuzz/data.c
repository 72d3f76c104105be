/* SPDX-License-Identifier: MIT
 *
 * libFuzzer entry: any bytes either are a data file or give an error. The first byte chooses the
 * reader, the rest is the file. The files to begin with are made here, for most of them are binary.
 */
#include <math.h>
#include <stdlib.h>

#include "../unit/data_formats.h"
#include "data/idx.h"
#include "data/npy.h"
#include "data/source.h"
#include "data/stream.h"
#include "data/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t fuzz_seed(size_t number, uint8_t *data, size_t capacity);

enum reader {
    READ_IDX_IMAGES,
    READ_IDX_LABELS,
    READ_NPY,
    READ_NPZ,
    READ_CSV,
};

enum { READER_COUNT = READ_CSV + 1 };

/* ---- the readers */

static void read_idx(struct snn_stream *stream, int rank)
{
    struct snn_idx idx;

    if (snn_idx_read(&idx, stream, rank, "elements") == 0)
        snn_idx_dispose(&idx);
}

static void read_npy(struct snn_stream *stream)
{
    struct snn_npy array;

    if (snn_npy_read(&array, stream) < 0)
        return;
    for (size_t i = 0; i < array.count; i++)
        if (isnan(snn_npy_value(&array, i)))
            break;
    snn_npy_dispose(&array);
}

/* Goes through a set as a task would. */
static void use_set(struct snn_dataset *set)
{
    struct snn_region *region = snn_region_create();
    struct snn_view view = snn_view_whole(set);
    size_t size = snn_dataset_sample_size(set);
    float *sample = malloc(size * sizeof *sample);

    if (sample && snn_view_load(&view, region) == 0 &&
        snn_view_shuffled(&view, region, view, 1) == 0)
        for (int64_t i = 0; i < snn_view_count(&view); i++)
            if (snn_view_sample(&view, i, sample, size) < 0 || snn_view_label(&view, i) < 0)
                abort();
    free(sample);
    snn_region_destroy(region);
    snn_dataset_release(set);
}

static void read_npz(const uint8_t *data, size_t size)
{
    struct snn_npz *npz;
    struct snn_dataset *set;

    if (snn_npz_open_memory(&npz, data, size, "fuzz.npz") < 0)
        return;
    for (int64_t i = 0; i < snn_npz_count(npz); i++) {
        struct snn_npy array;

        if (snn_npz_read(npz, snn_npz_name(npz, i), &array) == 0)
            snn_npy_dispose(&array);
    }
    if (snn_dataset_npz_from(&set, "fuzz", npz, "fuzz.npz") == 0)
        use_set(set);
    snn_npz_close(npz);
}

static void read_csv(struct snn_stream *stream)
{
    struct snn_dataset *set;

    if (snn_dataset_csv_from(&set, "fuzz", stream, -1) == 0)
        use_set(set);
}

static void read_stream(enum reader reader, struct snn_stream *stream)
{
    switch (reader) {
    case READ_IDX_IMAGES: read_idx(stream, 3); break;
    case READ_IDX_LABELS: read_idx(stream, 1); break;
    case READ_NPY: read_npy(stream); break;
    case READ_CSV: read_csv(stream); break;
    case READ_NPZ: break; /* opens its file by itself */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct snn_stream *stream;
    enum reader reader;

    if (size == 0)
        return 0;
    reader = (enum reader)(data[0] % READER_COUNT);
    if (reader == READ_NPZ) {
        read_npz(data + 1, size - 1);
    } else if (snn_stream_open_memory(&stream, data + 1, size - 1, "fuzz") == 0) {
        read_stream(reader, stream);
        snn_stream_close(stream);
    }
    return 0;
}

/* ---- the files to begin with */

#define HEADER(descr, order, shape)                                                                \
    "{'descr': '" descr "', 'fortran_order': " order ", 'shape': " shape ", }"

static const char values[64] = { 0, 1, 2, 3, 0, 0, 0x80, 0x3f };

static void put_idx_seed(struct bytes *bytes, bool has_images)
{
    static const uint32_t images_shape[] = { 3, 4, 5 }, labels_shape[] = { 12 };

    put_idx(bytes, has_images ? 3 : 1, has_images ? images_shape : labels_shape, 10);
}

static void put_npy_seed(struct bytes *bytes, int variant)
{
    switch (variant) {
    case 0: put_npy(bytes, 1, HEADER("<f4", "False", "(2, 3)"), values, 24); break;
    case 1: put_npy(bytes, 2, HEADER("<f8", "True", "(2, 3)"), values, 48); break;
    case 2: put_npy(bytes, 3, HEADER("|u1", "False", "(5,)"), values, 5); break;
    default: put_npy(bytes, 1, HEADER("<i8", "False", "()"), values, 8); break;
    }
}

static void put_npz_seed(struct bytes *bytes, zip_int32_t method)
{
    static const char *const names[] = { "x.npy", "y.npy" };
    static struct bytes members[2];
    FILE *file;

    members[0].count = members[1].count = 0;
    put_npy(&members[0], 1, HEADER("|u1", "False", "(3, 2, 2)"), values, 12);
    put_npy(&members[1], 1, HEADER("<i4", "False", "(3,)"), "\0\0\0\0\2\0\0\0\1\0\0\0", 12);
    write_npz("fuzz-seed.npz", 2, names, members, method);
    file = fopen("fuzz-seed.npz", "rb");
    bytes->count +=
        file ? fread(bytes->data + bytes->count, 1, sizeof bytes->data - bytes->count, file) : 0;
    if (file)
        fclose(file);
    remove("fuzz-seed.npz");
}

static void put_csv_seed(struct bytes *bytes, bool has_names)
{
    const char *text = has_names ? "width;height;kind\n1.5;-2;0\n3;4e-2;2\n\n\"7\";8;1\n"
                                 : "1,2,0\r\n3,4,1\r\n5,6,2\r\n";

    put(bytes, text, strlen(text));
}

/* Packs what follows the first byte. */
static void pack(struct bytes *bytes)
{
    static struct bytes plain;

    plain.count = 0;
    put(&plain, bytes->data + 1, bytes->count - 1);
    bytes->count = 1;
    pack_gzip(bytes, &plain);
}

size_t fuzz_seed(size_t number, uint8_t *data, size_t capacity)
{
    static const enum reader readers[] = { READ_IDX_IMAGES, READ_IDX_IMAGES, READ_IDX_LABELS,
                                           READ_IDX_LABELS, READ_NPY,        READ_NPY,
                                           READ_NPY,        READ_NPY,        READ_NPZ,
                                           READ_NPZ,        READ_CSV,        READ_CSV,
                                           READ_CSV };
    static struct bytes bytes;

    if (number >= sizeof readers / sizeof *readers)
        return 0;
    bytes.count = 0;
    put_byte(&bytes, readers[number]);
    switch (number) {
    case 0: put_idx_seed(&bytes, true); break;
    case 1:
        put_idx_seed(&bytes, true);
        pack(&bytes);
        break;
    case 2: put_idx_seed(&bytes, false); break;
    case 3:
        put_idx_seed(&bytes, false);
        pack(&bytes);
        break;
    case 4: put_npy_seed(&bytes, 0); break;
    case 5: put_npy_seed(&bytes, 1); break;
    case 6: put_npy_seed(&bytes, 2); break;
    case 7: put_npy_seed(&bytes, 3); break;
    case 8: put_npz_seed(&bytes, ZIP_CM_STORE); break;
    case 9: put_npz_seed(&bytes, ZIP_CM_DEFLATE); break;
    case 10: put_csv_seed(&bytes, true); break;
    case 11: put_csv_seed(&bytes, false); break;
    case 12:
        put_csv_seed(&bytes, false);
        pack(&bytes);
        break;
    }
    if (bytes.count > capacity)
        return 0;
    memcpy(data, bytes.data, bytes.count);
    return bytes.count;
}
