/* SPDX-License-Identifier: MIT
 *
 * images(): pictures of every kind of file, which are written here byte by byte, from folders of
 * every layout, and what is said of others.
 */
#include "data/view.h"
#include "data_formats.h"
#include "memory.h"

#include <sys/stat.h>
#include <unistd.h>

static struct snn_region *region;
static struct bytes bytes;

/* ---- PNG files */

enum { GREY, COLOUR = 2, PALETTE, GREY_AND_ALPHA, COLOUR_AND_ALPHA = 6 };

static void put_chunk(const char *type, const void *data, size_t count)
{
    uLong sum = crc32(crc32(0, (const Bytef *)type, 4), data, (uInt)count);

    put_big_endian(&bytes, (uint32_t)count);
    put(&bytes, type, 4);
    put(&bytes, data, count);
    put_big_endian(&bytes, (uint32_t)sum);
}

/* `rows` of pixels, each with a 0 before it: no filter. */
static void write_png(const char *path, uint32_t height, uint32_t width, int bits, int type,
                      const void *rows, size_t count)
{
    uint8_t head[] = {
        0, 0, 0, (uint8_t)width, 0, 0, 0, (uint8_t)height, (uint8_t)bits, (uint8_t)type, 0, 0, 0
    };
    Bytef packed[1000];
    uLongf packed_count = sizeof packed;

    assert(compress(packed, &packed_count, rows, count) == Z_OK);
    bytes.count = 0;
    put(&bytes, "\x89PNG\r\n\x1a\n", 8);
    put_chunk("IHDR", head, sizeof head);
    if (type == PALETTE)
        put_chunk("PLTE", "\1\2\3\x14\x15\x16", 6);
    put_chunk("IDAT", packed, packed_count);
    put_chunk("IEND", "", 0);
    write_bytes(path, &bytes);
}

static void write_grey(const char *path, int first)
{
    const uint8_t rows[] = { 0, (uint8_t)first, 128, 3, 0, 4, 5, 255 };

    write_png(path, 2, 3, 8, GREY, rows, sizeof rows);
}

/* ---- sets */

static struct snn_view open_images(const char *folder)
{
    struct snn_dataset *set;
    struct snn_view view;

    expect_success(snn_dataset_images(&set, "photos", folder));
    view = snn_view_whole(set);
    expect_success(snn_view_load(&view, region));
    return view;
}

static void expect_pixels(const struct snn_view *view, int64_t i, const uint8_t *pixels,
                          size_t count)
{
    assert(snn_dataset_sample_size(view->set) == count);
    assert(memcmp(snn_view_pixels(view, i), pixels, count) == 0);
}

static void test_kinds(void)
{
    static const uint8_t alpha[] = { 0, 9, 255, 8, 255 };
    static const uint8_t palette[] = { 0, 0x40 }; /* two pixels of a bit: 0, 1 */
    static const uint8_t colours[] = { 0, 1, 2, 3, 255, 254, 253 };
    struct snn_view view;
    float values[2];

    mkdir("grey", 0777);
    write_grey("grey/b.png", 1);
    write_string("grey/a.pgm", "P5 # a comment\n3\n#2\n2 255\nabcdef");
    write_grey("grey/C.PNG", 200);
    write_string("grey/notes.txt", "no picture");
    view = open_images("grey"); /* capitals come first */
    assert(view.count == 3 && snn_view_label(&view, 2) == 2);
    assert(snn_dataset_extent(view.set, "y") == 2 && snn_dataset_extent(view.set, "x") == 3);
    expect_pixels(&view, 0, (uint8_t[]){ 200, 128, 3, 4, 5, 255 }, 6);
    expect_pixels(&view, 1, (const uint8_t *)"abcdef", 6);
    expect_pixels(&view, 2, (uint8_t[]){ 1, 128, 3, 4, 5, 255 }, 6);
    snn_dataset_release(view.set);

    mkdir("colours", 0777);
    write_png("colours/1.png", 1, 2, 8, COLOUR, colours, sizeof colours);
    write_string("colours/2.ppm", "P6 2 1 255 abcdef");
    write_png("colours/3.png", 1, 2, 1, PALETTE, palette, sizeof palette);
    write_png("colours/4.png", 1, 2, 8, GREY_AND_ALPHA, alpha, sizeof alpha);
    view = open_images("colours");
    assert(view.count == 4 && snn_dataset_extent(view.set, "channel") == 3);
    expect_error(snn_view_sample(&view, 0, values, 2),
                 "is [y: 1, x: 2, channel: 3], 6 values, and is presented to 2; '|> grey()' makes "
                 "it one channel");
    expect_pixels(&view, 0, colours + 1, 6);
    expect_pixels(&view, 1, (const uint8_t *)"abcdef", 6);
    expect_pixels(&view, 2, (uint8_t[]){ 1, 2, 3, 0x14, 0x15, 0x16 }, 6);
    expect_pixels(&view, 3, (uint8_t[]){ 9, 9, 9, 8, 8, 8 }, 6);
    snn_dataset_release(view.set);
}

