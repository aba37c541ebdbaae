/*
 * Inside src/cache: buckets in memory, shared by the processes of a host (cache_share), used while Redis is
 * away. Bounded: when the table is crowded the bucket that is nearest to being full again is given up, which
 * costs the least exactness. Without locks: a process may die at any instruction. Two processes that give up
 * the same bucket at the same moment may count an event too little; otherwise a burst is never passed.
 */
#ifndef NEXUS_CACHE_RATE_BUCKETS_H
#define NEXUS_CACHE_RATE_BUCKETS_H

#include "base/str.h"
#include "cache/gcra.h"

#include <stdatomic.h>

#define RATE_BUCKETS     8192 /* a power of two; 128 KiB, touched only while Redis is away */
#define RATE_BUCKETS_RUN 8    /* places a key may be in */

struct rate_buckets {      /* zeroed: empty */
    _Atomic uint64_t seed; /* secret, so that nobody can choose subjects that crowd one run */
    struct rate_slot {
        _Atomic uint64_t hash; /* 0: unused */
        _Atomic int64_t tat_us;
    } slot[RATE_BUCKETS + RATE_BUCKETS_RUN];
};

/* One event at `now_us` (monotonic) that counts in the buckets called `keys`; as gcra_decide. */
bool rate_buckets_decide(struct rate_buckets *b, const struct str *keys, const struct gcra_policy *policies,
                         size_t count, int64_t now_us, struct gcra_answer *out);

#endif
