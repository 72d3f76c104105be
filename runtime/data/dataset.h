/* SPDX-License-Identifier: MIT
 *
 * A data set: an immutable source of samples with named axes, integer labels and, where it has
 * them, the splits train, val and test. What a program does with one (slices, shuffles, samples) is
 * a view, view.h.
 *
 * Reading is lazy per split: making a set checks nothing but its arguments where the samples are
 * large (mnist) and reads the file where it is small (npz, csv). A split is read once, by the first
 * view that needs it, under a lock; after that any number of threads may look at its samples.
 * Functions return 0 or a negative number with the message in snn_last_error().
 */
#ifndef SNN_DATA_DATASET_H
#define SNN_DATA_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SNN_AXIS_NAME_BYTES = 16,
    SNN_DATASET_MAX_AXES = 4,
    SNN_DATASET_MAX_FIELDS = 2,
    SNN_DATA_ARGUMENTS = 7,
};

enum snn_pixel {
    SNN_PIXEL_UINT8,   /* stored as a byte b, presented as the float32 b / 255 */
    SNN_PIXEL_FLOAT32, /* presented as stored */
    SNN_PIXEL_EVENTS,  /* spikes in time: a sample is one struct snn_event_list */
};

enum snn_split {
    SNN_SPLIT_TRAIN,
    SNN_SPLIT_VAL,
    SNN_SPLIT_TEST,
    SNN_SPLIT_NONE, /* all samples of a set that is not split */
};

struct snn_dataset_axis {
    char name[SNN_AXIS_NAME_BYTES]; /* "y" */
    int64_t size;
};

struct snn_event_stage;

/* The events of one sample in order of time: input `index[k]` spikes at `time[k]`. */
struct snn_event_list {
    const int32_t *index; /* [count], each below the size of a sample */
    const float *time;    /* [count], in the unit of the set, 0 .. max_time */
    int64_t count;
    const struct snn_event_stage *stage; /* NULL: as above; otherwise the events are made when they
                                            are asked for (event_stage.h) */
    const struct snn_event_list *from;   /* by this stage, of these events (NULL: it reads them), */
    int64_t number;                      /* of the sample with this index */
};

struct snn_dataset;

/* ---- sources. `name` is the set's name in the program, for messages; it is copied, and may be
 * NULL. The set belongs to the caller, who gives it back with snn_dataset_release. */

/* The arguments of a reader or stage in their places: each a text or a number. */
struct snn_data_arguments {
    const char *texts[SNN_DATA_ARGUMENTS]; /* "" where there is none */
    double numbers[SNN_DATA_ARGUMENTS];    /* NAN where there is none */
};

void snn_data_arguments_clear(struct snn_data_arguments *arguments);

/* What the function `reader` of the language gives, such as "mnist" or "csv". */
int snn_dataset_open(struct snn_dataset **out, const char *name, const char *reader,
                     const struct snn_data_arguments *arguments);

/* What `--data NAME=place` gives in place of the source that is written in the program: what a call
 * of a reader says, as 'csv("f.csv", label = 0)'; events, or
 * a folder of the same layout, where that reads such; otherwise "builtin", a file ending in .npz,
 * .npy (no labels) or .csv (label in the last column), or the folder of the MNIST files. */
int snn_dataset_open_place(struct snn_dataset **out, const char *name, const char *reader,
                           const struct snn_data_arguments *arguments, const char *place);

/* The four IDX files, plain or .gz, in `folder` (NULL or "": none given; one that does not exist is
 * an error), $SNN_DATA or ./data, or in a folder "mnist" in one of these, whichever has them first.
 * Splits train and test, axes [y: 28, x: 28], 10 classes. */
int snn_dataset_mnist(struct snn_dataset **out, const char *name, const char *folder);

/* Digits drawn from strokes, in the form of MNIST: a pure function of seed, split and index. */
int snn_dataset_builtin_digits(struct snn_dataset **out, const char *name, int64_t train_count,
                               int64_t test_count, uint64_t seed);

/* Arrays of an .npz file. x (or images, data) is the samples, y (or labels, label, target) the
 * labels, both over their first axis; or x_train, y_train, x_test, y_test, x_val, y_val for a set
 * with splits. Unsigned bytes are pixels, all else is float32. The axes of a sample are [feature],
 * [y, x], or, of three, [y, x, channel] if the last has at most 4 places and [channel, y, x]
 * otherwise. */
int snn_dataset_npz(struct snn_dataset **out, const char *name, const char *path);

/* The array of a .npy file as samples, with the same types and axes; their labels are the array of
 * another ("": none). */
int snn_dataset_npy(struct snn_dataset **out, const char *name, const char *path,
                    const char *labels);

