/* Making and knowing refresh tokens. */
#include "session/refresh_token.h"

#include "base/base64url.h"
#include "base/log.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>

#define PREFIX      "nxr_"
#define PREFIX_SIZE (sizeof(PREFIX) - 1)
#define RANDOM_AT   16
#define MAC_AT      48
#define MAC_SIZE    (REFRESH_TOKEN_BYTES - MAC_AT)

_Static_assert(PREFIX_SIZE + BASE64URL_SIZE(REFRESH_TOKEN_BYTES) == REFRESH_TOKEN_SIZE,
               "size of a refresh token");

static void expect(bool held)
{
    if (!held) {
        log_msg(LOG_ERROR, "a refresh token cannot be computed");
        abort();
    }
}

/* OpenSSL looks algorithms up by name, which costs more than they do: once a process. */
static EVP_MAC_CTX *hmac_context(void)
{
    static EVP_MAC_CTX *context;
    if (!context) {
        OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                                                 (char *)(uintptr_t) "SHA256", 0),
                                OSSL_PARAM_construct_end() };
        EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
        context = EVP_MAC_CTX_new(hmac);
        EVP_MAC_free(hmac);
        expect(context && EVP_MAC_CTX_set_params(context, params) == 1);
    }
    return context;
}

/* A label in front, so that no two uses of the secret authenticate the same bytes. Without a secret_file, of
 * which nexusctl check complains, tokens are still random and stored hashed. */
static void mac(struct str secret, struct str label, struct str a, struct str b, unsigned char out[32])
{
    EVP_MAC_CTX *context = hmac_context();
    struct str key = secret.n > 0 ? secret : STR("nexus");
    size_t size;
    expect(EVP_MAC_init(context, (const unsigned char *)key.p, key.n, NULL) == 1 &&
           EVP_MAC_update(context, (const unsigned char *)label.p, label.n) == 1 &&
           EVP_MAC_update(context, (const unsigned char *)a.p, a.n) == 1 &&
           EVP_MAC_update(context, (const unsigned char *)b.p, b.n) == 1 &&
           EVP_MAC_final(context, out, &size, 32) == 1 && size == 32);
}

static void hash(struct str text, unsigned char out[REFRESH_TOKEN_HASH])
{
    static EVP_MD *sha256;
    if (!sha256) {
        sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    }
    unsigned size;
    expect(EVP_Digest(text.p, text.n, out, &size, sha256, NULL) == 1 && size == REFRESH_TOKEN_HASH);
}

static void tag(struct str secret, const unsigned char *bytes, unsigned char out[32])
{
    mac(secret, STR("nexus refresh token 1 tag"), (struct str){ (const char *)bytes, MAC_AT }, STR(""), out);
}

/* Session and random part are in place. */
static void finish(struct str secret, unsigned char bytes[REFRESH_TOKEN_BYTES], struct refresh_token *out)
{
    unsigned char whole[32];
    tag(secret, bytes, whole);
    memcpy(bytes + MAC_AT, whole, MAC_SIZE);
    memcpy(out->text, PREFIX, PREFIX_SIZE);
    base64url_encode(out->text + PREFIX_SIZE, bytes, REFRESH_TOKEN_BYTES);
    hash((struct str){ out->text, REFRESH_TOKEN_SIZE }, out->hash);
}

static bool decode(struct str text, unsigned char bytes[REFRESH_TOKEN_BYTES])
{
    size_t n;
    return text.n == REFRESH_TOKEN_SIZE && str_starts(text, STR(PREFIX)) &&
           base64url_decode(str_skip(text, PREFIX_SIZE), bytes, REFRESH_TOKEN_BYTES, &n) &&
           n == REFRESH_TOKEN_BYTES;
}

void refresh_token_first(struct str secret, const struct uuid *session, struct refresh_token *out)
{
    unsigned char bytes[REFRESH_TOKEN_BYTES];
    memcpy(bytes, session->b, RANDOM_AT);
    expect(RAND_priv_bytes(bytes + RANDOM_AT, MAC_AT - RANDOM_AT) == 1);
    finish(secret, bytes, out);
}

void refresh_token_next(struct str secret, const unsigned char salt[REFRESH_TOKEN_SALT], struct str used,
                        struct refresh_token *out)
{
    unsigned char bytes[REFRESH_TOKEN_BYTES];
    expect(decode(used, bytes));
    mac(secret, STR("nexus refresh token 1 next"), (struct str){ (const char *)salt, REFRESH_TOKEN_SALT },
        used, bytes + RANDOM_AT);
    finish(secret, bytes, out);
}

void refresh_token_salt(unsigned char out[REFRESH_TOKEN_SALT])
{
    expect(RAND_bytes(out, REFRESH_TOKEN_SALT) == 1);
}

bool refresh_token_read(struct str secret, struct str text, struct uuid *session, bool *ours,
                        unsigned char out[REFRESH_TOKEN_HASH])
{
    unsigned char bytes[REFRESH_TOKEN_BYTES], whole[32];
    if (!decode(text, bytes)) {
        return false;
    }
    memcpy(session->b, bytes, RANDOM_AT);
    tag(secret, bytes, whole);
    *ours = CRYPTO_memcmp(whole, bytes + MAC_AT, MAC_SIZE) == 0;
    hash(text, out);
    return true;
}
