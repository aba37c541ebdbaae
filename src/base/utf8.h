/* UTF-8 as RFC 3629 has it: shortest forms only, no surrogates, nothing above U+10FFFF. */
#ifndef NEXUS_BASE_UTF8_H
#define NEXUS_BASE_UTF8_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decode the scalar at s.p[0]. Returns its length in bytes, 0 when s is empty or starts with no valid
 * sequence. */
size_t utf8_decode(struct str s, uint32_t *scalar);

/* Put a Unicode scalar (not a surrogate) into out; returns its length in bytes, 1 to 4. */
size_t utf8_encode(char out[4], uint32_t scalar);

bool utf8_valid(struct str s);

/* Unicode scalars in s, which must be valid. */
size_t utf8_count(struct str s);

#endif
