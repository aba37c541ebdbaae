/* base64url without padding (RFC 4648, section 5; RFC 7515, appendix C). */
#ifndef NEXUS_BASE_BASE64URL_H
#define NEXUS_BASE_BASE64URL_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

/* Characters that n bytes become; bytes that n characters become. */
#define BASE64URL_SIZE(n)  (((n)*4 + 2) / 3)
#define BASE64URL_BYTES(n) ((n)*3 / 4)

/* Writes BASE64URL_SIZE(n) characters, no NUL, and returns their number. */
size_t base64url_encode(char *out, const void *bytes, size_t n);

/*
 * Strict: no padding, no blanks, no unused bits other than zero, so that every byte sequence has one
 * spelling. Writes BASE64URL_BYTES(s.n) bytes; false when that is more than `cap` or s is no such text.
 */
bool base64url_decode(struct str s, void *out, size_t cap, size_t *n);

#endif
