/* SPDX-License-Identifier: MIT
 *
 * mnist(): where it is looked for, plain and packed files, what is refused; and the real files
 * where they are.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "data/view.h"
#include "data_formats.h"

#define FOLDER "data_mnist.files"

static const uint32_t images_shape[] = { 20, 28, 28 };
static const uint32_t labels_shape[] = { 20 };
static struct snn_region *region;

/* Four good files: pixel i is i % 251, label i is i % 10. */
static void write_good(void)
{
    static struct bytes images, labels;

    images.count = labels.count = 0;
    put_idx(&images, 3, images_shape, 251);
    put_idx(&labels, 1, labels_shape, 10);
    write_bytes(FOLDER "/train-images-idx3-ubyte", &images);
    write_bytes(FOLDER "/train-labels-idx1-ubyte", &labels);
    write_bytes(FOLDER "/t10k-images-idx3-ubyte", &images);
    write_bytes(FOLDER "/t10k-labels-idx1-ubyte", &labels);
}

/* Loads a split; the view does not outlive the call. */
static int load_split(const char *folder, const char *split, int64_t *count)
{
    struct snn_dataset *set;
    struct snn_view view;
    int status = snn_dataset_mnist(&set, "digits", folder);

    if (status < 0)
        return status;
    status = snn_view_split(&view, region, snn_view_whole(set), split);
    if (status == 0 && count)
        *count = snn_view_count(&view);
    snn_dataset_release(set);
    return status;
}

static void test_good(void)
{
    struct snn_dataset *set;
    struct snn_view view;
    float sample[28 * 28];
    int64_t classes;

    write_good();
    expect_success(snn_dataset_mnist(&set, "digits", FOLDER));
    assert(snn_dataset_extent(set, "y") == 28 && snn_dataset_extent(set, "x") == 28);
    assert(snn_dataset_extent(set, "channel") == 0);
    assert(snn_dataset_classes(set, &classes) == 0 && classes == 10);
    expect_success(snn_view_split(&view, region, snn_view_whole(set), "test"));
    assert(snn_view_count(&view) == 20 && snn_view_label(&view, 13) == 3 &&
           snn_view_index(&view, 13) == 13);
    expect_success(snn_view_sample(&view, 1, sample, 784));
    assert(sample[0] == (float)(784 % 251) / 255.0f && sample[783] == (float)(1567 % 251) / 255.0f);
    expect_error(snn_view_sample(&view, 1, sample, 400),
                 "is [y: 28, x: 28], 784 values, and is presented to 400");
    expect_error(snn_view_split(&view, region, snn_view_whole(set), "val"),
                 "has no .val; it has .train and .test");
    snn_dataset_release(set);
}

static void test_names_and_packing(void)
{
    static struct bytes images, packed;
    int64_t count;

    put_idx(&images, 3, images_shape, 251);
    pack_gzip(&packed, &images);
    write_good();
    assert(remove(FOLDER "/train-images-idx3-ubyte") == 0);
    write_bytes(FOLDER "/train-images-idx3-ubyte.gz", &packed);
    expect_success(load_split(FOLDER, "train", &count));
    assert(count == 20);
    assert(rename(FOLDER "/train-images-idx3-ubyte.gz", FOLDER "/train-images.idx3-ubyte.gz") == 0);
    expect_success(load_split(FOLDER, "train", &count));
    /* two members, one after the other, are one file */
    packed.count = 0;
    images.count -= 1000;
    pack_gzip(&packed, &images);
    memmove(images.data, images.data + images.count, 1000);
    images.count = 1000;
    pack_gzip(&packed, &images);
    write_bytes(FOLDER "/train-images.idx3-ubyte.gz", &packed);
    expect_success(load_split(FOLDER, "train", &count));
    assert(remove(FOLDER "/train-images.idx3-ubyte.gz") == 0);
}

static void test_places(void)
{
    unsetenv("SNN_DATA");
    expect_error(load_split(NULL, "train", NULL),
                 "no train-images-idx3-ubyte or train-images-idx3-ubyte.gz in ./data, "
                 "./data/mnist ($SNN_DATA is not set)");
    expect_error(load_split(NULL, "train", NULL), "'snnc data fetch mnist'");
    expect_error(load_split(NULL, "train", NULL), "'--data digits=builtin'");
    expect_error(load_split("no/such", "train", NULL), "there is no folder 'no/such'");
    setenv("SNN_DATA", "no/such", 1);
    expect_error(load_split(NULL, "test", NULL),
                 "in no/such, no/such/mnist, ./data, ./data/mnist;");
    write_good();
    setenv("SNN_DATA", FOLDER, 1);
    expect_success(load_split(NULL, "test", NULL));
    assert(mkdir("data_mnist.parent", 0777) == 0 && rename(FOLDER, "data_mnist.parent/mnist") == 0);
    setenv("SNN_DATA", "data_mnist.parent", 1);
    expect_success(load_split(NULL, "test", NULL));
    assert(rename("data_mnist.parent/mnist", FOLDER) == 0 && rmdir("data_mnist.parent") == 0);
    unsetenv("SNN_DATA");
}

/* Writes one wrong file in place of a good one and reads the set. */
static int read_with(const char *path, const struct bytes *bytes)
{
    write_good();
    write_bytes(path, bytes);
    return load_split(FOLDER, "train", NULL);
}

