/* SPDX-License-Identifier: MIT
 *
 * Recordings as they were published, where they lie beside the project: what is known of them.
 */
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
    snn_region_destroy(region);
    return 0;
}
