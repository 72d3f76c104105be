/* SPDX-License-Identifier: MIT
 *
 * The model: every buffer of kind MODEL in one .npz file, beside the seeds of the streams that made
 * what is not saved (the index lists of sparse connections). Saving, loading, and finding the model
 * that an earlier run left.
 */
#ifndef SNN_RECORD_MODEL_H
#define SNN_RECORD_MODEL_H

#include "options.h"
#include "record/file.h"
#include "runtime.h"

/* Writes the model to `path`; panics if that fails. */
void snn_model_save(const struct snn_context *context, const char *path);

/* Weights, and what else of the model is real and has axes, as histograms beside what was logged;
 * if nothing was, nothing. */
void snn_model_record(const struct snn_context *context);

/* Reads a model into the buffers. Panics, naming the array, unless it has them all with the same
   type and shape. `place` is the statement, or "". */
void snn_model_load(struct snn_context *context, const char *path, const char *place);

/* The newest model among the earlier runs of this program whose parameters and data sources are
   those of this run, or NULL: then `why` says what was found instead. */
const char *snn_model_find(struct snn_runtime *runtime, char *why, size_t why_bytes);

/* The folders of the runs in `folder`, newest first; the caller frees them. */
size_t snn_runs_list(const char *folder, char (**paths)[SNN_PATH_BYTES]);

/* Takes over the seeds of weights and delays that the model was made with, unless the command line
   gives them. Panics if the file cannot be read. */
void snn_model_adopt_seeds(struct snn_options *options, const char *path);

#endif
