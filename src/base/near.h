/*
 * "Did you mean ...?": offer every known name in turn, then ask for the nearest. Distance counts inserted,
 * removed, changed and swapped characters; what is too far for a slip of the finger is not suggested.
 */
#ifndef NEXUS_BASE_NEAR_H
#define NEXUS_BASE_NEAR_H

#include "base/str.h"

struct near {
    struct str given;
    const char *best; /* borrowed from the caller of near_offer */
    unsigned distance;
};

#define NEAR_LENGTH_MAX 64 /* longer names are never compared */

struct near near_start(struct str given);
void near_offer(struct near *n, const char *name);
/* NULL when no offered name is near enough. */
const char *near_best(const struct near *n);

/* Edit distance, or `bound` + 1 when it is more than `bound` or a text is longer than NEAR_LENGTH_MAX. */
unsigned near_distance(struct str a, struct str b, unsigned bound);

#endif
