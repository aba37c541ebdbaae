/*
 * Calls to servers of others, OpenID and payment providers, receivers of webhooks, calendars, by libcurl,
 * with everything bounded: time, size, and where they may go. Never inside a database transaction.
 *
 * What others name may be anything, so an address is looked at when the socket is about to be connected,
 * after names were resolved: only public addresses are called, by https on port 443. Redirects are followed
 * as often as the call allows, each looked at like the first URL. The one exception is the server the
 * operator has named, an OpenID issuer say, or by the option fetch_inside: what has the same scheme, host and
 * port as it may be anywhere.
 *
 * The calls are made by nexus-fetch, a process that may reach the Internet and nothing else, for one that may
 * not; only where the option fetch_socket is empty are they made by the caller itself. nexus-fetch believes
 * nobody's exceptions but those of its own configuration.
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

#define FETCH_URL_MAX       2000               /* characters */
#define FETCH_BODY_MAX      (256 * 1024)       /* bytes of an answer, and of what is sent */
#define FETCH_FILE_MAX      (64 * 1024 * 1024) /* of an answer that goes into a file */
#define FETCH_HEAD_MAX      (32 * 1024)        /* of the headers of an answer */
#define FETCH_HEADERS_MAX   6
#define FETCH_REDIRECTS_MAX 3

/* All calls made for one request: they share its time. */
struct fetch_session {
    struct arena *arena;
    const struct options *options; /* fetch_socket, fetch_inside; NULL: as if both were empty */
    const char *issuer;            /* whose origin may have a private address; NULL: nobody's */
    const char *ca;                /* file with the certificates to trust; NULL or empty: the system's */
    int64_t timeout_us;            /* all calls together */
    unsigned turns;                /* workers that may be calling at the same time */
    struct service_stats stats;    /* where turns are; without a board there is no limit */
    int64_t deadline_us;           /* monotonic; 0: none yet */
    bool taken;                    /* a turn */
};

struct fetch {
    const char *url;
    struct str body;                        /* absent: GET */
    const char *type;                       /* of the body; NULL: a form */
    const char *accept;                     /* NULL: JSON */
    const char *authorization;              /* value of the header, or NULL */
    const char *headers[FETCH_HEADERS_MAX]; /* further ones, "Name: value"; NULL ends them */
    int64_t body_max;                       /* bytes of the answer; 0: FETCH_BODY_MAX */
    /*
     * A descriptor that the body of an answer of 2xx is written to as it comes, up to body_max, which may
     * then be up to FETCH_FILE_MAX; 0: into memory. It stays the caller's. What an answer that fails has left
     * in the file is of no use.
     */
    int file;
    int redirects; /* that are followed, of a GET; secrets do not go to another origin */
};

/* Why there is no answer, as far as others may know: that an address is forbidden looks like nobody there. */
enum fetch_fault { FETCH_FINE, FETCH_UNREACHABLE, FETCH_TIMEOUT, FETCH_TOO_LARGE, FETCH_BROKEN };

struct fetched {
    int status;                     /* 0: no answer */
    bool json;                      /* by its Content-Type */
    struct str body;                /* in the arena */
    int64_t size;                   /* bytes of the body, wherever it went */
    struct str etag, last_modified; /* of the answer, in the arena; absent: none */
    bool unsent;                    /* no answer, because nothing was asked: there was no connection */
    int64_t retry_after_us;         /* of the header Retry-After, in seconds; 0: none */
    bool retry, no_retry;           /* the header Stripe-Should-Retry said so */
    enum fetch_fault fault;
    const char *why; /* for the log, when there is no answer; not for who named the URL: fetch_fault_text */
};

/*
 * ERR_BUSY: there is no turn, or nexus-fetch makes as many calls as it may. Else ERR_NONE, also when the call
 * has failed: see out->status. Call fetch_end when the request makes no more calls.
 */
enum err fetch_run(struct fetch_session *s, const struct fetch *f, struct fetched *out) MUST_CHECK;
void fetch_end(struct fetch_session *s);

/* A sentence for who has named the URL. It does not tell what is there: networks are not to be explored. */
const char *fetch_fault_text(enum fetch_fault fault);

/* For session.turns: as many as wanted; 0 stands for a quarter of the workers, at least one. */
unsigned fetch_turns(const struct options *o, int64_t wanted);

/* A form-urlencoded text: name=value, added with & between. The name is taken as it is. */
void fetch_form_add(struct buf *out, const char *name, struct str value);

/* Whether what a provider's document names may be called at all: a URL of https on port 443, or of the
 * issuer's own origin (NULL: none); without user information. */
bool fetch_may_call(const char *issuer, struct str url);
bool fetch_same_origin(const char *issuer, struct str url);
/* The same for a URL a user names: https on port 443, or an origin of the option fetch_inside. */
bool fetch_user_may_name(const struct options *o, struct str url);

/* Whether an address is one of the public Internet. */
bool fetch_address_is_public(const struct sockaddr *address);
/* Whether it is one of this host, whose public services are for others. */
bool fetch_address_is_own(const struct sockaddr *address);

#endif
