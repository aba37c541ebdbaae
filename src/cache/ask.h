/* Inside src/cache: the call behind cache_ask, with what was decided about every bucket shown. */
#ifndef NEXUS_CACHE_ASK_H
#define NEXUS_CACHE_ASK_H

#include "cache/cache.h"
#include "cache/gcra.h"

/* *now_us: the clock the decision used, Redis' own (unix) or, when rate->local, this machine's monotonic one.
 * answers[] has a place for each bucket. */
void cache_decide(struct cache *c, const struct cache_question *q, int64_t *now_us,
                  struct gcra_answer *answers, struct rate_answer *rate, struct cache_versions *versions);

#endif
