/* A set of short texts, each with a number. */
#ifndef NEXUS_CTL_IDSET_H
#define NEXUS_CTL_IDSET_H

#include "base/arena.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct idset {
    struct arena *memory; /* of the caller */
    struct idset_item {
        struct str id; /* p is NULL in an empty place */
        int64_t value;
    } * items;
    size_t count, places; /* places is a power of two, at least twice the count */
};

void idset_init(struct idset *s, struct arena *memory);
/* False when it was there; *value is then the number it was added with. */
bool idset_add(struct idset *s, struct str id, int64_t *value);
bool idset_has(const struct idset *s, struct str id);

#endif
