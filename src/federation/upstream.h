/*
 * What a worker knows of a provider: its discovery document (OpenID Connect Discovery, RFC 8414) and its
 * keys, fetched when they are first needed and kept for a while. A provider that is away is asked again only
 * after a pause, and keys of unknown names make it look at the set again at most once a minute.
 */
#ifndef NEXUS_FEDERATION_UPSTREAM_H
#define NEXUS_FEDERATION_UPSTREAM_H

#include "auth/providers.h"
#include "federation/jws.h"
#include "fetch/fetch.h"

#define UPSTREAM_KEPT_US (INT64_C(3600) * 1000000) /* a document */
#define UPSTREAM_KEYS_KEPT_US                                                                                \
    (INT64_C(900) * 1000000) /* keys: one that was taken away is good for no longer */
#define UPSTREAM_KEYS_AGAIN_US (INT64_C(60) * 1000000) /* between two looks for an unknown key */
#define UPSTREAM_RETRY_US      (INT64_C(3) * 1000000)  /* after a failure */

enum client_auth { CLIENT_NONE, CLIENT_BASIC, CLIENT_POST };

struct upstream {
    const struct provider *provider;
    const char *authorization_endpoint, *token_endpoint, *jwks_uri;
    const char *userinfo_endpoint; /* NULL: none */
    unsigned algs;                 /* of ID tokens */
    enum client_auth auth;
    bool says_issuer; /* RFC 9207: answers to the browser name the issuer */
    struct jws_keys keys;
    /* monotonic; 0: never */
    int64_t document_us, document_tried_us, keys_us, keys_tried_us;
    struct arena *memory; /* of the document's texts */
};

/*
 * ERR_NONE: *out has the endpoints. ERR_BUSY, or ERR_PROVIDER with a reason for the log in *why. The result
 * stays valid during the request.
 */
enum err upstream_open(struct fetch_session *s, const struct provider *p, struct upstream **out,
                       const char **why) MUST_CHECK;
/* Keys that are not too old; with `unknown` newer ones, when the last look is long enough ago. */
enum err upstream_load_keys(struct fetch_session *s, struct upstream *u, bool unknown,
                            const char **why) MUST_CHECK;

/* Put what a discovery document says into *out, with texts in its arena. NULL, or what is wrong with it. */
const char *upstream_read(struct upstream *out, struct arena *a, struct str document);

#endif
