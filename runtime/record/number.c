/* SPDX-License-Identifier: MIT
 *
 * Tries precisions from short to long. 9 digits tell all float32 values apart, 17 all doubles.
 */
#include "record/number.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static bool reads_back(const char *text, double value, bool is_single)
{
    return is_single ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value;
}

const char *snn_format_number(char text[SNN_NUMBER_BYTES], double value)
{
    bool is_single = fabs(value) <= 3.402823466e38 && (double)(float)value == value;
    int most = is_single ? 9 : 17;

    if (isnan(value)) {
        snprintf(text, SNN_NUMBER_BYTES, "nan");
        return text;
    }
    if (value == floor(value) && fabs(value) < 1e15) {
        snprintf(text, SNN_NUMBER_BYTES, "%.0f", value + 0.0); /* + 0.0 turns -0 into 0 */
        return text;
    }
    for (int digits = is_single ? 1 : 15; digits <= most; digits++) {
        snprintf(text, SNN_NUMBER_BYTES, "%.*g", digits, value);
        if (reads_back(text, value, is_single))
            break;
    }
    return text;
}
