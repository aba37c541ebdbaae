/*
 * Signing keys. A key has one algorithm, which follows from its type and curve: Ed25519 signs EdDSA, P-256
 * signs ES256; other keys are refused (RFC 8725, 3.1 and 3.2). Its name is the thumbprint of its public half
 * (RFC 7638), so that nobody has to choose names and two hosts with the same key agree.
 */
#ifndef NEXUS_AUTH_KEYS_H
#define NEXUS_AUTH_KEYS_H

#include "base/buf.h"
#include "base/options.h"
#include "base/str.h"

#include <openssl/evp.h>
#include <stdbool.h>

#define KEYS_MAX           16
#define KEY_ID_SIZE        43 /* base64url of 32 bytes */
#define KEY_SIGNATURE_SIZE 64 /* both algorithms: Ed25519, or r and s of 32 bytes each */

enum key_algorithm { KEY_EDDSA, KEY_ES256 };

struct key {
    enum key_algorithm algorithm;
    EVP_PKEY *pkey;
    char id[KEY_ID_SIZE + 1];
};

struct key_ring { /* the first key signs, all verify */
    struct key key[KEYS_MAX];
    size_t count;
};

/* The keys of a folder (auth/key_folder.h), the active one first. False with one line in error[]. */
bool keys_load(struct key_ring *ring, const char *folder, char *error, size_t error_size);
void keys_free(struct key_ring *ring);

/* The name of a key. False when it has no usable public half. */
bool key_thumbprint(EVP_PKEY *pkey, enum key_algorithm algorithm, char id[KEY_ID_SIZE + 1]);

/* NULL: no key has this name. */
const struct key *keys_find(const struct key_ring *ring, struct str id);

/* "EdDSA", "ES256" (RFC 7518, RFC 8037). */
const char *key_algorithm_name(enum key_algorithm algorithm);

bool key_sign(const struct key *key, struct str text, unsigned char signature[KEY_SIGNATURE_SIZE]);
bool key_verify(const struct key *key, struct str text, const unsigned char signature[KEY_SIGNATURE_SIZE]);

/* The public halves as a JWK set (RFC 7517). */
void keys_write_jwks(const struct key_ring *ring, struct buf *out);

#endif
