/* Inside src/cache: the connection and its circuit breaker. */
#ifndef NEXUS_CACHE_CONNECTION_H
#define NEXUS_CACHE_CONNECTION_H

#include "cache/cache.h"

#include <hiredis/hiredis.h>

struct rate_buckets;

struct cache {
    const struct options *options;
    redisContext *link;           /* NULL: not connected */
    int64_t deadline_us;          /* monotonic; of the call under way, however many round trips it needs */
    int64_t retry_at_us;          /* monotonic; the circuit is open until then */
    struct rate_buckets *buckets; /* what decides without Redis */
    char script_sha[41];          /* of the rate script, hexadecimal; "" until computed */
    char error[160];
};

struct cache_args { /* a command in pieces */
    int count;
    const char *const *words;
    const size_t *lengths;
};

/*
 * Start a call: connects when necessary. False at once while the circuit is open. Everything up to the answer
 * of the call's last command takes redis_timeout at most.
 */
bool cache_begin(struct cache *c);

/*
 * Send one command and wait for its reply; NULL when there was none in time, which opens the circuit. The
 * caller frees the reply with freeReplyObject. A connection that turns out to have been closed by the other
 * side while it was unused is opened anew once.
 */
redisReply *cache_command(struct cache *c, const struct cache_args *args);

/* The answer cannot be used (an error, or not of the expected form): close the connection, open the circuit.
 */
void cache_reject(struct cache *c, const char *why);

#endif
