/*
 * The generic cell rate algorithm (ITU-T I.371): a bucket is one number, the theoretical arrival time (TAT)
 * of the next event if all came evenly. This is the reference; the script in ask.c computes the same inside
 * Redis, and a test holds the two against each other. Integer microseconds throughout.
 */
#ifndef NEXUS_CACHE_GCRA_H
#define NEXUS_CACHE_GCRA_H

#include "base/options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gcra_policy {
    int64_t interval_us; /* one event is earned back in this time; >= 1 */
    int64_t burst;       /* events that may come at once; >= 1 */
};

struct gcra_answer {
    int64_t remaining;      /* events that could come at once now */
    int64_t retry_after_us; /* 0: allowed by this bucket */
    int64_t reset_us;       /* until the bucket is whole again */
};

/* `limit` must have a count above 0. */
struct gcra_policy gcra_policy(struct rate_limit limit);

/* A part of the policy: the rate is divided exactly, the burst is never less than one event. */
struct gcra_policy gcra_share(struct gcra_policy whole, int64_t parts);

/*
 * Decide one event at `now_us` that counts in `count` buckets: it is allowed, and taken from each of them,
 * when all have room; else nothing is taken. tat_us[] are the buckets: 0 when unused so far, updated by the
 * call. A bucket further ahead than a whole burst can only come from a clock that stepped back; it is cut to
 * one burst, so that nobody is locked out for longer than that.
 */
bool gcra_decide(const struct gcra_policy *policies, size_t count, int64_t now_us, int64_t *tat_us,
                 struct gcra_answer *out);

/* The two halves of the decision about one bucket, for callers that keep them apart. */
int64_t gcra_clamp(struct gcra_policy policy, int64_t now_us, int64_t tat_us);
bool gcra_has_room(struct gcra_policy policy, int64_t now_us, int64_t clamped_us);
struct gcra_answer gcra_answer(struct gcra_policy policy, int64_t now_us, int64_t before_us,
                               int64_t after_us);

#endif
