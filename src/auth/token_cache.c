/* An open-addressed table with short runs; the digest is uniform, so its first bytes are the hash. */
#include "auth/token_cache.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES 4096 /* a power of two; about a megabyte a process when all are in use */
#define RUN     8

struct entry {
    unsigned char digest[TOKEN_DIGEST_SIZE];
    struct token_seen seen; /* who.expires_us 0: unused */
};

struct token_cache {
    EVP_MD *sha256; /* fetched once: a look-up by name costs more than hashing a token */
    EVP_MD_CTX *ctx;
    struct entry entry[ENTRIES + RUN];
};

struct token_cache *token_cache_create(void)
{
    struct token_cache *c = calloc(1, sizeof(*c));
    if (!c) {
        abort();
    }
    c->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    c->ctx = EVP_MD_CTX_new();
    if (!c->sha256 || !c->ctx) {
        token_cache_free(c);
        return NULL;
    }
    return c;
}

void token_cache_free(struct token_cache *c)
{
    if (c) {
        EVP_MD_CTX_free(c->ctx);
        EVP_MD_free(c->sha256);
        free(c);
    }
}

bool token_cache_digest(struct token_cache *c, struct str token, unsigned char digest[TOKEN_DIGEST_SIZE])
{
    return EVP_DigestInit_ex2(c->ctx, c->sha256, NULL) == 1 &&
           EVP_DigestUpdate(c->ctx, token.p, token.n) == 1 && EVP_DigestFinal_ex(c->ctx, digest, NULL) == 1;
}

static size_t home_of(const unsigned char *digest)
{
    uint32_t hash;
    memcpy(&hash, digest, sizeof(hash));
    return hash & (ENTRIES - 1);
}

struct token_seen *token_cache_get(struct token_cache *c, const unsigned char digest[TOKEN_DIGEST_SIZE],
                                   int64_t now_us)
{
    struct entry *run = &c->entry[home_of(digest)];
    for (size_t i = 0; i < RUN; i++) {
        if (run[i].seen.who.expires_us > now_us && memcmp(run[i].digest, digest, TOKEN_DIGEST_SIZE) == 0) {
            return &run[i].seen;
        }
    }
    return NULL;
}

void token_cache_clear(struct token_cache *c)
{
    memset(c->entry, 0, sizeof(c->entry));
}

struct token_seen *token_cache_put(struct token_cache *c, const unsigned char digest[TOKEN_DIGEST_SIZE],
                                   const struct principal *who)
{
    struct entry *run = &c->entry[home_of(digest)];
    struct entry *victim = run;
    for (size_t i = 1; i < RUN; i++) {
        if (run[i].seen.who.expires_us < victim->seen.who.expires_us) {
            victim = &run[i];
        }
    }
    memcpy(victim->digest, digest, TOKEN_DIGEST_SIZE);
    victim->seen = (struct token_seen){ .who = *who };
    return &victim->seen;
}
