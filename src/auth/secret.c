/* What is made from secret_file, by OpenSSL. */
#include "auth/secret.h"

#include "base/log.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdlib.h>

#define KEY_SIZE     32
#define NONCE_SIZE   12
#define TAG_SIZE     16
#define SEAL_VERSION 1
#define HEAD         (1 + NONCE_SIZE)

static void expect(bool held)
{
    if (!held) {
        log_msg(LOG_ERROR, "OpenSSL cannot compute");
        abort();
    }
}

static struct str key_or_default(struct str secret)
{
    return secret.n > 0 ? secret : STR("nexus");
}

void secret_random(void *to, size_t n)
{
    expect(RAND_priv_bytes(to, (int)n) == 1);
}

/* HKDF-SHA-256 (RFC 5869), the label as info. */
static void derive(struct str secret, const char *label, unsigned char key[KEY_SIZE])
{
    struct str ikm = key_or_default(secret);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (char *)ikm.p, ikm.n),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (char *)label, strlen(label)),
        OSSL_PARAM_END,
    };
    EVP_KDF *hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *kdf = EVP_KDF_CTX_new(hkdf);
    expect(kdf && EVP_KDF_derive(kdf, key, KEY_SIZE, params) == 1);
    EVP_KDF_CTX_free(kdf);
    EVP_KDF_free(hkdf);
}

void secret_mac(struct str secret, const char *label, struct str text, unsigned char out[SECRET_MAC_SIZE])
{
    unsigned char key[KEY_SIZE];
    size_t size;
    derive(secret, label, key);
    expect(EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, sizeof(key), (const unsigned char *)text.p,
                     text.n, out, SECRET_MAC_SIZE, &size) != NULL);
    OPENSSL_cleanse(key, sizeof(key));
}

static bool add_context(EVP_CIPHER_CTX *c, struct str context)
{
    int n;
    return EVP_CipherUpdate(c, NULL, &n, (const unsigned char *)context.p, (int)context.n) == 1;
}

static EVP_CIPHER_CTX *cipher(struct str secret, const char *label, const unsigned char *nonce, int encrypt)
{
    unsigned char key[KEY_SIZE];
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    derive(secret, label, key);
    expect(c && EVP_CipherInit_ex2(c, EVP_aes_256_gcm(), key, nonce, encrypt, NULL) == 1);
    OPENSSL_cleanse(key, sizeof(key));
    return c;
}

struct str secret_seal(struct str secret, const char *label, struct str context, struct arena *a,
                       struct str plain)
{
    unsigned char *out = arena_alloc(a, HEAD + plain.n + TAG_SIZE);
    int n, last;
    out[0] = SEAL_VERSION;
    expect(RAND_bytes(out + 1, NONCE_SIZE) == 1);
    EVP_CIPHER_CTX *c = cipher(secret, label, out + 1, 1);
    expect(add_context(c, context) &&
           EVP_CipherUpdate(c, out + HEAD, &n, (const unsigned char *)plain.p, (int)plain.n) == 1 &&
           EVP_CipherFinal_ex(c, out + HEAD + n, &last) == 1 &&
           EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, out + HEAD + plain.n) == 1);
    EVP_CIPHER_CTX_free(c);
    return (struct str){ (const char *)out, HEAD + plain.n + TAG_SIZE };
}

bool secret_open(struct str secret, const char *label, struct str context, struct arena *a, struct str sealed,
                 struct str *plain)
{
    if (sealed.n < HEAD + TAG_SIZE || sealed.p[0] != SEAL_VERSION) {
        return false;
    }
    const unsigned char *in = (const unsigned char *)sealed.p;
    size_t size = sealed.n - HEAD - TAG_SIZE;
    unsigned char *out = arena_alloc(a, size + 1), tag[TAG_SIZE];
    int n, last;
    memcpy(tag, in + HEAD + size, TAG_SIZE);
    EVP_CIPHER_CTX *c = cipher(secret, label, in + 1, 0);
    bool good = add_context(c, context) && EVP_CipherUpdate(c, out, &n, in + HEAD, (int)size) == 1 &&
                EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag) == 1 &&
                EVP_CipherFinal_ex(c, out + n, &last) == 1;
    EVP_CIPHER_CTX_free(c);
    *plain = good ? (struct str){ (const char *)out, size } : STR_NONE;
    return good;
}
