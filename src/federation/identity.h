/* Who somebody is at a provider, as its ID token and userinfo say (OpenID Connect Core, 3.1.3.7, 5.3). */
#ifndef NEXUS_FEDERATION_IDENTITY_H
#define NEXUS_FEDERATION_IDENTITY_H

#include "federation/jws.h"

#include <stdint.h>

#define IDENTITY_SUBJECT_MAX 255

struct identity {
    struct str subject;
    struct str email; /* absent: none, or no address */
    struct str name;  /* absent: none */
    bool email_verified;
};

struct identity_expected {
    const char *issuer, *client_id;
    struct str nonce, access_token;
    int64_t now_s;
};

/* Check the claims of a token whose signature is good. NULL, or what is wrong. */
const char *identity_check(const struct identity_expected *expected, struct arena *a, const struct jws *token,
                           struct identity *out);

/* Add what /userinfo says. NULL, or what is wrong: it is about somebody else. */
const char *identity_add(struct identity *identity, struct arena *a, struct json_object *userinfo);

#endif
