/*
 * Sessions: one log-in of one user by one client, and the family of refresh tokens that keeps it going.
 *
 * A refresh token is good once: refreshing makes its successor the head of the family. For refresh_grace the
 * token just used is answered with that same successor, so that a client whose answer was lost, or that asked
 * twice at a time, goes on. Whoever shows a token older than that shows a copy: the session ends, and with it
 * all its access tokens, on every worker.
 *
 * Only hashes of tokens are stored, and no token is ever logged. Who starts or ends sessions adds the
 * statements to a batch of its own (http/idempotency.h), so that they are part of its transaction.
 */
#ifndef NEXUS_SESSION_SESSION_H
#define NEXUS_SESSION_SESSION_H

#include "http/idempotency.h"
#include "http/op.h"
#include "query/entity.h"

extern const struct entity entity_session;
extern const struct op op_auth_refresh, op_auth_logout, op_session_list, op_session_delete,
    op_session_delete_others;

#define SESSION_METHODS_MAX       8
#define SESSION_REFRESH_TOKEN_MAX 128 /* characters */

struct session_spec {
    struct uuid user;
    struct uuid client;                      /* nil: the product's own front-ends */
    struct uuid actor;                       /* who acts as the user, with kind "acting"; else nil */
    const char *kind;                        /* direct, oauth, browser, acting */
    struct str methods[SESSION_METHODS_MAX]; /* RFC 8176: pwd, otp, ...; ends with an absent one */
    struct str scope;                        /* names with blanks between; absent: everything the user may */
    struct str audience;                     /* absent: token_audience */
    int64_t authenticated_us;                /* when the user proved to be it; 0: now */
    int64_t password_us; /* since when the password that was shown is the user's; 0: none was shown */
    struct uuid parent;  /* session of the same user that vouches for it: a browser's; else nil */
    int64_t lifetime_us; /* 0: session_lifetime */
    bool refreshable;
};

/* Texts live as long as the request. */
struct session_tokens {
    struct str access_token;
    struct str refresh_token; /* absent: the session has none */
    struct str scope;         /* absent: everything the user may */
    int64_t expires_in;       /* seconds, of the access token */
    struct uuid session;
    struct uuid user;
    int64_t authenticated_us;
};

/*
 * Adds the statements that begin a session. The tokens are good once the batch has committed. It fails when
 * the account is not active any more (ERR_ACCOUNT_INACTIVE), or has another password than the one shown
 * (ERR_BAD_CREDENTIALS).
 */
enum err session_add_start(struct request *rq, struct db_batch *b, const struct session_spec *spec,
                           struct session_tokens *out) MUST_CHECK;

/*
 * A refresh token for new ones, in a transaction of its own. `client` is who asks, NULL for the product's own
 * front-ends. ERR_INVALID_REFRESH_TOKEN, recorded in the request, is all that is said of unknown, used,
 * expired and foreign tokens; one that was used before has ended its session when this returns.
 */
enum err session_refresh(struct request *rq, struct str refresh_token, const struct uuid *client,
                         struct session_tokens *out) MUST_CHECK;

/* What a refresh token belongs to, for those who end or describe it. */
struct session_found {
    struct uuid session, user, client;
    struct str scope; /* absent: everything the user may */
    int64_t created_us, expires_us;
    bool current; /* it would be refreshed now */
};
/* *found false: no token of ours, or its session is over. Reads only. */
enum err session_find(struct request *rq, struct str refresh_token, bool *found,
                      struct session_found *out) MUST_CHECK;

/*
 * Add statements that end sessions; access tokens of theirs are refused everywhere from the commit on.
 * `reason` is one of the table's: logout, revoked, reuse, password, suspended, deactivated. session_add_end
 * leaves sessions of other users alone; its result has a row when the session was not over. Return the index
 * for db_result.
 */
int session_add_end(struct request *rq, struct db_batch *b, const struct uuid *user,
                    const struct uuid *session, const char *reason);
int session_add_end_all(struct request *rq, struct db_batch *b, const struct uuid *user,
                        const struct uuid *but, const char *reason);

/* The answer of RFC 6749, 5.1, and its description. */
void session_tokens_write(struct request *rq, const struct session_tokens *tokens);
extern const struct shape session_tokens_shape;

/* ---- of one request ---- */

/* The network an address is in, without the part that tells hosts apart: IPv4 /24, IPv6 /48. Absent when it
 * is no address. */
struct str session_network(struct arena *a, struct str address);
/* As it is stored: valid UTF-8 without control characters, at most 256 of them. Absent when nothing is left.
 */
struct str session_user_agent(struct arena *a, struct str header);

#endif
