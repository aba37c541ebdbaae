/*
 * Waiting after failures, per account and per network, counted in Redis or, without it, in memory that the
 * workers of this host share.
 *
 * The first failures in a row cost nothing; each further one makes the next attempt wait twice as long, up to
 * a bound: a cool-down, never a lock. Success forgets the account's failures. An attempt is counted as a
 * failure when it begins and taken back when it was none, so that any number of them at a time is held as
 * well.
 *
 * Who wants to keep the owner of an account out could go on failing. Therefore a place (a network of some
 * size) from which an account was entered before has a count of its own for that account: failures from
 * elsewhere do not touch it. Nothing tells whether there is such an account at all.
 */
#ifndef NEXUS_CACHE_BACKOFF_H
#define NEXUS_CACHE_BACKOFF_H

#include "base/backoff_table.h"
#include "cache/cache.h"

struct backoff_subject {
    struct str account; /* a MAC: no address is stored */
    struct str place;   /* absent: of no importance */
    struct str network; /* absent: not counted */
    struct backoff_policy per_account, per_network;
    struct backoff_table *table; /* what counts without Redis */
};

/* An attempt under way; for backoff_end. */
struct backoff_attempt {
    bool local; /* counted without Redis */
    bool known; /* the account was entered from this place before */
    int64_t now_ms;
    struct backoff_count account, network; /* before it */
};

enum backoff_outcome {
    BACKOFF_FAILURE,
    BACKOFF_SUCCESS,
    BACKOFF_NEITHER, /* nothing was found out, or not enough: as if it had not been */
};

/* May it be tried now? If not, in how long. */
bool backoff_begin(struct cache *c, const struct backoff_subject *s, struct backoff_attempt *out,
                   int64_t *wait_us);
void backoff_end(struct cache *c, const struct backoff_subject *s, const struct backoff_attempt *attempt,
                 enum backoff_outcome outcome);
/* The account has proven itself in another way: forget its failures, everywhere but at places it was entered
 * from. */
void backoff_forget(struct cache *c, const struct backoff_subject *s);

#endif
