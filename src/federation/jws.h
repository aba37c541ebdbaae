/*
 * Signatures of others: JWK sets (RFC 7517) and compact JWS (RFC 7515), RS256, PS256, ES256 and EdDSA with
 * Ed25519. A key serves the algorithms of its own type only, so no key is ever a secret or of another curve
 * (RFC 8725).
 */
#ifndef NEXUS_FEDERATION_JWS_H
#define NEXUS_FEDERATION_JWS_H

#include "base/arena.h"

#include <json-c/json.h>
#include <openssl/evp.h>
#include <stdbool.h>

#define JWS_KEYS_MAX 32    /* usable keys of a set; more are passed over */
#define JWS_KID_MAX  256   /* characters */
#define JWS_MAX      65536 /* characters of a token */
#define JWS_RSA_MIN  2048  /* bits */
#define JWS_RSA_MAX  8192

enum jws_alg { JWS_RS256 = 1, JWS_PS256 = 2, JWS_ES256 = 4, JWS_EDDSA = 8 };
#define JWS_ALL 15u

struct jws_key {
    EVP_PKEY *pkey;
    unsigned algs;             /* enum jws_alg */
    char kid[JWS_KID_MAX + 1]; /* "": it has none */
};

struct jws_keys {
    struct jws_key key[JWS_KEYS_MAX];
    size_t count;
};

/* Replaces what is in `out`. False when the text is no JWK set; keys that cannot be used are left out. */
bool jws_keys_parse(struct jws_keys *out, struct arena *a, struct str json);
void jws_keys_free(struct jws_keys *keys);

/* Algorithms named in a list of a provider's metadata. */
unsigned jws_algs(struct json_object *names);

enum jws_result {
    JWS_GOOD,
    JWS_BAD,        /* it is no such token, or the signature is wrong */
    JWS_UNKNOWN_KEY /* a newer set might have the key */
};

struct jws {
    enum jws_alg alg;
    struct json_object *claims; /* of the arena */
};

/* Nothing of the claims is read before the signature was found good. `algs` are those allowed. */
enum jws_result jws_verify(const struct jws_keys *keys, unsigned algs, struct arena *a, struct str token,
                           struct jws *out);

/* The left half of the digest that goes with the algorithm, base64url: at_hash (OpenID Connect
 * Core, 3.1.3.6). */
struct str jws_half_hash(enum jws_alg alg, struct arena *a, struct str text);

#endif
