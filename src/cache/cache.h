/*
 * Redis, one connection a process, bounded in time and optional: when it is away or frozen the caller is told
 * so at once (circuit breaker) and goes on without it.
 */
#ifndef NEXUS_CACHE_CACHE_H
#define NEXUS_CACHE_CACHE_H

#include "base/arena.h"
#include "base/options.h"

#include <stdbool.h>
#include <stdint.h>

struct cache;

struct cache *cache_create(const struct options *o); /* does not connect */
void cache_close(struct cache *c);
bool cache_configured(const struct cache *c);
bool cache_usable(const struct cache *c); /* connected, or an attempt may be made now */
bool cache_ping(struct cache *c);         /* one round trip within redis_timeout */
const char *cache_error(const struct cache *c);

enum rate_class { RATE_NONE, RATE_READ, RATE_SEARCH, RATE_WRITE, RATE_LOGIN, RATE_CLASSES };
extern const char *const rate_class_names[RATE_CLASSES];
/* The option that sets it; NULL for RATE_NONE. */
const struct rate_limit *rate_class_limit(const struct options *o, enum rate_class cls);

struct rate_answer {
    bool allowed;
    bool local;    /* decided by the worker's own buckets because Redis was away */
    int64_t limit; /* 0: unlimited */
    int64_t remaining;
    int64_t retry_after_us; /* when refused: until the next event is allowed */
    int64_t reset_us;       /* until the quota is whole again */
};

/*
 * GCRA, exact across processes: one Lua script, one round trip, Redis' own time. `subject` is what is limited
 * (user id or network). Falls back to a per-process approximation (limit divided by the number of workers)
 * without Redis.
 */
void rate_check(struct cache *c, enum rate_class cls, struct str subject, struct rate_answer *out);

#endif
