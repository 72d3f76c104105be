/* SPDX-License-Identifier: MIT
 *
 * Makes recordings in the layout of SL-Animals: eight people make 19 signs, each a patch of moving
 * edges at a place of its own, where everybody holds the hand a little differently.
 */
#include "../unit/recordings.h"

enum { PEOPLE = 8, SIGNS = 19, EVENTS = 300, GAP = 100000 };

static struct bytes bytes;
static uint32_t state = 1;

/* A whole number below `end` (the minimal standard generator of Park and Miller). */
static int draw(int end)
{
    state = (uint32_t)((uint64_t)state * 48271 % 2147483647);
    return (int)(state % (uint32_t)end);
}

static void write_person(int person)
{
    int top = draw(9) - 4, left = draw(9) - 4, pace = 900 + draw(300);
    int64_t time = 1000;
    char path[100], tags[2000] = "class,startTime_ev,endTime_ev\r\n";
    size_t used = strlen(tags);

    begin_aedat2(&bytes);
    for (int sign = 0; sign < SIGNS; sign++) {
        int y = 12 + sign / 5 * 28 + top, x = 12 + sign % 5 * 24 + left;

        for (int k = 0; k < EVENTS; k++) {
            put_aedat2(&bytes, x + draw(12), y + draw(12), draw(2), time);
            time += pace;
        }
        time += GAP;
        used += (size_t)snprintf(tags + used, sizeof tags - used, "%d,%d,%d\r\n", sign + 1,
                                 sign * EVENTS, (sign + 1) * EVENTS);
    }
    snprintf(path, sizeof path, "SL-Animals/recordings/user%02d_dc.aedat", person);
    write_recording(path, &bytes);
    snprintf(path, sizeof path, "SL-Animals/tags/user%02d_dc.csv", person);
    write_string(path, tags);
}

int main(void)
{
    mkdir("SL-Animals", 0777);
    mkdir("SL-Animals/recordings", 0777);
    mkdir("SL-Animals/tags", 0777);
    for (int person = 0; person < PEOPLE; person++)
        write_person(person);
    return 0;
}
