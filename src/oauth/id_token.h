/* ID tokens (OpenID Connect Core, 2): that a user has logged in, for one client. */
#ifndef NEXUS_OAUTH_ID_TOKEN_H
#define NEXUS_OAUTH_ID_TOKEN_H

#include "oauth/claims_request.h"

struct id_token_spec {
    const struct client *client;
    struct uuid user, browser; /* browser: session it is about, named sid */
    struct str nonce;          /* absent: none was given */
    struct str methods;        /* with blanks between */
    struct str access_token;   /* it comes with this */
    int64_t authenticated_us;
    uint32_t claims;       /* of the user, that were asked for to be in it */
    const PGresult *about; /* row of oauth_user_claims, when there are some */
};
enum err id_token_make(struct request *rq, const struct id_token_spec *spec, struct str *out) MUST_CHECK;

/* What an ID token given as a hint says; also one that has expired. False: it is not one of ours. */
struct id_token_hint {
    struct uuid user, client, browser;
};
bool id_token_read(struct request *rq, struct str token, struct id_token_hint *out);

#endif
