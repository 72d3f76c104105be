/* SPDX-License-Identifier: MIT
 *
 * What is multiplied is the decimal that a value would be printed as: 0.007 kHz, the nearest
 * float32, becomes 7 Hz and not 6.9999998.
 */
#include "record/scale.h"

#include "calls.h"
#include "lanes.h"
#include "record/number.h"

#include <stdlib.h>

void snn_rt_scale(struct snn_context *context, double factor)
{
    context->lane->scale = factor;
}

/* The factor that was set, which is then forgotten. */
static double take_factor(struct snn_context *context)
{
    double factor = context->lane->scale;

    context->lane->scale = 0;
    return factor == 0 ? 1 : factor;
}

static double scaled(double value, double factor)
{
    char text[SNN_NUMBER_BYTES];

    return factor == 1 ? value : strtod(snn_format_number(text, value), NULL) * factor;
}

double snn_scale_number(struct snn_context *context, double value)
{
    return scaled(value, take_factor(context));
}

const void *snn_scale_array(struct snn_context *context, int32_t buffer)
{
    enum snn_type type = context->program->buffers[buffer].type;
    int64_t count = snn_lane_count(context, buffer);
    double factor = take_factor(context);
    void *copy;

    if (factor == 1 || (type != SNN_FLOAT32 && type != SNN_FLOAT64))
        return context->buffers[buffer];
    copy = snn_region_array(context->lane->region, (size_t)count, snn_type_bytes(type));
    for (int64_t i = 0; i < count; i++)
        if (type == SNN_FLOAT32)
            ((float *)copy)[i] =
                (float)scaled((double)((float *)context->buffers[buffer])[i], factor);
        else
            ((double *)copy)[i] = scaled(((double *)context->buffers[buffer])[i], factor);
    return copy;
}
