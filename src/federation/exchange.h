/* From a code to who somebody is: token endpoint, ID token, userinfo. */
#ifndef NEXUS_FEDERATION_EXCHANGE_H
#define NEXUS_FEDERATION_EXCHANGE_H

#include "base/buf.h"
#include "federation/identity.h"
#include "federation/upstream.h"

struct exchange {
    struct str code, verifier, nonce;
    const char *redirect_uri;
    int64_t now_s;
};

/* ERR_NONE: *out is filled. ERR_BUSY, or ERR_PROVIDER with a reason for the log in *why. */
enum err exchange_run(struct fetch_session *s, struct upstream *u, const struct exchange *x,
                      struct identity *out, const char **why) MUST_CHECK;

#endif
