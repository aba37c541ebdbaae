/* UUIDs: RFC 9562 version 7 for keys (time-ordered), version 4 where the creation time must not show. */
#ifndef NEXUS_BASE_UUID_H
#define NEXUS_BASE_UUID_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct uuid {
    uint8_t b[16];
};

#define UUID_TEXT_SIZE 37 /* 36 characters and NUL */

/* Monotonic within a process (RFC 9562, 6.2 method 1). Aborts when the system gives no randomness. Not for
 * use by several threads. */
struct uuid uuid_v7(void);
struct uuid uuid_v4(void);
/* 8-4-4-4-12 hexadecimal digits in either case; any version. */
bool uuid_parse(struct str s, struct uuid *out);
void uuid_format(char out[UUID_TEXT_SIZE], const struct uuid *u);
bool uuid_is_nil(const struct uuid *u); /* all zero */
bool uuid_eq(const struct uuid *a, const struct uuid *b);
bool uuid_is_nil(const struct uuid *u);

#endif