static void test_wrong_images(void)
{
    static const char path[] = FOLDER "/train-images-idx3-ubyte";
    static const uint32_t larger[] = { 20, 28, 32 }, huge[] = { 0xffffffff, 28, 28 };
    static struct bytes bytes;

    put_idx(&bytes, 3, images_shape, 251);
    bytes.count -= 1;
    expect_error(read_with(path, &bytes),
                 "truncated: images takes 15680 bytes and the file ends after 15679");
    put(&bytes, "..", 2);
    expect_error(read_with(path, &bytes), "unexpected bytes after the end of the data");
    bytes.count = 0;
    put_idx(&bytes, 3, larger, 251);
    expect_error(read_with(path, &bytes), "pictures of 28x32 pixels; mnist has 28x28");
    bytes.count = 0;
    put_idx(&bytes, 1, labels_shape, 10);
    expect_error(read_with(path, &bytes), "1 dimensions; images have 3");
    bytes.data[2] = 0x0d;
    expect_error(read_with(path, &bytes), "type 0d; images must be unsigned bytes");
    bytes.data[0] = 0x50;
    expect_error(read_with(path, &bytes), "not an IDX file: it begins with 50 00 0d 01");
    bytes.count = 0;
    put_big_endian(&bytes, 0x803);
    for (int i = 0; i < 3; i++)
        put_big_endian(&bytes, huge[i]);
    expect_error(read_with(path, &bytes),
                 "ends after 0 of them"); /* 3 TB are claimed, none taken */
    for (int i = 4; i < 16; i++)
        bytes.data[i] = 0xff;
    expect_error(read_with(path, &bytes), "impossible size");
    bytes.count = 10;
    expect_error(read_with(path, &bytes), "truncated: the IDX header");
}

static void test_wrong_labels(void)
{
    static const char path[] = FOLDER "/train-labels-idx1-ubyte";
    static const uint32_t fewer[] = { 19 };
    static struct bytes bytes;

    put_idx(&bytes, 1, labels_shape, 11);
    expect_error(read_with(path, &bytes),
                 "train-labels-idx1-ubyte: label 10 of sample 10 is out of range");
    bytes.count = 0;
    put_idx(&bytes, 1, fewer, 10);
    expect_error(read_with(path, &bytes), "19 labels for 20 pictures");
    write_good();
    assert(remove(path) == 0);
    expect_error(load_split(FOLDER, "train", NULL),
                 "train-labels-idx1-ubyte or train-labels-idx1-ubyte.gz is missing");
    expect_success(load_split(FOLDER, "test", NULL)); /* what is not used is not looked at */
}

static void test_wrong_gzip(void)
{
    static const char path[] = FOLDER "/train-images-idx3-ubyte.gz";
    static struct bytes images, packed;
    size_t whole;

    put_idx(&images, 3, images_shape, 251);
    pack_gzip(&packed, &images);
    whole = packed.count;
    write_good();
    remove(FOLDER "/train-images-idx3-ubyte");
    for (packed.count = whole - 1; packed.count > 2; packed.count = packed.count * 3 / 4) {
        write_bytes(path, &packed);
        expect_error(load_split(FOLDER, "train", NULL), "the gzip data is truncated");
    }
    packed.count = whole;
    packed.data[whole - 5] ^= 1; /* in the checksum */
    write_bytes(path, &packed);
    expect_error(load_split(FOLDER, "train", NULL), "the gzip data is damaged");
    packed.data[whole - 5] ^= 1;
    put_byte(&packed, 'x');
    write_bytes(path, &packed);
    expect_error(load_split(FOLDER, "train", NULL),
                 "unexpected bytes after the end of the gzip data");
    assert(remove(path) == 0);
}

/* The published sets, where this machine has them. */
static bool find_published(char folder[4096])
{
    const char *top = getenv("TOP_SRCDIR"), *variable = getenv("PUBLISHED_DATA");
    char file[4200];

    if (variable)
        snprintf(folder, 4096, "%s/mnist", variable);
    else
        snprintf(folder, 4096, "%s/../shared/data/mnist", top ? top : ".");
    snprintf(file, sizeof file, "%s/t10k-labels-idx1-ubyte.gz", folder);
    return access(file, R_OK) == 0;
}

static void test_published(const char *folder)
{
    static const int histogram[10] = { 980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009 };
    struct snn_dataset *set;
    struct snn_view test, train;
    int counts[10] = { 0 };
    double sum = 0;

    expect_success(snn_dataset_mnist(&set, "digits", folder));
    expect_success(snn_view_split(&test, region, snn_view_whole(set), "test"));
    expect_success(snn_view_split(&train, region, snn_view_whole(set), "train"));
    assert(snn_view_count(&test) == 10000 && snn_view_count(&train) == 60000);
    for (int64_t i = 0; i < 10000; i++)
        counts[snn_view_label(&test, i)]++;
    assert(memcmp(counts, histogram, sizeof counts) == 0);
    for (int64_t i = 0; i < 60000; i++) {
        const uint8_t *pixels = snn_view_pixels(&train, i);

        for (int k = 0; k < 784; k++)
            sum += pixels[k];
    }
    assert(sum / 255 / 784 / 60000 > 0.13065 &&
           sum / 255 / 784 / 60000 < 0.13067); /* the well-known mean */
    snn_dataset_release(set);
}

int main(void)
{
    static const char *const files[] = { "train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                         "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte" };
    const char *variable = getenv("SNN_DATA");
    char published[4096], path[128];
    bool has_published;

    if (variable)
        setenv("PUBLISHED_DATA", variable, 1);
    has_published = find_published(published);
    region = snn_region_create();
    mkdir(FOLDER, 0777);
    test_good();
    test_names_and_packing();
    test_places();
    test_wrong_images();
    test_wrong_labels();
    test_wrong_gzip();
    if (has_published)
        test_published(published);
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, FOLDER "/%s", files[i]);
        remove(path);
    }
    snn_region_destroy(region);
    return rmdir(FOLDER);
}
