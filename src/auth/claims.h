/*
 * The JSON inside a token: one object, read once, strictly. Names are unique and free of escapes; what we
 * look for has to be of exactly the type we expect.
 */
#ifndef NEXUS_AUTH_CLAIMS_H
#define NEXUS_AUTH_CLAIMS_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLAIMS_MAX   24 /* members of the object */
#define CLAIMS_DEPTH 8  /* of values nobody asks for */

struct claim {
    struct str name;
    struct str value; /* JSON text */
};

struct claims {
    struct claim claim[CLAIMS_MAX];
    size_t count;
};

/* The names and values point into `json`. False: not one well-formed UTF-8 object within the bounds. */
bool claims_parse(struct str json, struct claims *out);

/* Each is false when the member is absent or is something else. */
bool claims_text(const struct claims *c, const char *name, struct str *out); /* a string without escapes */
bool claims_seconds(const struct claims *c, const char *name, int64_t *out); /* plain digits, at most 12 */
/* A member that is an object; its own members point into the same text. */
bool claims_object(const struct claims *c, const char *name, struct claims *out);
bool claims_has(const struct claims *c, const char *name);
/* An array of strings without escapes; `each` is called with every one. */
bool claims_texts(const struct claims *c, const char *name, void (*each)(void *data, struct str text),
                  void *data);

#endif
