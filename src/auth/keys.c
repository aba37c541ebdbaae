/* Keys from PEM files, by OpenSSL's provider-neutral interface. */
#include "auth/keys.h"

#include "auth/key_folder.h"
#include "base/base64url.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COORDINATE        32 /* bytes of an Ed25519 public key, or of x or y on P-256 */
#define COORDINATE_TEXT   BASE64URL_SIZE(COORDINATE) /* characters */
#define SIGNATURE_DER_MAX 80
#define JWK_MAX           256

static const char *parse_pem(struct str pem, bool must_sign, EVP_PKEY **pkey);
static const char *adopt(struct key_ring *ring, EVP_PKEY *pkey, const struct key_entry *named);
static bool describe(EVP_PKEY *pkey, enum key_algorithm algorithm, char jwk[JWK_MAX]);

static bool load_key(struct key_ring *ring, const char *folder, const struct key_entry *named, char *error,
                     size_t error_size)
{
    size_t size = 0;
    EVP_PKEY *pkey = NULL;
    char *pem = key_folder_pem(folder, named->id, &size, error, error_size);
    if (!pem) {
        return false;
    }
    const char *why = parse_pem((struct str){ pem, size }, named->state == KEY_ACTIVE, &pkey);
    explicit_bzero(pem, size);
    free(pem);
    why = why ? why : adopt(ring, pkey, named);
    if (why) {
        snprintf(error, error_size, "%.300s: key %s %s", folder, named->id, why);
    }
    ERR_clear_error();
    return !why;
}

/* Those in the state, or those in every other one. */
static bool load_keys(struct key_ring *ring, const char *folder, const struct key_list *list, bool active,
                      char *error, size_t error_size)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct key_entry *named = &list->entry[i];
        if ((named->state == KEY_ACTIVE) == active && !load_key(ring, folder, named, error, error_size)) {
            return false;
        }
    }
    return true;
}

bool keys_load(struct key_ring *ring, const char *folder, char *error, size_t error_size)
{
    struct key_list list;
    ring->count = 0;
    if (key_folder_read(folder, &list, error, error_size) &&
        load_keys(ring, folder, &list, true, error, error_size) &&
        load_keys(ring, folder, &list, false, error, error_size)) {
        return true;
    }
    keys_free(ring);
    return false;
}

void keys_free(struct key_ring *ring)
{
    for (size_t i = 0; i < ring->count; i++) {
        EVP_PKEY_free(ring->key[i].pkey);
    }
    ring->count = 0;
}

const struct key *keys_find(const struct key_ring *ring, struct str id)
{
    for (size_t i = 0; i < ring->count; i++) {
        if (str_eqz(id, ring->key[i].id)) {
            return &ring->key[i];
        }
    }
    return NULL;
}

const char *key_algorithm_name(enum key_algorithm algorithm)
{
    return algorithm == KEY_ES256 ? "ES256" : "EdDSA";
}

/* Never ask a terminal: an encrypted key is an unfit key. */
static int no_passphrase(char *buf, int size, int writing, void *data)
{
    return -1;
}

static const char *parse_pem(struct str pem, bool must_sign, EVP_PKEY **pkey)
{
    bool private = memmem(pem.p, pem.n, "PRIVATE KEY", 11) != NULL;
    if (must_sign && !private) {
        return "holds no private key";
    }
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    if (!bio) {
        return "out of memory";
    }
    *pkey = private ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL)
                    : PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    return *pkey ? NULL : "is no PEM key, or is encrypted";
}

/* NULL, or why the key is unfit. */
static const char *algorithm_of(EVP_PKEY *pkey, enum key_algorithm *algorithm)
{
    char curve[64] = "";
    size_t n;
    if (EVP_PKEY_is_a(pkey, "ED25519")) {
        *algorithm = KEY_EDDSA;
        return NULL;
    }
    if (EVP_PKEY_is_a(pkey, "EC") && EVP_PKEY_get_group_name(pkey, curve, sizeof(curve), &n) == 1 &&
        strcmp(curve, "prime256v1") == 0) {
        *algorithm = KEY_ES256;
        return NULL;
    }
    return "is neither an Ed25519 nor a P-256 key";
}

bool key_thumbprint(EVP_PKEY *pkey, enum key_algorithm algorithm, char id[KEY_ID_SIZE + 1])
{
    char jwk[JWK_MAX];
    unsigned char digest[32];
    if (!describe(pkey, algorithm, jwk) ||
        EVP_Digest(jwk, strlen(jwk), digest, NULL, EVP_sha256(), NULL) != 1) {
        return false;
    }
    id[base64url_encode(id, digest, sizeof(digest))] = '\0';
    return true;
}

/* Takes the key over, also when it does not want it. */
static const char *adopt(struct key_ring *ring, EVP_PKEY *pkey, const struct key_entry *named)
{
    struct key key = { .pkey = pkey };
    const char *why = algorithm_of(pkey, &key.algorithm);
    if (!why && !key_thumbprint(pkey, key.algorithm, key.id)) {
        why = "has no usable public half";
    }
    if (!why && (key.algorithm != named->algorithm || strcmp(key.id, named->id) != 0)) {
        why = "is another key than its name says";
    }
    if (why) {
        EVP_PKEY_free(pkey);
        return why;
    }
    ring->key[ring->count++] = key;
    return NULL;
}

