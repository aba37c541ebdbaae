/* Inside src/cache: the decision behind rate_check, with the policy given and the time of the decision shown.
 */
#ifndef NEXUS_CACHE_RATE_H
#define NEXUS_CACHE_RATE_H

#include "cache/gcra.h"

/* *now_us: the clock the decision used, Redis' own (unix) or, when out->local, this machine's monotonic one.
 */
void rate_decide(struct cache *c, enum rate_class cls, struct gcra_policy policy, struct str subject,
                 int64_t *now_us, struct rate_answer *out);

#endif
