/*
 * Tokens that were found good, by their SHA-256, so that a signature is checked once per token and process.
 * Bounded; an entry is never used past its token's expiry.
 */
#ifndef NEXUS_AUTH_TOKEN_CACHE_H
#define NEXUS_AUTH_TOKEN_CACHE_H

#include "auth/auth.h"

#define TOKEN_DIGEST_SIZE 32

struct token_cache;

struct token_cache *token_cache_create(void); /* NULL when OpenSSL has no SHA-256 */
void token_cache_free(struct token_cache *c);

/* The key of a token in the cache. False when OpenSSL fails. */
bool token_cache_digest(struct token_cache *c, struct str token,
                        unsigned char digest[TOKEN_DIGEST_SIZE]) MUST_CHECK;
/* NULL: unknown or expired. Valid until the next call of token_cache_put. */
struct token_seen *token_cache_get(struct token_cache *c, const unsigned char digest[TOKEN_DIGEST_SIZE],
                                   int64_t now_us);
void token_cache_clear(struct token_cache *c);
/* When the place is crowded the entry that expires first goes. The new one, of whose bearer nothing is known.
 */
struct token_seen *token_cache_put(struct token_cache *c, const unsigned char digest[TOKEN_DIGEST_SIZE],
                                   const struct principal *who);

#endif
