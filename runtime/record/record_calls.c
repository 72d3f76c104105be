/* SPDX-License-Identifier: MIT
 *
 * What task code asks to be recorded: log, report, save, load. An array argument has its
 * axes pushed before the call; without them it has those of its buffer.
 */
#include "calls.h"

#include "checkpoint.h"
#include "error.h"
#include "lanes.h"
#include "panic.h"
#include "record/file.h"
#include "record/internal.h"
#include "record/model.h"
#include "record/scale.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void snn_rt_axis(struct snn_context *context, const char *name, int64_t extent)
{
    struct snn_lane *lane = context->lane;

    if (lane->axis_count == SNN_RANK_LIMIT)
        snn_panic("an array has more than %d axes", SNN_RANK_LIMIT);
    lane->axes[lane->axis_count++] = (struct snn_axis){ name, extent };
}

void snn_rt_log_number(struct snn_context *context, const char *name, double value)
{
    snn_record_log(context->runtime->record, name, snn_scale_number(context, value));
}

void snn_rt_log_array(struct snn_context *context, const char *name, int32_t buffer)
{
    struct snn_axis axes[SNN_RANK_LIMIT];
    int rank = snn_lane_array_axes(context, buffer, axes);

    snn_record_log_array(context->runtime->record, name, context->program->buffers[buffer].type,
                         snn_scale_array(context, buffer), axes, rank);
}

void snn_rt_report_number(struct snn_context *context, const char *name, double value,
                          const char *unit)
{
    snn_record_report_number(context->runtime->record, name, snn_scale_number(context, value),
                             unit);
}

void snn_rt_report_integer(struct snn_context *context, const char *name, int64_t value)
{
    snn_record_report_integer(context->runtime->record, name, value);
}

void snn_rt_report_text(struct snn_context *context, const char *name, const char *text)
{
    snn_record_report_text(context->runtime->record, name, text);
}

void snn_rt_report_array(struct snn_context *context, const char *name, int32_t buffer,
                         const char *unit)
{
    struct snn_axis axes[SNN_RANK_LIMIT];
    int rank = snn_lane_array_axes(context, buffer, axes);

    snn_record_report_array(context->runtime->record, name, unit,
                            context->program->buffers[buffer].type,
                            snn_scale_array(context, buffer), axes, rank);
}

void snn_record_check_name(const char *place, const char *name)
{
    if (*name == '\0' || *name == '/' || strcmp(name, "..") == 0 || strncmp(name, "../", 3) == 0 ||
        strstr(name, "/../"))
        snn_panic("%s%s'%s' is not a name for a file within the run's folder", place,
                  *place ? ": " : "", name);
}

const char *snn_record_saved_path(struct snn_record *record, const char *name)
{
    char file[512];

    snprintf(file, sizeof file, "models/%.400s.npz", name);
    return snn_record_path(record, file);
}

static const char *snapshot_path(struct snn_context *context, const char *place, const char *name)
{
    snn_record_check_name(place, name);
    return snn_record_saved_path(context->runtime->record, name);
}

void snn_rt_save(struct snn_context *context, const char *name)
{
    struct snn_record *record = context->runtime->record;
    const char *path = snapshot_path(context, "", name);

    if (!snn_record_add_saved(record, name))
        snn_checkpoint_keep(context->runtime, path);
    snn_model_save(context, path);
    snn_model_record(context);
}

/* The snapshot of this run, or else of the run whose model this one began with. */
void snn_rt_load(struct snn_context *context, const char *name, const char *place)
{
    const char *path = snapshot_path(context, place, name), *model = context->runtime->model_path;
    const char *slash = model ? strrchr(model, '/') : NULL;
    char earlier[SNN_PATH_BYTES];

    if (snn_record_has_saved(context->runtime->record, name)) {
        snn_model_load(context, path, place);
        return;
    }
    if (!slash ||
        snprintf(earlier, sizeof earlier, "%.*s/models/%s.npz", (int)(slash - model), model,
                 name) >= (int)sizeof earlier ||
        access(earlier, F_OK) != 0)
        snn_panic("%s: there is no model '%s' in this run; 'save \"%s\"' makes one", place, name,
                  name);
    snn_model_load(context, earlier, place);
}
