/* Time. Deadlines and durations use the monotonic clock; everything people see uses UTC wall time. */
#ifndef NEXUS_BASE_CLOCK_H
#define NEXUS_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

int64_t clock_mono_us(void); /* microseconds since an arbitrary start; never steps */
int64_t clock_unix_us(void); /* microseconds since 1970-01-01T00:00:00Z */

#define CLOCK_TEXT_SIZE 28 /* "2026-01-02T03:04:05.678901Z" and NUL */
/* RFC 3339 UTC; microseconds are left out when zero. Returns the length. */
size_t clock_format(char out[CLOCK_TEXT_SIZE], int64_t unix_us);

#endif