/* A folder of pictures, PNG, PGM or PPM: <file>, their labels being their positions, or
 * <class>/<file>, or either in any of the folders train, val and test, which are the splits. What
 * is not an absolute path is looked for here, in $SNN_DATA and in ./data. Axes [y, x], or [y, x,
 * channel: 3] if the first one has colours. */
int snn_dataset_images(struct snn_dataset **out, const char *name, const char *folder);

/* Numbers separated by commas (or semicolons or tabs), one sample a line, with or without a line of
 * column names. `label` is the column of the label, counted from 0, or from the end if negative;
 * NAN if there is none. Axis: column. */
int snn_dataset_csv(struct snn_dataset **out, const char *name, const char *path, double label);

/* Spike events (docs/data.md): one file, or a folder with any of trainset.npz, valset.npz and
 * testset.npz (or .npy; `prefers_npy` says which where there are both), which are the splits. What
 * is not an absolute path is looked for here, in $SNN_DATA and in ./data. Times are multiplied by
 * `unit` (NAN: 1) where they are used. */
int snn_dataset_spikes(struct snn_dataset **out, const char *name, const char *path, double unit,
                       bool prefers_npy);

/* N-MNIST: folders Train and Test, in each a folder for each digit. What is not an absolute path is
 * looked for as above. Splits are those that are there, axes [polarity: 2, y: 34, x: 34]. */
int snn_dataset_nmnist(struct snn_dataset **out, const char *name, const char *folder);

/* SL-Animals-DVS: recordings/<name>.aedat, tags/<name>.csv, filelist.txt. Not split, fields person
 * and session, axes [polarity: 2, y: 128, x: 128]. */
int snn_dataset_sl_animals(struct snn_dataset **out, const char *name, const char *folder);

/* DVS128 Gesture: <name>.aedat, <name>_labels.csv, and the splits train and test in
 * trials_to_train.txt and trials_to_test.txt. Fields and axes as above. */
int snn_dataset_dvs_gesture(struct snn_dataset **out, const char *name, const char *folder);

/* A folder of AEDAT files. The arguments are those of the function `recordings` of the language:
 * windows, where labels come from, and which classes there are. Not split, fields session and
 * recording. */
int snn_dataset_recordings(struct snn_dataset **out, const char *name, const char *folder,
                           const struct snn_data_arguments *arguments);

/* The same in windows of that many ms, of what was recorded in every session. The fields are
 * session and person: each session counts as one. */
int snn_dataset_sessions(struct snn_dataset **out, const char *name, const char *folder,
                         double window);

/* Frames of counts: one .npy file of all samples, with labels in another ("": none), or a folder
 * with a folder of .npy files for each class. Events in bins of `step` (NAN: 1), axes [polarity, y,
 * x]. */
int snn_dataset_frames(struct snn_dataset **out, const char *name, const char *path, double step,
                       const char *labels);

/* ---- ownership: a set is shared by counting. */
struct snn_dataset *snn_dataset_retain(struct snn_dataset *set);
void snn_dataset_release(struct snn_dataset *set); /* NULL is legal */

/* ---- facts that are known without reading */
const char *snn_dataset_name(const struct snn_dataset *set); /* never NULL */
int snn_dataset_axis_count(const struct snn_dataset *set);
size_t snn_dataset_sample_size(const struct snn_dataset *set); /* elements of one sample */
enum snn_pixel snn_dataset_pixel(const struct snn_dataset *set);

/* Of events: the latest time that they can have, in the program's unit of time; 0 of other sets. A
 * set of recordings is read to tell: it ends when the longest of them does. */
int snn_dataset_max_time(struct snn_dataset *set, double *time);

/* Of events: the width of the bins that their times begin, in the program's unit; 0: none. */
double snn_dataset_bin(const struct snn_dataset *set);

/* Axis number `axis`, 0 is the outermost. */
const struct snn_dataset_axis *snn_dataset_axis(const struct snn_dataset *set, int axis);

/* The size of the axis of that name, 0 if there is none. */
int64_t snn_dataset_extent(const struct snn_dataset *set, const char *axis);

/* The number of classes. A set without labels is read to tell: it has as many as samples. */
int snn_dataset_classes(struct snn_dataset *set, int64_t *classes);

/* The number of the field of that name, which all samples have ("person"); -1: there is none. */
int snn_dataset_field(const struct snn_dataset *set, const char *name);

/* What a value of the field means: NULL if it is just a number. */
const char *snn_dataset_field_text(const struct snn_dataset *set, int field, int32_t value);

/* "[y: 28, x: 28]", for messages. */
void snn_dataset_describe(const struct snn_dataset *set, char *text, size_t bytes);

#endif
