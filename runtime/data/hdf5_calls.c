/* SPDX-License-Identifier: MIT
 *
 * A program that reads HDF5 says so when it is set up. That call is all that links the reader and
 * its library.
 */
#include "calls.h"

#include "data/shd.h"

void snn_rt_data_hdf5(struct snn_context *context)
{
    (void)context;
    snn_shd_reader = snn_dataset_shd;
}
