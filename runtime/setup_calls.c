/* SPDX-License-Identifier: MIT
 *
 * What set-up asks for: the matrix exponential of exact integration, and the index lists of sparse
 * connections.
 */
#include "calls.h"

#include "memory.h"
#include "panic.h"
#include "runtime.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- exp(A): scaling and squaring with a Taylor series (Higham, "The scaling and squaring method
   for the matrix exponential revisited", SIAM J. Matrix Anal. Appl. 26, 2005, for the method).
   A/2^s has a norm of at most 1/4, where 14 terms leave less than 1e-20; everything is summed in
   one order, so the result is the same everywhere. */

enum { TAYLOR_TERMS = 14 };

/* out = a b */
static void multiply(double *out, const double *a, const double *b, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        for (int32_t j = 0; j < n; j++) {
            double sum = 0;

            for (int32_t k = 0; k < n; k++)
                sum += a[i * n + k] * b[k * n + j];
            out[i * n + j] = sum;
        }
}

/* The largest sum of magnitudes in a row. */
static double row_norm(const double *a, int32_t n)
{
    double norm = 0;

    for (int32_t i = 0; i < n; i++) {
        double sum = 0;

        for (int32_t j = 0; j < n; j++)
            sum += fabs(a[i * n + j]);
        norm = sum > norm ? sum : norm;
    }
    return norm;
}

/* out = exp(a), by Horner's scheme: I + a (I + a/2 (I + a/3 (…))). */
static void taylor(double *out, const double *a, double *work, int32_t n)
{
    for (int32_t i = 0; i < n * n; i++)
        out[i] = i % (n + 1) == 0;
    for (int term = TAYLOR_TERMS; term >= 1; term--) {
        multiply(work, a, out, n);
        for (int32_t i = 0; i < n * n; i++)
            out[i] = work[i] / term + (i % (n + 1) == 0);
    }
}

/* out = exp(a); a is overwritten. */
static void exponential(struct snn_region *region, double *a, double *out, int32_t n)
{
    size_t elements = (size_t)n * (size_t)n;
    double *work = snn_region_array(region, elements, sizeof *work);
    int exponent = 0;

    if (!isfinite(row_norm(a, n)))
        snn_panic(
            "the coefficients of a linear system are not finite numbers: check its time constants");
    frexp(row_norm(a, n) * 4, &exponent);
    exponent = exponent > 0 ? exponent : 0;
    for (size_t i = 0; i < elements; i++)
        a[i] = ldexp(a[i], -exponent);
    taylor(out, a, work, n);
    for (; exponent > 0; exponent--) {
        multiply(work, out, out, n);
        memcpy(out, work, elements * sizeof *out);
    }
}

void snn_rt_matrix_exponential(struct snn_context *context, int32_t n, int32_t first,
                               int32_t result)
{
    struct snn_region *region = context->lane->region;
    struct snn_region_mark mark = snn_region_mark(region);
    size_t elements = (size_t)n * (size_t)n;
    double *a = snn_region_array(region, elements, sizeof *a);
    double *out = snn_region_array(region, elements, sizeof *out);

    for (size_t i = 0; i < elements; i++)
        a[i] = context->constants[first + (int32_t)i].real;
    exponential(region, a, out, n);
    for (size_t i = 0; i < elements; i++)
        context->constants[result + (int32_t)i].real = out[i];
    snn_region_release(region, mark);
}

/* exp of [[A, I], [0, 0]] t, of which the upper half is wanted. */
void snn_rt_propagator(struct snn_context *context, int32_t n, int32_t first, double time,
                       int32_t buffer)
{
    struct snn_region *region = context->lane->region;
    struct snn_region_mark mark = snn_region_mark(region);
    int32_t size = 2 * n;
    double *a = snn_region_array(region, (size_t)size * (size_t)size, sizeof *a);
    double *out = snn_region_array(region, (size_t)size * (size_t)size, sizeof *out);

    memset(a, 0, (size_t)size * (size_t)size * sizeof *a);
    for (int32_t i = 0; i < n; i++) {
        for (int32_t k = 0; k < n; k++)
            a[i * size + k] = context->constants[first + i * n + k].real * time;
        a[i * size + n + i] = time;
    }
    exponential(region, a, out, size);
    memcpy(context->buffers[buffer], out, (size_t)(n * size) * sizeof *out);
    snn_region_release(region, mark);
}

