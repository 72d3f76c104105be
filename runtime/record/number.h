/* SPDX-License-Identifier: MIT
 *
 * Numbers as text: the shortest decimal that reads back as the same number. A value that is exactly
 * a float32 is taken for one, so 0.1f is "0.1" and not the 0.10000000149 that it is as a double.
 */
#ifndef SNN_RECORD_NUMBER_H
#define SNN_RECORD_NUMBER_H

enum { SNN_NUMBER_BYTES = 40 };

/* Both zeros are "0"; "nan", "inf" and "-inf" are what they are. Returns `text`. */
const char *snn_format_number(char text[SNN_NUMBER_BYTES], double value);

#endif
