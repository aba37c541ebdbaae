/*
 * Compact JWS (RFC 7515) with the keys of this server, for what is no access token: ID tokens.
 */
#ifndef NEXUS_AUTH_JWT_H
#define NEXUS_AUTH_JWT_H

#include "auth/auth.h"
#include "auth/keys.h"

/* The keys, and the name of this issuer. */
const struct key_ring *auth_keys(const struct auth *auth);
const char *auth_issuer(const struct auth *auth);
const char *auth_audience(const struct auth *auth);

/* Sign claims, JSON text; `typ` is plain. ERR_INTERNAL when it cannot be signed. */
enum err jwt_sign(const struct auth *auth, struct arena *a, const char *typ, struct str claims,
                  struct str *token) MUST_CHECK;
/*
 * The claims of a token of ours of type `typ`, whatever its times say. False for everything else.
 */
bool jwt_open(const struct auth *auth, struct arena *a, const char *typ, struct str token,
              struct str *claims);
/* Left half of the digest that belongs to the signing key, as at_hash wants it (OpenID Connect
 * Core, 3.1.3.6). */
struct str jwt_half_hash(const struct auth *auth, struct arena *a, struct str text);

#endif
