/* SPDX-License-Identifier: MIT
 *
 * The events of the other example with first spikes.
 */
#include "s2stdp_ncg.c"
