/* SPDX-License-Identifier: MIT
 *
 * The layouts of SL-Animals and DVS-Gesture: how samples are cut, what is known of them, that
 * nobody is in two parts of a split, and what is said of wrong tables.
 */
#include "data/source.h"
#include "data/split.h"
#include "recordings.h"

static struct snn_region *region;
static struct bytes bytes;

enum { SIGNS = 19, EVENTS = 60 };

static void make_folders(const char *const *folders, int count)
{
    for (int i = 0; i < count; i++)
        mkdir(folders[i], 0777);
}

/* A recording whose event k is at 1000 + 10 k us, in the pixel (k, person). */
static void write_person(const char *path, int person)
{
    begin_aedat2(&bytes);
    for (int k = 0; k < EVENTS; k++)
        put_aedat2(&bytes, k, person, 1, 1000 + 10 * k);
    write_recording(path, &bytes);
}

/* Sign k is the events 3 k to 3 k + 2. */
static void write_signs(const char *path, int count)
{
    char text[1024] = "class,startTime_ev,endTime_ev\r\n";
    size_t used = strlen(text);

    for (int k = 0; k < count; k++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%d,%d,%d\r\n", k + 1, 3 * k,
                                 3 * k + 2);
    write_string(path, text);
}

static void write_animals(void)
{
    static const char *const folders[] = { "animals", "animals/recordings", "animals/tags" };

    make_folders(folders, 3);
    for (int person = 0; person < 10; person++) {
        const char *session = person < 4 ? "indoor" : "dc";
        char path[128];

        snprintf(path, sizeof path, "animals/recordings/user%02d_%s.aedat", person, session);
        write_person(path, person);
        snprintf(path, sizeof path, "animals/tags/user%02d_%s.csv", person, session);
        write_signs(path, SIGNS);
    }
}

static struct snn_dataset *open_animals(void)
{
    struct snn_dataset *set;

    expect_success(snn_dataset_sl_animals(&set, "signs", "animals"));
    return set;
}

static void test_animals(void)
{
    struct snn_dataset *set = open_animals();
    struct snn_view view = snn_view_whole(set);
    int person = snn_dataset_field(set, "person"), session = snn_dataset_field(set, "session");

    expect_success(snn_view_load(&view, region));
    assert(snn_view_count(&view) == 10 * SIGNS && snn_view_classes(&view) == SIGNS);
    assert(person == 0 && session == 1 && snn_dataset_field(set, "name") < 0);
    for (int64_t i = 0; i < view.count; i++) {
        int64_t k = i % SIGNS;
        int32_t who = snn_view_field(&view, i, person);
        struct snn_event_list list = events_of(&view, i);
        const char *where = snn_dataset_field_text(set, session, snn_view_field(&view, i, session));

        assert(who == i / SIGNS && snn_view_label(&view, i) == k && list.count == 2);
        assert(list.index[0] == place(128, 1, who, (int32_t)(3 * k)));
        assert(list.time[0] == 0 && list.time[1] == 10);
        assert(strcmp(where, who < 4 ? "indoor" : "dc") == 0);
    }
    assert(max_time_of(set) == 11e-3);
    snn_dataset_release(set);
}

static void test_list(void)
{
    struct snn_dataset *set;
    struct snn_view view;

    write_string("animals/filelist.txt", "user07_dc\nuser02_indoor");
    set = open_animals();
    view = snn_view_whole(set);
    expect_success(snn_view_load(&view, region));
    assert(view.count == 2 * SIGNS && snn_view_field(&view, 0, 0) == 7);
    snn_dataset_release(set);
    write_string("animals/filelist.txt", "user07_dc\nsomebody\n");
    expect_error(snn_dataset_sl_animals(&set, "signs", "animals"),
                 "recording 'somebody': its name does not say person and session");
    unlink("animals/filelist.txt");
}

/* ---- splits */

static struct snn_division by_person(double folds, double fold, double validation)
{
    return (struct snn_division){ .field = "person",
                                  .folds = folds,
                                  .fold = fold,
                                  .test_share = NAN,
                                  .test_text = "",
                                  .test_value = NAN,
                                  .validation = validation,
                                  .seed = NAN };
}

