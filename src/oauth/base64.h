/* base64 with padding (RFC 4648, section 4), as Authorization: Basic has it. */
#ifndef NEXUS_OAUTH_BASE64_H
#define NEXUS_OAUTH_BASE64_H

#include "base/arena.h"

#include <stdbool.h>

/* Strict: whole groups, padding at the end only, no blanks. Texts with NUL or invalid UTF-8 are refused too.
 */
bool base64_decode(struct arena *a, struct str text, struct str *out);

#endif
