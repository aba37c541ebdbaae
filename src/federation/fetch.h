/*
 * Calls to the servers of OpenID providers, by libcurl, with everything bounded: time, size, and where they
 * may go.
 *
 * What a provider's documents name may be anything, so an address is looked at when the socket is about to be
 * connected, after names were resolved: only public addresses are called, by https on port 443, and redirects
 * are not followed. The one exception is the issuer itself, which the operator has named: what has the same
 * scheme, host and port as it may be anywhere.
 */
#ifndef NEXUS_FEDERATION_FETCH_H
#define NEXUS_FEDERATION_FETCH_H

#include "base/arena.h"
#include "base/err.h"
#include "base/options.h"
#include "base/scoreboard.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define FETCH_URL_MAX  2000         /* characters */
#define FETCH_BODY_MAX (256 * 1024) /* bytes of an answer */
#define FETCH_HEAD_MAX (32 * 1024)  /* and of its headers */

/* All calls made for one request: they share its time. */
struct fetch_session {
    const struct options *options;
    struct arena *arena;
    struct service_stats stats; /* where turns are; without a board there is no limit */
    const char *issuer;         /* whose origin may have a private address */
    int64_t deadline_us;        /* monotonic; 0: none yet */
    bool taken;                 /* a turn (option login_providers_calls) */
};

struct fetch {
    const char *url;
    struct str form;           /* absent: GET */
    const char *authorization; /* value of the header, or NULL */
};

struct fetched {
    int status;      /* 0: no answer */
    bool json;       /* by its Content-Type */
    struct str body; /* in the arena */
    const char *why; /* for the log, when there is no answer */
};

/*
 * ERR_BUSY: there is no turn. Else ERR_NONE, also when the call has failed: see out->status. Call fetch_end
 * when the request makes no more calls.
 */
enum err fetch_run(struct fetch_session *s, const struct fetch *f, struct fetched *out) MUST_CHECK;
void fetch_end(struct fetch_session *s);

/* Whether what a provider's document names may be called at all: a URL of https on port 443, or of the
 * issuer's own origin; without user information. */
bool fetch_may_call(const char *issuer, struct str url);
bool fetch_same_origin(const char *issuer, struct str url);

/* Whether an address is one of the public Internet. */
bool fetch_address_is_public(const struct sockaddr *address);

#endif