static void test_layouts(void)
{
    struct snn_dataset *set;
    struct snn_view view;

    mkdir("pets", 0777);
    mkdir("pets/dog", 0777);
    mkdir("pets/cat", 0777);
    write_grey("pets/dog/1.png", 1);
    write_grey("pets/cat/1.png", 2);
    write_grey("pets/cat/2.png", 3);
    view = open_images("pets");
    assert(view.count == 3 && snn_view_classes(&view) == 2);
    assert(snn_view_label(&view, 0) == 0 && snn_view_label(&view, 1) == 0);
    assert(snn_view_label(&view, 2) == 1);
    expect_pixels(&view, 2, (uint8_t[]){ 1, 128, 3, 4, 5, 255 }, 6);
    snn_dataset_release(view.set);

    mkdir("parts", 0777);
    mkdir("parts/train", 0777);
    mkdir("parts/test", 0777);
    mkdir("parts/train/dog", 0777);
    mkdir("parts/train/cat", 0777);
    mkdir("parts/test/dog", 0777);
    write_grey("parts/train/dog/1.png", 1);
    write_grey("parts/train/cat/1.png", 2);
    write_grey("parts/test/dog/1.png", 3);
    expect_success(snn_dataset_images(&set, "photos", "parts"));
    expect_success(snn_view_split(&view, region, snn_view_whole(set), "train"));
    assert(view.count == 2 && snn_view_label(&view, 0) == 0 && snn_view_classes(&view) == 2);
    expect_success(snn_view_split(&view, region, snn_view_whole(set), "test"));
    assert(view.count == 1 && snn_view_label(&view, 0) == 1); /* though no cat is there */
    expect_error(snn_view_split(&view, region, snn_view_whole(set), "val"), "has no .val");
    snn_dataset_release(set);
}

/* What is said of a folder, when it is opened or when it is read. */
static void expect_failure(const char *folder, const char *text)
{
    struct snn_dataset *set;
    int status = snn_dataset_images(&set, "photos", folder);

    if (status == 0) {
        struct snn_view view = snn_view_whole(set);

        status = snn_view_load(&view, region);
        snn_dataset_release(set);
    }
    expect_error(status, text);
}

static void test_wrong_folders(void)
{
    mkdir("bare", 0777);
    expect_failure("bare", "bare: no pictures: they are *.png, *.pgm or *.ppm in it, or in a "
                           "folder for each class");
    expect_failure("nowhere", "no folder at 'nowhere', 'data/nowhere'");
    write_grey("bare/1.png", 1);
    write_string("bare/2.jpg", "");
    expect_failure("bare", "bare/2.jpg: pictures can be read from PNG, PGM and PPM files; "
                           "convert it");
    remove("bare/2.jpg");
    mkdir("bare/dog", 0777);
    expect_failure("bare", "bare/1.png: a picture beside folders of classes, such as 'dog'");
    rmdir("bare/dog");
    write_string("bare/2.pgm", "P5 2 3 255 abcdef");
    expect_failure("bare", "bare/2.pgm: 3 x 2 pixels, but bare/1.png has 2 x 3");
    write_string("bare/2.pgm", "P6 3 2 255 abcdefabcdefabcdef");
    expect_failure("bare", "bare/2.pgm is in colours, but bare/1.png is grey; make them all alike");
}

static void test_wrong_files(void)
{
    static const uint8_t clear[] = { 0, 1, 2, 3, 255, 1, 2, 3, 254 };
    static const uint8_t deep[] = { 0, 1, 1, 2, 2 };

    mkdir("wrong", 0777);
    write_string("wrong/1.png", "no picture at all");
    expect_failure("wrong", "wrong/1.png: not a PNG, binary PGM or binary PPM file");
    write_grey("wrong/1.png", 1);
    for (int length = 8; length < 68; length += 20) { /* of its 69 bytes */
        assert(truncate("wrong/1.png", length) == 0);
        expect_failure("wrong", "wrong/1.png: not a readable PNG file, or truncated");
        write_grey("wrong/1.png", 1);
    }
    write_png("wrong/1.png", 1, 2, 16, GREY, deep, sizeof deep);
    expect_failure("wrong", "wrong/1.png: 16 bits a channel; write it with 8");
    write_png("wrong/1.png", 1, 2, 8, COLOUR_AND_ALPHA, clear, sizeof clear);
    expect_failure("wrong", "wrong/1.png: pixel (0, 1) is transparent; give the picture a "
                            "background");
    remove("wrong/1.png");
    write_string("wrong/1.pgm", "P5 3 2 255 abcde");
    expect_failure("wrong", "wrong/1.pgm: truncated: 5 bytes of pixels, not 6");
    write_string("wrong/1.pgm", "P5 3 2 65535 abcdefabcdef");
    expect_failure("wrong", "not a readable PGM or PPM file with values from 0 to 255");
    write_string("wrong/1.pgm", "P5 20000 2 255 a");
    expect_failure("wrong", "wrong/1.pgm: 2 x 20000 pixels; a side must be from 1 to 16384");
}

int main(void)
{
    region = snn_region_create();
    test_kinds();
    test_layouts();
    test_wrong_folders();
    test_wrong_files();
    snn_region_destroy(region);
    return 0;
}
