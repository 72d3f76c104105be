/* SPDX-License-Identifier: MIT
 *
 * Files of a run: arrays come back as they were written, in the layout that NumPy prescribes; a
 * file is replaced as a whole or not at all; JSON is JSON.
 */
#undef NDEBUG
#include "data/npy.h"
#include "error.h"
#include "record/file.h"
#include "record/json.h"
#include "record/npz_write.h"

#include <assert.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const float weights[6] = { 0, 1.5f, -2, INFINITY, 1e-30f, 3 };
static const int64_t label = -7;
static const uint8_t flags[3] = { 1, 0, 1 };
static const int64_t shape[] = { 2, 3 }, three[] = { 3 }, none[] = { 0, 4 };

static size_t read_bytes(char *out, size_t bytes, const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t count;

    assert(file);
    count = fread(out, 1, bytes, file);
    fclose(file);
    return count;
}

static void npy(void)
{
    const struct snn_array array = {
        .name = "w", .type = SNN_FLOAT32, .data = weights, .rank = 2, .extents = shape
    };
    char bytes[512];
    size_t count, header;
    struct snn_npy back = { 0 };

    assert(snn_npy_write("w.npy", &array) == 0);
    count = read_bytes(bytes, sizeof bytes, "w.npy");
    assert(memcmp(bytes, "\x93NUMPY\x01\x00", 8) == 0);
    header = 10 + (size_t)(unsigned char)bytes[8] + 256 * (size_t)(unsigned char)bytes[9];
    assert(header % 64 == 0 && bytes[header - 1] == '\n' && count == header + sizeof weights);
    assert(strncmp(bytes + 10, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 59) ==
           0);
    assert(snn_npy_open(&back, "w.npy") == 0);
    assert(back.rank == 2 && back.shape[0] == 2 && back.shape[1] == 3 &&
           back.type == SNN_NPY_FLOAT32);
    assert(memcmp(back.data, weights, sizeof weights) == 0);
    snn_npy_dispose(&back);
}

static void npz(void)
{
    struct snn_array arrays[] = {
        { .name = "xe.weight", .type = SNN_FLOAT32, .data = weights, .rank = 2, .extents = shape },
        { .name = "label", .type = SNN_INT64, .data = &label },
        { .name = "flags", .type = SNN_BOOL, .data = flags, .rank = 1, .extents = three },
        { .name = "nothing", .type = SNN_FLOAT64, .data = weights, .rank = 2, .extents = none },
    };
    struct snn_npz *archive;
    struct snn_npy back = { 0 };
    char first[4096], second[4096];
    size_t count;

    assert(snn_npz_write("m.npz", arrays, 4) == 0 && access("m.npz.part", F_OK) != 0);
    count = read_bytes(first, sizeof first, "m.npz");
    assert(snn_npz_write("m.npz", arrays, 4) == 0);
    assert(read_bytes(second, sizeof second, "m.npz") == count &&
           memcmp(first, second, count) == 0);
    assert(snn_npz_open(&archive, "m.npz") == 0 && snn_npz_count(archive) == 4);
    assert(snn_npz_read(archive, "label", &back) == 0);
    assert(back.rank == 0 && *(int64_t *)back.data == -7);
    snn_npy_dispose(&back);
    assert(snn_npz_read(archive, "nothing", &back) == 0 && back.count == 0 && back.rank == 2);
    snn_npy_dispose(&back);
    assert(snn_npz_read(archive, "xe.weight", &back) == 0 &&
           memcmp(back.data, weights, sizeof weights) == 0);
    snn_npy_dispose(&back);
    snn_npz_close(archive);
    assert(snn_npz_write("no/such/folder/m.npz", arrays, 4) < 0);
    assert(strstr(snn_last_error(), "cannot write 'no/such/folder/m.npz': "));
}

static void files(void)
{
    char text[64], path[SNN_PATH_BYTES];

    assert(snn_folder_make("a/b/c") == 0 && snn_folder_make("a/b/c") == 0);
    assert(snn_file_replace("a/b/c/f", "one", 3) == 0 &&
           snn_file_replace("a/b/c/f", "two", 3) == 0);
    assert(read_bytes(text, sizeof text, "a/b/c/f") == 3 && memcmp(text, "two", 3) == 0);
    assert(access("a/b/c/f.part", F_OK) != 0);
    assert(snn_folder_make("a/b/c/f/d") < 0 && strstr(snn_last_error(), "it is a file"));
    assert(symlink("/dev/full", "full.part") == 0); /* what a full disk answers */
    assert(snn_file_replace("full", "text", 4) < 0);
    assert(strcmp(snn_last_error(), "cannot write 'full': No space left on device") == 0);
    assert(access("full", F_OK) != 0);
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert(snn_path_join(path, "folder", "file") == 0 && strcmp(path, "folder/file") == 0);
}

static void json(void)
{
    static const float values[] = { 0.1f, 2, NAN, 4, 5, 6 };
    const struct snn_axis axes[] = { { "y", 2 }, { "x", 3 } };
    struct snn_json writer;
    json_t *document, *list;

    snn_json_start(&writer, true);
    snn_json_begin_object(&writer, NULL);
    snn_json_text(&writer, "quoted \"name\"", "line\nbreak \\ \x01 \xc3\xa4");
    snn_json_number(&writer, "tenth", 0.1f);
    snn_json_number(&writer, "none", INFINITY);
    snn_json_unsigned(&writer, "seed", UINT64_MAX >> 1);
    snn_json_values(&writer, "values", SNN_FLOAT32, values, axes, 2);
    snn_json_begin_object(&writer, "empty");
    snn_json_end_object(&writer);
    snn_json_end_object(&writer);
    snn_json_finish(&writer);
    document = json_loads(writer.text, 0, NULL);
    assert(document);
    assert(strcmp(json_string_value(json_object_get(document, "quoted \"name\"")),
                  "line\nbreak \\ \x01 \xc3\xa4") == 0);
    assert(strstr(writer.text, "\"tenth\": 0.1,"));
    assert(json_is_null(json_object_get(document, "none")));
    assert(json_integer_value(json_object_get(document, "seed")) == INT64_MAX);
    list = json_object_get(document, "values");
    assert(json_array_size(list) == 2 && json_array_size(json_array_get(list, 0)) == 3);
    assert(json_is_null(json_array_get(json_array_get(list, 0), 2)));
    assert(json_object_size(json_object_get(document, "empty")) == 0);
    json_decref(document);
    free(writer.text);
}

int main(void)
{
    assert(system("rm -rf record_files.dir && mkdir record_files.dir") == 0 &&
           chdir("record_files.dir") == 0);
    npy();
    npz();
    files();
    json();
    return 0;
}