/* How many people are in the part; `where` gets the bit of the part for each of them. */
static int people_in(struct snn_view view, const char *part, int bit, int where[10])
{
    int count = 0;

    expect_success(snn_view_split(&view, region, view, part));
    for (int64_t i = 0; i < view.count; i++)
        where[snn_view_field(&view, i, 0)] |= bit;
    for (int i = 0; i < 10; i++)
        count += (where[i] & bit) != 0;
    assert(view.count == count * SIGNS);
    return count;
}

static void test_folds(void)
{
    static const int tested[] = { 3, 3, 2, 2 };
    struct snn_dataset *set = open_animals();
    int in_test[10] = { 0 };

    for (int fold = 0; fold < 4; fold++) {
        struct snn_division division = by_person(4, fold, 0.15);
        int where[10] = { 0 };
        struct snn_view view;

        expect_success(snn_view_divide(&view, snn_view_whole(set), &division));
        assert(people_in(view, "test", 1, where) == tested[fold]);
        assert(people_in(view, "val", 2, where) == 2); /* of 7 or 8, rounded up */
        assert(people_in(view, "train", 4, where) == 10 - tested[fold] - 2);
        for (int i = 0; i < 10; i++) {
            assert(where[i] == 1 || where[i] == 2 || where[i] == 4);
            in_test[i] += where[i] == 1;
        }
        snn_dataset_release(view.set);
    }
    for (int i = 0; i < 10; i++)
        assert(in_test[i] == 1);
    snn_dataset_release(set);
}

/* Who is tested, as bits. */
static int tested_by(struct snn_dataset *set, double seed)
{
    struct snn_division division = by_person(2, 0, NAN);
    int where[10] = { 0 }, people = 0;
    struct snn_view view;

    division.seed = seed;
    expect_success(snn_view_divide(&view, snn_view_whole(set), &division));
    assert(people_in(view, "test", 1, where) == 5);
    for (int i = 0; i < 10; i++)
        people |= where[i] << i;
    snn_dataset_release(view.set);
    return people;
}

static void test_seeds(void)
{
    struct snn_dataset *set = open_animals();

    assert(tested_by(set, 3) == tested_by(set, 3));
    assert(tested_by(set, NAN) == tested_by(set, 0));
    assert(tested_by(set, 0) != tested_by(set, 1) || tested_by(set, 0) != tested_by(set, 2));
    snn_dataset_release(set);
}

static void test_session(void)
{
    struct snn_dataset *set = open_animals();
    struct snn_division division = by_person(NAN, NAN, NAN);
    struct snn_view view, part;
    int where[10] = { 0 };

    division.field = "session";
    division.test_text = "indoor";
    expect_success(snn_view_divide(&view, snn_view_whole(set), &division));
    assert(people_in(view, "test", 1, where) == 4 && people_in(view, "train", 2, where) == 6);
    assert((where[0] & 1) && (where[9] & 2));
    expect_error(snn_view_split(&part, region, view, "val"), "has no .val");
    snn_dataset_release(view.set);
    division.test_text = "outdoor";
    expect_error(snn_view_divide(&view, snn_view_whole(set), &division),
                 "no session is 'outdoor'; there are 'dc', 'indoor'");
    division = by_person(NAN, NAN, NAN);
    division.test_value = 7;
    expect_success(snn_view_divide(&view, snn_view_whole(set), &division));
    assert(people_in(view, "test", 8, where) == 1 && where[7] == (8 | 2));
    snn_dataset_release(view.set);
    division.test_value = 70;
    expect_success(snn_view_divide(&view, snn_view_whole(set), &division));
    expect_error(snn_view_split(&part, region, view, "test"),
                 "no sample has person 70, which is to be tested");
    snn_dataset_release(view.set);
    snn_dataset_release(set);
}

