/*
 * Inside src/cache: the buckets of one process, used while Redis is away. Bounded: when the table is crowded
 * the bucket that is nearest to being full again is given up, which costs the least exactness.
 */
#ifndef NEXUS_CACHE_RATE_BUCKETS_H
#define NEXUS_CACHE_RATE_BUCKETS_H

#include "base/str.h"
#include "cache/gcra.h"

struct rate_buckets;

struct rate_buckets *rate_buckets_create(void); /* aborts without memory */
void rate_buckets_free(struct rate_buckets *b);

/* Decide one event of the bucket called `key` at `now_us` (monotonic); out->local is set. */
void rate_buckets_decide(struct rate_buckets *b, struct str key, struct gcra_policy policy, int64_t now_us,
                         struct rate_answer *out);

#endif
