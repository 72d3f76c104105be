/* SPDX-License-Identifier: MIT
 *
 * .npy and .npz: every type and version that is read, Fortran order, and each way in which a file
 * can be wrong.
 */
#include "data/npy.h"
#include "data_formats.h"

static int read_npy(struct snn_npy *out, const struct bytes *bytes)
{
    struct snn_stream *stream;
    int status;

    expect_success(snn_stream_open_memory(&stream, bytes->data, bytes->count, "a.npy"));
    status = snn_npy_read(out, stream);
    snn_stream_close(stream);
    return status;
}

static int read_header(const char *header, const void *data, size_t count)
{
    struct bytes bytes = { .count = 0 };
    struct snn_npy array;
    int status;

    put_npy(&bytes, 1, header, data, count);
    status = read_npy(&array, &bytes);
    if (status == 0)
        snn_npy_dispose(&array);
    return status;
}

static void test_types(void)
{
    static const float f4[3] = { 1.5f, -2.25f, 1e30f };
    static const double f8[3] = { 1.5, -2.25, 1e300 };
    static const uint8_t u1[3] = { 0, 7, 255 }, b1[3] = { 0, 1, 1 };
    static const int32_t i4[3] = { -1, 0, INT32_MAX };
    static const int64_t i8[3] = { -1, 0, INT64_C(1) << 40 };
    static const struct {
        const char *descr;
        enum snn_npy_type type;
        const void *data;
        size_t bytes;
        double last;
    } cases[] = {
        { "<f4", SNN_NPY_FLOAT32, f4, sizeof f4, 1e30f },
        { "<f8", SNN_NPY_FLOAT64, f8, sizeof f8, 1e300 },
        { "|u1", SNN_NPY_UINT8, u1, sizeof u1, 255 },
        { "|b1", SNN_NPY_BOOL, b1, sizeof b1, 1 },
        { "<i4", SNN_NPY_INT32, i4, sizeof i4, INT32_MAX },
        { "<i8", SNN_NPY_INT64, i8, sizeof i8, 1099511627776.0 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int version = 1; version <= 3; version++) {
            struct bytes bytes = { .count = 0 };
            struct snn_npy array;
            char header[128];

            snprintf(header, sizeof header,
                     "{'descr': '%s', 'fortran_order': False, 'shape': (3,), }   \n",
                     cases[i].descr);
            put_npy(&bytes, version, header, cases[i].data, cases[i].bytes);
            expect_success(read_npy(&array, &bytes));
            assert(array.type == cases[i].type && array.rank == 1 && array.shape[0] == 3 &&
                   array.count == 3);
            assert(memcmp(array.data, cases[i].data, cases[i].bytes) == 0);
            assert(snn_npy_value(&array, 2) == cases[i].last);
            snn_npy_dispose(&array);
        }
}

static void test_shapes(void)
{
    static const int32_t fortran[6] = { 0, 3, 1, 4, 2, 5 }; /* [[0, 1, 2], [3, 4, 5]] by columns */
    struct bytes bytes = { .count = 0 };
    struct snn_npy array;

    put_npy(&bytes, 1, "{\"shape\":(2,3),\"fortran_order\":True,\"descr\":\"<i4\"}", fortran,
            sizeof fortran);
    expect_success(read_npy(&array, &bytes));
    assert(array.rank == 2 && array.shape[0] == 2 && array.shape[1] == 3);
    for (int i = 0; i < 6; i++)
        assert(((int32_t *)array.data)[i] == i);
    snn_npy_dispose(&array);
    /* a scalar, and an array of nothing */
    expect_success(
        read_header("{'descr': '<i4', 'fortran_order': False, 'shape': (), }", fortran, 4));
    expect_success(
        read_header("{'descr': '<i4', 'fortran_order': True, 'shape': (3, 0), }", fortran, 0));
}

#define HEADER(descr, order, shape)                                                                \
    "{'descr': " descr ", 'fortran_order': " order ", 'shape': " shape ", }"

static void test_wrong_headers(void)
{
    static const char zeros[64];

    expect_error(read_header(HEADER("'<f4'", "False", "(3,)"), zeros, 11),
                 "truncated: the array takes 12 bytes");
    expect_error(read_header(HEADER("'<f4'", "False", "(3,)"), zeros, 13),
                 "unexpected bytes after the end");
    expect_error(read_header(HEADER("'>f4'", "False", "(3,)"), zeros, 12), "big-endian");
    expect_error(read_header(HEADER("'<c8'", "False", "(1,)"), zeros, 8),
                 "type '<c8' cannot be read");
    expect_error(read_header(HEADER("[('a', '<f4')]", "False", "(1,)"), zeros, 4),
                 "array of records");
    expect_error(read_header(HEADER("'<f4'", "None", "(1,)"), zeros, 4), "neither True nor False");
    expect_error(read_header(HEADER("'<f4'", "False", "[1]"), zeros, 4), "not a tuple");
    expect_error(read_header(HEADER("'<f4'", "False", "(-1,)"), zeros, 4), "not a whole number");
    expect_error(read_header(HEADER("'<f4'", "False", "(1 2)"), zeros, 8), "not a tuple");
    expect_error(read_header(HEADER("'<f4'", "False", "(4294967296, 4294967296)"), zeros, 4),
                 "impossible shape");
    expect_error(read_header(HEADER("'<f4'", "False", "(99999999999999999999,)"), zeros, 4),
                 "not a whole number");
    expect_error(read_header(HEADER("'<f4'", "False", "(1,1,1,1,1,1,1,1,1)"), zeros, 4),
                 "more than 8 axes");
    /* No memory is taken for what a header merely claims. */
    expect_error(read_header(HEADER("'<f8'", "False", "(1000000000000,)"), zeros, 8),
                 "ends after 8 of them");
    expect_error(read_header("{'descr': '<f4', 'shape': (1,)}", zeros, 4), "is missing");
    expect_error(read_header("{'descr': '<f4', 'descr': '<f4'}", zeros, 4),
                 "unknown or repeated key");
    expect_error(read_header("{'descr': '<f4'", zeros, 4), "',' or '}' was expected");
    expect_error(read_header("[]", zeros, 4), "not a dictionary");
    expect_error(read_header("{} x", zeros, 4), "text after the dictionary");
}

static void test_wrong_files(void)
{
    struct bytes bytes = { .count = 0 };
    struct snn_npy array;

    expect_error(read_npy(&array, &bytes), "truncated: the .npy header");
    put(&bytes, "\x93NUMPX\1\0\2\0{}", 12);
    expect_error(read_npy(&array, &bytes), "not a .npy file");
    bytes.count = 0;
    put(&bytes, "\x93NUMPY\4\0\2\0{}", 12);
    expect_error(read_npy(&array, &bytes), "version 4.0");
    bytes.count = 0;
    put(&bytes, "\x93NUMPY\2\0\xff\xff\xff\xff{}", 14);
    expect_error(read_npy(&array, &bytes), "longer than 64 KiB");
    expect_error(snn_npy_open(&array, "no_such.npy"), "no_such.npy: No such file");
    expect_error(snn_npy_open(&array, "."), "Is a directory");
}

static void test_npz(void)
{
    static const char *const names[] = { "w.npy", "notes.txt", "deep/b.npy" };
    static const float values[4] = { 1, 2, 3, 4 };
    static const zip_int32_t methods[] = { ZIP_CM_STORE, ZIP_CM_DEFLATE };
    static struct bytes members[3];

    put_npy(&members[0], 1, HEADER("'<f4'", "False", "(2, 2)"), values, sizeof values);
    put(&members[1], "hello", 5);
    put_npy(&members[2], 1, HEADER("'|u1'", "False", "(3,)"), "\1\2\3", 3);
    for (int m = 0; m < 2; m++) {
        struct snn_npz *npz;
        struct snn_npy array;

        write_npz("data_npy.npz", 3, names, members, methods[m]);
        expect_success(snn_npz_open(&npz, "data_npy.npz"));
        assert(snn_npz_count(npz) == 2 && strcmp(snn_npz_name(npz, 1), "deep/b") == 0);
        assert(snn_npz_has(npz, "w") && !snn_npz_has(npz, "notes.txt"));
        for (int again = 0; again < 2; again++) {
            expect_success(snn_npz_read(npz, "w", &array));
            assert(array.rank == 2 && memcmp(array.data, values, sizeof values) == 0);
            snn_npy_dispose(&array);
        }
        expect_error(snn_npz_read(npz, "v", &array), "no array 'v'; it has w, deep/b");
        snn_npz_close(npz);
    }
}

/* One flipped bit in a member is found by its checksum. */
static void test_damaged_npz(void)
{
    static const char *const names[] = { "w.npy" };
    static struct bytes member, archive;
    struct snn_npz *npz;
    struct snn_npy array;
    uint8_t *place;
    FILE *file;

    put_npy(&member, 1, HEADER("'|u1'", "False", "(8,)"), "ABCDEFGH", 8);
    write_npz("data_npy.npz", 1, names, &member, ZIP_CM_STORE);
    file = fopen("data_npy.npz", "rb");
    assert(file);
    archive.count = fread(archive.data, 1, sizeof archive.data, file);
    fclose(file);
    for (place = archive.data; memcmp(place, "ABCDEFGH", 8) != 0; place++)
        assert(place + 8 < archive.data + archive.count);
    *place ^= 1;
    expect_success(snn_npz_open_memory(&npz, archive.data, archive.count, "b.npz"));
    expect_error(snn_npz_read(npz, "w", &array), "b.npz: w.npy: damaged");
    snn_npz_close(npz);
    expect_error(snn_npz_open_memory(&npz, archive.data, archive.count / 2, "b.npz"),
                 "b.npz: not a readable .npz file");
    expect_error(snn_npz_open(&npz, "no_such.npz"), "no_such.npz: there is no such file");
}

int main(void)
{
    test_types();
    test_shapes();
    test_wrong_headers();
    test_wrong_files();
    test_npz();
    test_damaged_npz();
    return remove("data_npy.npz");
}
