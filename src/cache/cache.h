/*
 * Redis, one connection a process, bounded in time and optional: when it is away or frozen the caller is told
 * so at once (circuit breaker) and goes on without it.
 *
 * A request costs one script call at most (cache_ask): it takes from all quotas the request counts against,
 * and reads the access versions that tell whether what is known of a token's bearer is still so.
 */
#ifndef NEXUS_CACHE_CACHE_H
#define NEXUS_CACHE_CACHE_H

#include "base/arena.h"
#include "base/options.h"
#include "base/uuid.h"

#include <stdbool.h>
#include <stdint.h>

struct cache;

struct cache *cache_create(const struct options *o); /* does not connect */
void cache_close(struct cache *c);
/*
 * Memory that all processes of this host share, zeroed when it is new: what decides without Redis is then one
 * for all of them. Without it a process decides for itself.
 */
size_t cache_shared_size(void);
void cache_share(struct cache *c, void *memory);
bool cache_configured(const struct cache *c);
bool cache_usable(const struct cache *c); /* connected, or an attempt may be made now */
bool cache_ping(struct cache *c);         /* one round trip within redis_timeout */
/* Between requests: makes up for announcements that could not be made. */
void cache_idle(struct cache *c);
const char *cache_error(const struct cache *c);

/* ---- rate limits ---- */

enum rate_class { RATE_NONE, RATE_READ, RATE_SEARCH, RATE_WRITE, RATE_LOGIN, RATE_HASH, RATE_CLASSES };
extern const char *const rate_class_names[RATE_CLASSES];
/* The limit of a class for whoever has a token, or has none; NULL: no limit. */
const struct rate_limit *rate_class_limit(const struct options *o, enum rate_class cls, bool known);
/* 1 + index into o->rate_roles of the most generous limit that one of the roles (with blanks between) has in
 * this class; 0: none has one of its own. */
unsigned rate_role_find(const struct options *o, struct str roles, enum rate_class cls);

struct rate_bucket {    /* one quota */
    const char *policy; /* its name, shown to clients */
    struct str subject; /* what is counted: a user, a client, a network */
    struct rate_limit limit;
    bool strict; /* guards passwords: without Redis it is halved */
};

struct rate_answer {
    bool allowed;
    bool local;                       /* decided by this host alone, because Redis was away */
    const struct rate_bucket *bucket; /* the tightest, of which the rest speaks; NULL: unlimited */
    int64_t limit;
    int64_t remaining;
    int64_t retry_after_us; /* when refused: until the next event is allowed */
    int64_t reset_us;       /* until the quota is whole again */
};

/* ---- access versions (docs/adr/0006-access-versions.md) ---- */

#define CACHE_VERSION_SIZE 72 /* four values of 16 characters, blanks between, NUL */
#define CACHE_IDS_MAX      3

enum cache_knowledge {
    VERSIONS_UNKNOWN, /* Redis is away, or was not asked */
    VERSIONS_PENDING, /* a change is being committed: what is loaded now may be old in a moment */
    VERSIONS_KNOWN
};
struct cache_versions {
    enum cache_knowledge state;
    char text[CACHE_VERSION_SIZE]; /* VERSIONS_KNOWN: equal as long as nothing was announced */
};

/*
 * Announce to all workers of all hosts a change of what tokens of these users (clients) are good for; none:
 * of all. Once before the commit and once after it. False when Redis could not be told: workers of this host
 * know nevertheless (cache_share), others learn of it when one of them reaches Redis again.
 */
enum cache_phase { CHANGE_PENDING, CHANGE_DONE };
bool cache_announce(struct cache *c, enum cache_phase phase, const struct uuid *ids, size_t count);
/* Grows when a change could not be announced: what was loaded before is not to be relied on. */
uint64_t cache_epoch(const struct cache *c);

/* ---- the one call ---- */

#define RATE_BUCKETS_MAX 4
struct cache_question {
    struct rate_bucket buckets[RATE_BUCKETS_MAX];
    size_t bucket_count;
    bool versions;                         /* of everybody, and of `ids` */
    const struct uuid *ids[CACHE_IDS_MAX]; /* user, client, actor, as they apply */
    size_t id_count;
};

/*
 * GCRA, exact across processes and hosts, by one script in one round trip, with Redis' own time: the request
 * is allowed when every bucket has room, and only then is anything taken from them. Without Redis the buckets
 * of this host decide, and versions are unknown.
 */
void cache_ask(struct cache *c, const struct cache_question *q, struct rate_answer *rate,
               struct cache_versions *versions);

#endif