/* ---- sparse connections */

struct synapse {
    int32_t delay, column;
};

static int compare_synapses(const void *left, const void *right)
{
    const struct synapse *a = left, *b = right;

    if (a->delay != b->delay)
        return a->delay < b->delay ? -1 : 1;
    return (a->column > b->column) - (a->column < b->column);
}

static void sort_row(struct synapse *row, int32_t *columns, int32_t *delays, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        row[i] = (struct synapse){ delays ? delays[i] : 0, columns[i] };
    qsort(row, (size_t)count, sizeof *row, compare_synapses);
    for (int64_t i = 0; i < count; i++) {
        columns[i] = row[i].column;
        if (delays)
            delays[i] = row[i].delay;
    }
}

void snn_rt_sort_csr(struct snn_context *context, int64_t rows, int32_t starts_buffer,
                     int32_t columns_buffer, int32_t delays_buffer)
{
    const int32_t *starts = context->buffers[starts_buffer];
    int32_t *columns = context->buffers[columns_buffer];
    int32_t *delays = delays_buffer < 0 ? NULL : context->buffers[delays_buffer];
    struct snn_region *region = context->lane->region;
    struct snn_region_mark mark = snn_region_mark(region);
    int32_t longest = 0;
    struct synapse *row;

    for (int64_t i = 0; i < rows; i++)
        if (starts[i + 1] - starts[i] > longest)
            longest = starts[i + 1] - starts[i];
    row = snn_region_array(region, (size_t)longest, sizeof *row);
    for (int64_t i = 0; i < rows; i++)
        sort_row(row, columns + starts[i], delays ? delays + starts[i] : NULL,
                 starts[i + 1] - starts[i]);
    snn_region_release(region, mark);
}

/* Counts the synapses of each column, turns the counts into starts, then deals the synapses out in
   row order: the sources of a column come out ascending. */
void snn_rt_make_csc(struct snn_context *context, int64_t rows, int64_t columns,
                     int32_t csr_starts_buffer, int32_t csr_columns_buffer,
                     int32_t csc_starts_buffer, int32_t csc_rows_buffer,
                     int32_t csc_synapses_buffer)
{
    const int32_t *csr_starts = context->buffers[csr_starts_buffer];
    const int32_t *csr_columns = context->buffers[csr_columns_buffer];
    int32_t *starts = context->buffers[csc_starts_buffer],
            *csc_rows = context->buffers[csc_rows_buffer];
    int32_t *synapses = context->buffers[csc_synapses_buffer];
    struct snn_region *region = context->lane->region;
    struct snn_region_mark mark = snn_region_mark(region);
    int32_t *next = snn_region_array(region, (size_t)columns + 1, sizeof *next);

    for (int32_t s = csr_starts[0]; s < csr_starts[rows]; s++)
        next[csr_columns[s] + 1]++;
    for (int64_t c = 0; c < columns; c++)
        next[c + 1] += next[c];
    memcpy(starts, next, ((size_t)columns + 1) * sizeof *starts);
    for (int64_t r = 0; r < rows; r++)
        for (int32_t s = csr_starts[r]; s < csr_starts[r + 1]; s++) {
            int32_t place = next[csr_columns[s]]++;

            csc_rows[place] = (int32_t)r;
            synapses[place] = s;
        }
    snn_region_release(region, mark);
}

int64_t snn_rt_find_synapse(struct snn_context *context, int32_t starts_buffer,
                            int32_t columns_buffer, int64_t row, int64_t column, bool is_sorted)
{
    const int32_t *starts = context->buffers[starts_buffer];
    const int32_t *columns = context->buffers[columns_buffer];
    int32_t low = starts[row], high = starts[row + 1];

    while (is_sorted && high - low > 8) {
        int32_t middle = low + (high - low) / 2;

        if (columns[middle] > column)
            high = middle;
        else
            low = middle;
    }
    for (; low < high; low++)
        if (columns[low] == column)
            return low;
    return -1;
}
