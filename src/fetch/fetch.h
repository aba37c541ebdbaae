/*
 * Calls to servers of others, OpenID and payment providers, by libcurl, with everything bounded: time, size,
 * and where they may go. Never inside a database transaction.
 *
 * What a provider's documents name may be anything, so an address is looked at when the socket is about to be
 * connected, after names were resolved: only public addresses are called, by https on port 443, and redirects
 * are not followed. The one exception is the server the operator has named, an OpenID issuer say: what
 * has the same scheme, host and port as it may be anywhere.
 */
#ifndef NEXUS_FETCH_FETCH_H
#define NEXUS_FETCH_FETCH_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/options.h"
#include "base/scoreboard.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define FETCH_URL_MAX     2000         /* characters */
#define FETCH_BODY_MAX    (256 * 1024) /* bytes of an answer */
#define FETCH_HEAD_MAX    (32 * 1024)  /* and of its headers */
#define FETCH_HEADERS_MAX 4

/* All calls made for one request: they share its time. */
struct fetch_session {
    struct arena *arena;
    const char *issuer;         /* whose origin may have a private address */
    const char *ca;             /* file with the certificates to trust; empty: the system's */
    int64_t timeout_us;         /* all calls together */
    unsigned turns;             /* workers that may be calling at the same time */
    struct service_stats stats; /* where turns are; without a board there is no limit */
    int64_t deadline_us;        /* monotonic; 0: none yet */
    bool taken;                 /* a turn */
};

struct fetch {
    const char *url;
    struct str body;                        /* absent: GET */
    const char *type;                       /* of the body; NULL: a form */
    const char *authorization;              /* value of the header, or NULL */
    const char *headers[FETCH_HEADERS_MAX]; /* further ones, "Name: value"; NULL ends them */
};

struct fetched {
    int status;             /* 0: no answer */
    bool json;              /* by its Content-Type */
    struct str body;        /* in the arena */
    bool unsent;            /* no answer, because nothing was asked: there was no connection */
    int64_t retry_after_us; /* of the header Retry-After, in seconds; 0: none */
    bool retry, no_retry;   /* the header Stripe-Should-Retry said so */
    const char *why;        /* for the log, when there is no answer */
};

/*
 * ERR_BUSY: there is no turn. Else ERR_NONE, also when the call has failed: see out->status. Call fetch_end
 * when the request makes no more calls.
 */
enum err fetch_run(struct fetch_session *s, const struct fetch *f, struct fetched *out) MUST_CHECK;
void fetch_end(struct fetch_session *s);

/* For session.turns: as many as wanted; 0 stands for a quarter of the workers, at least one. */
unsigned fetch_turns(const struct options *o, int64_t wanted);

/* A form-urlencoded text: name=value, added with & between. The name is taken as it is. */
void fetch_form_add(struct buf *out, const char *name, struct str value);

/* Whether what a provider's document names may be called at all: a URL of https on port 443, or of the
 * issuer's own origin; without user information. */
bool fetch_may_call(const char *issuer, struct str url);
bool fetch_same_origin(const char *issuer, struct str url);

/* Whether an address is one of the public Internet. */
bool fetch_address_is_public(const struct sockaddr *address);

#endif