/* One coordinate of a point on P-256, always of full length (RFC 7518, 6.2.1.2). */
static bool coordinate(EVP_PKEY *pkey, const char *name, char text[COORDINATE_TEXT + 1])
{
    unsigned char bytes[COORDINATE];
    BIGNUM *n = NULL;
    bool good =
        EVP_PKEY_get_bn_param(pkey, name, &n) == 1 && BN_bn2binpad(n, bytes, COORDINATE) == COORDINATE;
    BN_free(n);
    text[good ? base64url_encode(text, bytes, COORDINATE) : 0] = '\0';
    return good;
}

/* The required members of the public JWK in lexical order without blanks: what RFC 7638 hashes. */
static bool describe(EVP_PKEY *pkey, enum key_algorithm algorithm, char jwk[JWK_MAX])
{
    char x[COORDINATE_TEXT + 1], y[COORDINATE_TEXT + 1];
    if (algorithm == KEY_ES256) {
        bool good =
            coordinate(pkey, OSSL_PKEY_PARAM_EC_PUB_X, x) && coordinate(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, y);
        snprintf(jwk, JWK_MAX, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", x,
                 good ? y : "");
        return good;
    }
    unsigned char bytes[COORDINATE];
    size_t n = sizeof(bytes);
    if (EVP_PKEY_get_raw_public_key(pkey, bytes, &n) != 1 || n != sizeof(bytes)) {
        return false;
    }
    x[base64url_encode(x, bytes, n)] = '\0';
    snprintf(jwk, JWK_MAX, "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%s\"}", x);
    return true;
}

void keys_write_jwks(const struct key_ring *ring, struct buf *out)
{
    char jwk[JWK_MAX];
    buf_addz(out, "{\"keys\":[");
    for (size_t i = 0; i < ring->count; i++) {
        const struct key *key = &ring->key[i];
        if (describe(key->pkey, key->algorithm, jwk)) {
            buf_printf(out, "%s{\"alg\":\"%s\",\"kid\":\"%s\",\"use\":\"sig\",%s", i ? "," : "",
                       key_algorithm_name(key->algorithm), key->id, jwk + 1);
        }
    }
    buf_addz(out, "]}");
}

/* Ed25519 hashes by itself. */
static const char *digest_of(const struct key *key)
{
    return key->algorithm == KEY_ES256 ? "SHA256" : NULL;
}

/* JWS has r and s side by side (RFC 7518, 3.4), OpenSSL wants and gives an ASN.1 sequence of two integers. */
static bool raw_from_der(const unsigned char *der, size_t n, unsigned char raw[KEY_SIGNATURE_SIZE])
{
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
    bool good = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, COORDINATE) == COORDINATE &&
                BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + COORDINATE, COORDINATE) == COORDINATE;
    ECDSA_SIG_free(sig);
    return good;
}

/* 0: failed. */
static size_t der_from_raw(const unsigned char raw[KEY_SIGNATURE_SIZE], unsigned char der[SIGNATURE_DER_MAX])
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, COORDINATE, NULL), *s = BN_bin2bn(raw + COORDINATE, COORDINATE, NULL);
    if (!sig || !r || !s || ECDSA_SIG_set0(sig, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(sig);
        return 0;
    }
    int n = i2d_ECDSA_SIG(sig, NULL);
    n = n > 0 && n <= SIGNATURE_DER_MAX ? i2d_ECDSA_SIG(sig, &der) : 0;
    ECDSA_SIG_free(sig);
    return n > 0 ? (size_t)n : 0;
}

bool key_sign(const struct key *key, struct str text, unsigned char signature[KEY_SIGNATURE_SIZE])
{
    unsigned char made[SIGNATURE_DER_MAX];
    size_t n = sizeof(made);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx && EVP_DigestSignInit_ex(ctx, NULL, digest_of(key), NULL, NULL, key->pkey, NULL) == 1 &&
                EVP_DigestSign(ctx, made, &n, (const unsigned char *)text.p, text.n) == 1;
    EVP_MD_CTX_free(ctx);
    if (good && key->algorithm == KEY_ES256) {
        good = raw_from_der(made, n, signature);
    } else if (good) {
        good = n == KEY_SIGNATURE_SIZE;
        memcpy(signature, made, KEY_SIGNATURE_SIZE);
    }
    ERR_clear_error();
    return good;
}

bool key_verify(const struct key *key, struct str text, const unsigned char signature[KEY_SIGNATURE_SIZE])
{
    unsigned char der[SIGNATURE_DER_MAX];
    const unsigned char *given = signature;
    size_t n = KEY_SIGNATURE_SIZE;
    if (key->algorithm == KEY_ES256) {
        given = der;
        n = der_from_raw(signature, der);
    }
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = n > 0 && ctx &&
                EVP_DigestVerifyInit_ex(ctx, NULL, digest_of(key), NULL, NULL, key->pkey, NULL) == 1 &&
                EVP_DigestVerify(ctx, given, n, (const unsigned char *)text.p, text.n) == 1;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error(); /* a bad signature leaves its reason in OpenSSL's queue */
    return good;
}
