/* Tokens that come back: what one shown by a client is, for revocation and introspection. */
#ifndef NEXUS_OAUTH_ISSUED_H
#define NEXUS_OAUTH_ISSUED_H

#include "oauth/oauth.h"

enum issued_kind { ISSUED_NOTHING, ISSUED_ACCESS, ISSUED_REFRESH, ISSUED_CLIENT };

struct issued {
    enum issued_kind kind; /* ISSUED_NOTHING: none of ours, or over; ISSUED_CLIENT: a client's own */
    struct uuid session, user, client;
    struct str scope, audience;  /* scope absent: everything; audience absent: the API itself */
    struct str id;               /* jti; absent: none */
    int64_t issued_s, expires_s; /* unix seconds */
    int64_t authenticated_s;     /* 0: not said */
};

/* Whatever the token is: everything that is no token of ours, or whose session is over, is ISSUED_NOTHING. */
enum err issued_find(struct request *rq, struct str token, struct issued *out) MUST_CHECK;

/* What both endpoints take. */
struct issued_in {
    struct shape_seen seen;
    struct str token, token_type_hint, client_id, client_secret;
};
extern const struct shape issued_shape;

#endif
