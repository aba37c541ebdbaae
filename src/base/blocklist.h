/*
 * Networks that get no answer but 403, in shared memory: asked by every worker for every request, written by
 * one process whenever the list has changed. Asking is a binary search among disjoint ranges, without a lock,
 * a system call or a wait; with an empty list it is one comparison.
 *
 * There are two sides; the writer makes the one that is not in use and then switches. A reader that was
 * overtaken notices and looks again.
 */
#ifndef NEXUS_BASE_BLOCKLIST_H
#define NEXUS_BASE_BLOCKLIST_H

#include "base/address.h"

#include <stdatomic.h>
#include <stddef.h>

#define BLOCKLIST_MAX     20000 /* networks */
#define BLOCKLIST_FOREVER INT64_MAX

struct blocklist_network {
    struct address first; /* bits beyond the prefix are ignored */
    unsigned prefix;      /* of 128 bits: an IPv4 /24 is 120 here */
    int64_t until_us;     /* wall time; BLOCKLIST_FOREVER */
};

/* From `first` up to where the next begins. */
struct blocklist_range {
    uint64_t high, low;
    int64_t until_us; /* 0: not blocked */
};
#define BLOCKLIST_RANGES (2 * BLOCKLIST_MAX + 1)

struct blocklist { /* zeroed: empty */
    _Atomic uint64_t edition;
    struct blocklist_side {
        uint64_t count;
        struct blocklist_range ranges[BLOCKLIST_RANGES];
    } side[2];
};

/* Whether the address is in a network that is blocked at this time. */
bool blocklist_has(const struct blocklist *b, const struct address *a, int64_t now_us);

/*
 * Put these in place of what is there. Sorts the array. Of more than BLOCKLIST_MAX the rest is left out, and
 * false returned. One writer at a time.
 */
bool blocklist_replace(struct blocklist *b, struct blocklist_network *networks, size_t count);

#endif
