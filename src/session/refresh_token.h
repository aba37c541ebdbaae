/*
 * Refresh tokens: "nxr_" and base64url of
 *
 *     bytes 0-15   the session
 *     bytes 16-47  random for the first of a family; for others HMAC(secret_file, salt || the token before)
 *     bytes 48-63  HMAC(secret_file, bytes 0-47), cut
 *
 * The MAC makes tokens long used known again without a row for each, and keeps invented ones away from
 * PostgreSQL. What is stored is the SHA-256 of the whole text.
 */
#ifndef NEXUS_SESSION_REFRESH_TOKEN_H
#define NEXUS_SESSION_REFRESH_TOKEN_H

#include "base/str.h"
#include "base/uuid.h"

#define REFRESH_TOKEN_BYTES 64
#define REFRESH_TOKEN_SIZE  90 /* characters, without NUL */
#define REFRESH_TOKEN_SALT  16
#define REFRESH_TOKEN_HASH  32

struct refresh_token {
    char text[REFRESH_TOKEN_SIZE];
    unsigned char hash[REFRESH_TOKEN_HASH];
};

/* `secret` are the bytes of secret_file; all abort when OpenSSL or the system fails. */
void refresh_token_first(struct str secret, const struct uuid *session, struct refresh_token *out);
/* The same for the same arguments. `used` is well-formed. */
void refresh_token_next(struct str secret, const unsigned char salt[REFRESH_TOKEN_SALT], struct str used,
                        struct refresh_token *out);
void refresh_token_salt(unsigned char out[REFRESH_TOKEN_SALT]);
/* False when it is not of this form. *ours tells whether the MAC is right: a token of this session, good or
 * used. */
bool refresh_token_read(struct str secret, struct str text, struct uuid *session, bool *ours,
                        unsigned char hash[REFRESH_TOKEN_HASH]);

#endif