/* Of some of the samples, by samples and by labels. */
static void test_parts_of_parts(void)
{
    struct snn_dataset *set = open_animals();
    struct snn_division division = by_person(NAN, NAN, 0.5);
    struct snn_view view = snn_view_whole(set), part;

    expect_success(snn_view_first(&view, region, view, 40));
    division.field = "";
    division.test_share = 0.2;
    expect_success(snn_view_divide(&part, view, &division));
    expect_success(snn_view_split(&view, region, part, "test"));
    assert(view.count == 8);
    expect_success(snn_view_split(&view, region, part, "val"));
    assert(view.count == 16);
    assert(max_time_of(part.set) == 11e-3);
    snn_dataset_release(part.set);
    division = by_person(SIGNS, 4, NAN);
    division.field = "label";
    expect_success(snn_view_divide(&part, snn_view_whole(set), &division));
    expect_success(snn_view_split(&view, region, part, "test"));
    assert(view.count == 10 && snn_view_label(&view, 0) == snn_view_label(&view, 9));
    snn_dataset_release(part.set);
    snn_dataset_release(set);
}

static void test_wrong_splits(void)
{
    struct snn_dataset *set = open_animals();
    struct snn_division division = by_person(11, 0, NAN);
    struct snn_view view, part;

    expect_success(snn_view_divide(&view, snn_view_whole(set), &division));
    expect_error(snn_view_split(&part, region, view, "train"),
                 "11 folds, but only 10 different values of 'person'");
    snn_dataset_release(view.set);
    division = by_person(4, 4, NAN);
    expect_error(snn_view_divide(&view, snn_view_whole(set), &division), "no fold 4 of 4");
    division = by_person(NAN, NAN, NAN);
    expect_error(snn_view_divide(&view, snn_view_whole(set), &division), "split, but into what?");
    division = by_person(2, 0, 0.95);
    expect_success(snn_view_divide(&view, snn_view_whole(set), &division));
    expect_error(snn_view_split(&part, region, view, "train"),
                 "5 are for test and 5 for validation: none is left for training");
    snn_dataset_release(view.set);
    division = by_person(4, 0, 1.5);
    expect_error(snn_view_divide(&view, snn_view_whole(set), &division), "below 100 %");
    division = by_person(4, 0, NAN);
    division.run_fold = 1;
    division.run_folds = 10;
    expect_error(snn_view_divide(&view, snn_view_whole(set), &division),
                 "split into 4 folds, this run is fold 1 of 10");
    division.field = "height";
    division.run_folds = 0;
    expect_error(snn_view_divide(&view, snn_view_whole(set), &division), "have no 'height'");
    snn_dataset_release(set);
}

/* A run for a fold comes before what the program says. */
static void test_fold_of_run(void)
{
    struct snn_dataset *set = open_animals();
    int whole[2][10] = { { 0 } };
    struct snn_view view;

    for (int i = 0; i < 2; i++) {
        struct snn_division division = by_person(i == 0 ? 4 : NAN, i == 0 ? 2 : NAN, NAN);

        division.run_fold = 2;
        division.run_folds = i == 0 ? 0 : 4;
        expect_success(snn_view_divide(&view, snn_view_whole(set), &division));
        assert(people_in(view, "test", 1, whole[i]) == 2);
        snn_dataset_release(view.set);
    }
    assert(memcmp(whole[0], whole[1], sizeof whole[0]) == 0);
    snn_dataset_release(set);
}

/* ---- wrong tables */

static void expect_failure(struct snn_dataset *set, const char *text)
{
    expect_unreadable(0, &set, text);
}

static void test_wrong_tables(void)
{
    static const char tags[] = "animals/tags/user03_indoor.csv";
    struct snn_dataset *set;

    write_signs(tags, SIGNS - 1);
    expect_failure(open_animals(), "user03_indoor.csv: 18 rows; there must be one for each of the "
                                   "19 signs");
    write_signs(tags, SIGNS);
    begin_aedat2(&bytes);
    for (int k = 0; k < 20; k++)
        put_aedat2(&bytes, k, 3, 1, k);
    write_recording("animals/recordings/user03_indoor.aedat", &bytes);
    expect_failure(open_animals(), "row 8 says events 21 to 23, but the recording has 20");
    write_string(tags, "class,start,end\n1,2,3\n");
    expect_failure(open_animals(), "no column 'startTime_ev' in its first line, 'class,start,end'");
    write_string(tags, "startTime_ev,endTime_ev\n1,2.5\n");
    expect_failure(open_animals(), "row 1 has no whole number for 'endTime_ev': '1,2.5'");
    unlink(tags);
    expect_failure(open_animals(), "animals/tags/user03_indoor.csv: No such file");
    write_signs(tags, SIGNS);
    unlink("animals/recordings/user03_indoor.aedat");
    write_string("animals/filelist.txt", "user03_indoor");
    expect_failure(open_animals(), "animals/recordings/user03_indoor.aedat: No such file");
    write_string("animals/filelist.txt", "\n");
    expect_error(snn_dataset_sl_animals(&set, "signs", "animals"),
                 "animals/filelist.txt: no recordings");
}

