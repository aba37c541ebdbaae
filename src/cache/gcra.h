/*
 * The generic cell rate algorithm (ITU-T I.371): a bucket is one number, the theoretical arrival time (TAT)
 * of the next event if all came evenly. This is the reference; the script in rate.c computes the same inside
 * Redis, and a test holds the two against each other. Integer microseconds throughout.
 */
#ifndef NEXUS_CACHE_GCRA_H
#define NEXUS_CACHE_GCRA_H

#include "base/options.h"
#include "cache/cache.h"

#include <stdint.h>

struct gcra_policy {
    int64_t interval_us; /* one event is earned back in this time; >= 1 */
    int64_t burst;       /* events that may come at once; >= 1 */
};

/* `limit` must have a count above 0. */
struct gcra_policy gcra_policy(struct rate_limit limit);

/* A 1/workers part of the policy, for a process that cannot ask the others. The rate is divided exactly, the
 * burst is never less than one event. */
struct gcra_policy gcra_share(struct gcra_policy whole, int64_t workers);

/*
 * Decide one event at `now_us`. *tat_us is the bucket: 0 when unused so far, updated by the call. A bucket
 * further ahead than a whole burst can only come from a clock that stepped back; it is cut to one burst, so
 * that nobody is locked out for longer than that.
 */
void gcra_decide(struct gcra_policy policy, int64_t now_us, int64_t *tat_us, struct rate_answer *out);

#endif
