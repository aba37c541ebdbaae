/* Inside src/cache: the connection and its circuit breaker. */
#ifndef NEXUS_CACHE_CONNECTION_H
#define NEXUS_CACHE_CONNECTION_H

#include "base/buf.h"
#include "cache/cache.h"
#include "cache/rate_buckets.h"

#include <hiredis/hiredis.h>

#define CACHE_VALUES_MAX 16
#define CACHE_TEXTS_SIZE 512

struct cache_value {
    int type; /* REDIS_REPLY_STRING, _STATUS, _ERROR, _INTEGER or _NIL */
    int64_t integer;
    struct str text;
};

/* An answer without nesting: the values of an array, or one that is alone. */
struct cache_reply {
    bool array;
    bool overflow; /* more values or text than there is room for, or nested */
    size_t count;
    struct cache_value value[CACHE_VALUES_MAX];
    size_t used;
    char texts[CACHE_TEXTS_SIZE]; /* longer ones are cut */
};

struct cache_shared { /* cache_share; zeroed when new */
    _Atomic uint64_t epoch;
    _Atomic uint32_t owed; /* an announcement to everybody that could not be made */
    struct rate_buckets buckets;
};

struct cache {
    const struct options *options;
    redisContext *link;          /* NULL: not connected */
    int64_t deadline_us;         /* monotonic; of the call under way, however many round trips it needs */
    int64_t retry_at_us;         /* monotonic; the circuit is open until then */
    struct buf out;              /* the command under way */
    struct cache_reply reply;    /* the answer to it */
    struct cache_shared *shared; /* what decides without Redis */
    bool own_shared;
    bool timed;         /* the socket blocks, and not longer than redis_timeout */
    char fresh[17];     /* a version nobody has seen yet; "" when it has to be made */
    bool returned;      /* connected anew: announcements may have been lost with the old server */
    char everybody[17]; /* the version of everybody as last seen; "" never */
    char error[160];
};

/*
 * Start a call: connects when necessary. False at once while the circuit is open. Everything up to the answer
 * of the call's last command takes redis_timeout at most.
 */
bool cache_begin(struct cache *c);

/* Write a command of so many words, one after the other; then send it. */
void cache_words(struct cache *c, size_t count);
void cache_word(struct cache *c, struct str word);
void cache_number(struct cache *c, int64_t number);

/*
 * Send the command that was written and wait for its reply, which is good until the next one; NULL when there
 * was none in time, which opens the circuit. A connection that turns out to have been closed by the other
 * side while it was unused is opened anew once. Nothing is allocated.
 */
const struct cache_reply *cache_command(struct cache *c);

/* The answer cannot be used (an error, or not of the expected form): close the connection, open the circuit.
 */
void cache_reject(struct cache *c, const char *why);

#endif