/* ---- gestures */

static void write_gestures(const char *labels)
{
    static const char *const folders[] = { "gestures" };

    make_folders(folders, 1);
    for (int i = 1; i < 3; i++) {
        char path[64];

        begin_aedat3(&bytes);
        put_packet3(&bytes, 1, 0, 3, 3);
        put_aedat3(&bytes, true, 1, 2, 1, 1000);
        put_aedat3(&bytes, true, 3, 4, 0, 1999);
        put_aedat3(&bytes, true, 5, 6, 0, 2000);
        snprintf(path, sizeof path, "gestures/user0%d_led.aedat", i);
        write_recording(path, &bytes);
        snprintf(path, sizeof path, "gestures/user0%d_led_labels.csv", i);
        write_string(path, labels);
    }
    write_string("gestures/trials_to_train.txt", "user01_led.aedat\n");
    write_string("gestures/trials_to_test.txt", "user02_led.aedat\n\n");
}

static struct snn_dataset *open_gestures(const char *labels)
{
    struct snn_dataset *set;

    write_gestures(labels);
    expect_success(snn_dataset_dvs_gesture(&set, "gestures", "gestures"));
    return set;
}

static void test_gestures(void)
{
    struct snn_dataset *set =
        open_gestures("class,startTime_usec,endTime_usec\n11,900,2000\n1,2000,2100\n");
    struct snn_division division = by_person(2, 0, NAN);
    struct snn_event_list list;
    struct snn_view train, test;

    expect_success(snn_view_split(&train, region, snn_view_whole(set), "train"));
    expect_success(snn_view_split(&test, region, snn_view_whole(set), "test"));
    assert(train.count == 2 && test.count == 2);
    assert(snn_view_field(&train, 0, 0) == 1 && snn_view_field(&test, 0, 0) == 2);
    assert(snn_view_label(&test, 0) == 10 && snn_view_label(&test, 1) == 0);
    list = events_of(&train, 0); /* times count from the label's begin, its end is left out */
    assert(list.count == 2 && list.time[0] == 100 && list.time[1] == 1099);
    assert(list.index[0] == place(128, 1, 2, 1) && list.index[1] == place(128, 0, 4, 3));
    expect_error(snn_view_divide(&test, snn_view_whole(set), &division),
                 "data set 'gestures' has parts already; split one of them");
    list = events_of(&train, 1);
    assert(list.count == 1 && list.time[0] == 0);
    snn_dataset_release(set);
}

static void test_wrong_gestures(void)
{
    static const char head[] = "class,startTime_usec,endTime_usec\n";
    static const char *const wrong[][2] = {
        { "12,900,2000\n", "row 1: class 12; gestures are 1 to 11" },
        { "1,900,2000\n2,2000,900\n", "row 2: from 2000 to 900 us" },
        { "1,3000,4000\n", "row 1: the recording has no events from 3000 to 4000 us" },
        { "1,3000\n", "row 1 has no whole number for 'endTime_usec'" },
    };
    struct snn_dataset *set;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char text[256];

        snprintf(text, sizeof text, "%s%s", head, wrong[i][0]);
        set = open_gestures(text);
        set->splits = 1u << SNN_SPLIT_TRAIN;
        expect_failure(set, wrong[i][1]);
    }
    unlink("gestures/trials_to_test.txt");
    expect_error(snn_dataset_dvs_gesture(&set, "gestures", "gestures"),
                 "gestures/trials_to_test.txt: No such file");
}

int main(void)
{
    region = snn_region_create();
    write_animals();
    test_animals();
    test_list();
    test_folds();
    test_seeds();
    test_session();
    test_parts_of_parts();
    test_wrong_splits();
    test_fold_of_run();
    test_wrong_tables();
    test_gestures();
    test_wrong_gestures();
    snn_region_destroy(region);
    return 0;
}
