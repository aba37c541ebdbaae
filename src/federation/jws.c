/* JWK sets and JWS with OpenSSL. */
#include "federation/jws.h"

#include "auth/keys.h"
#include "base/base64url.h"
#include "json/document.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <string.h>
#include <strings.h>

#define COORDINATE   32
#define RSA_BYTES    (JWS_RSA_MAX / 8)
#define EXPONENT_MAX 8 /* bytes */

static const struct {
    const char *name;
    enum jws_alg alg;
} names[] = {
    { "RS256", JWS_RS256 }, { "PS256", JWS_PS256 }, { "ES256", JWS_ES256 }, { "EdDSA", JWS_EDDSA }
};

static unsigned alg_of(struct str name)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (name.p && str_eqz(name, names[i].name)) {
            return names[i].alg;
        }
    }
    return 0;
}

unsigned jws_algs(struct json_object *list)
{
    unsigned algs = 0;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        algs |= document_lists(list, names[i].name) ? (unsigned)names[i].alg : 0;
    }
    return algs;
}

/* ---- keys ---- */

static EVP_PKEY *from_params(const char *type, OSSL_PARAM *params)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *pkey = NULL;
    if (!ctx || !params || EVP_PKEY_fromdata_init(ctx) <= 0 ||
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) <= 0) {
        pkey = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

/* Points that are not on the curve, and the like. */
static EVP_PKEY *checked(EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *ctx = pkey ? EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL) : NULL;
    bool good = ctx && EVP_PKEY_public_check(ctx) > 0;
    EVP_PKEY_CTX_free(ctx);
    if (!good) {
        EVP_PKEY_free(pkey);
        return NULL;
    }
    return pkey;
}

static bool bytes_of(struct json_object *jwk, const char *name, unsigned char *out, size_t cap, size_t *n)
{
    struct str text = document_text(jwk, name);
    return text.p && text.n > 0 && base64url_decode(text, out, cap, n);
}

static OSSL_PARAM *rsa_params(const BIGNUM *n, const BIGNUM *e)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    if (build && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e)) {
        params = OSSL_PARAM_BLD_to_param(build);
    }
    OSSL_PARAM_BLD_free(build);
    return params;
}

static EVP_PKEY *rsa_key(struct json_object *jwk)
{
    unsigned char n[RSA_BYTES + 1], e[EXPONENT_MAX];
    size_t n_size, e_size;
    if (!bytes_of(jwk, "n", n, sizeof(n), &n_size) || !bytes_of(jwk, "e", e, sizeof(e), &e_size)) {
        return NULL;
    }
    BIGNUM *modulus = BN_bin2bn(n, (int)n_size, NULL), *exponent = BN_bin2bn(e, (int)e_size, NULL);
    EVP_PKEY *pkey = NULL;
    if (modulus && exponent && BN_num_bits(modulus) >= JWS_RSA_MIN && BN_num_bits(modulus) <= JWS_RSA_MAX &&
        BN_is_odd(modulus) && BN_is_odd(exponent) && !BN_is_one(exponent)) {
        OSSL_PARAM *params = rsa_params(modulus, exponent);
        pkey = from_params("RSA", params);
        OSSL_PARAM_free(params);
    }
    BN_free(modulus);
    BN_free(exponent);
    return pkey;
}

static EVP_PKEY *ec_key(struct json_object *jwk)
{
    unsigned char point[1 + 2 * COORDINATE] = { 4 };
    char group[] = "prime256v1";
    size_t x, y;
    if (!str_eqz(document_text(jwk, "crv"), "P-256") || !bytes_of(jwk, "x", point + 1, COORDINATE, &x) ||
        !bytes_of(jwk, "y", point + 1 + COORDINATE, COORDINATE, &y) || x != COORDINATE || y != COORDINATE) {
        return NULL;
    }
    OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
                            OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
                            OSSL_PARAM_construct_end() };
    return checked(from_params("EC", params));
}

static EVP_PKEY *okp_key(struct json_object *jwk)
{
    unsigned char x[COORDINATE];
    size_t n;
    if (!str_eqz(document_text(jwk, "crv"), "Ed25519") || !bytes_of(jwk, "x", x, sizeof(x), &n) ||
        n != COORDINATE) {
        return NULL;
    }
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x, sizeof(x));
}

static const struct {
    const char *kty;
    unsigned algs;
    EVP_PKEY *(*read)(struct json_object *jwk);
} kinds[] = { { "RSA", JWS_RS256 | JWS_PS256, rsa_key },
              { "EC", JWS_ES256, ec_key },
              { "OKP", JWS_EDDSA, okp_key } };

/* What the key itself says it is for. A private half has no business in a public document. */
static bool is_for_signatures(struct json_object *jwk)
{
    struct json_object *ops = document_list(jwk, "key_ops");
    if (document_has(jwk, "d") || document_has(jwk, "k")) {
        return false;
    }
    return (!document_has(jwk, "use") || str_eqz(document_text(jwk, "use"), "sig")) &&
           (!document_has(jwk, "key_ops") || document_lists(ops, "verify"));
}

static bool read_key(struct json_object *jwk, struct jws_key *out)
{
    struct str kty, kid, alg;
    if (!json_object_is_type(jwk, json_type_object) || !is_for_signatures(jwk)) {
        return false;
    }
    kty = document_text(jwk, "kty");
    kid = document_text(jwk, "kid");
    alg = document_text(jwk, "alg");
    if (kid.n > JWS_KID_MAX || (document_has(jwk, "kid") && !kid.p)) {
        return false;
    }
    *out = (struct jws_key){ 0 };
    memcpy(out->kid, kid.p ? kid.p : "", kid.n);
    for (size_t i = 0; kty.p && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (str_eqz(kty, kinds[i].kty)) {
            out->algs = kinds[i].algs & (document_has(jwk, "alg") ? alg_of(alg) : JWS_ALL);
            out->pkey = out->algs ? kinds[i].read(jwk) : NULL;
        }
    }
    ERR_clear_error();
    return out->pkey != NULL;
}

bool jws_keys_parse(struct jws_keys *out, struct arena *a, struct str json)
{
    struct json_object *set = document_read(a, json), *list = set ? document_list(set, "keys") : NULL;
    if (!list) {
        return false;
    }
    jws_keys_free(out);
    for (size_t i = 0; i < json_object_array_length(list) && out->count < JWS_KEYS_MAX; i++) {
        out->count += read_key(json_object_array_get_idx(list, i), &out->key[out->count]) ? 1 : 0;
    }
    return true;
}

void jws_keys_free(struct jws_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++) {
        EVP_PKEY_free(keys->key[i].pkey);
    }
    keys->count = 0;
}

/* ---- signatures ---- */

static bool verify_rsa(EVP_PKEY *pkey, bool pss, struct str text, const unsigned char *signature, size_t n)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *parameters = NULL;
    bool good =
        ctx && EVP_DigestVerifyInit(ctx, &parameters, EVP_sha256(), NULL, pkey) == 1 &&
        EVP_PKEY_CTX_set_rsa_padding(parameters, pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING) > 0 &&
        (!pss || EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) > 0) &&
        EVP_DigestVerify(ctx, signature, n, (const unsigned char *)text.p, text.n) == 1;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return good;
}

static bool verify_curve(EVP_PKEY *pkey, enum jws_alg alg, struct str text, const unsigned char *signature,
                         size_t n)
{
    struct key key = { .pkey = pkey, .algorithm = alg == JWS_EDDSA ? KEY_EDDSA : KEY_ES256 };
    return n == KEY_SIGNATURE_SIZE && key_verify(&key, text, signature);
}

static bool verify(EVP_PKEY *pkey, enum jws_alg alg, struct str text, struct str signature)
{
    unsigned char bytes[RSA_BYTES];
    size_t n;
    if (!base64url_decode(signature, bytes, sizeof(bytes), &n)) {
        return false;
    }
    return alg == JWS_RS256 || alg == JWS_PS256 ? verify_rsa(pkey, alg == JWS_PS256, text, bytes, n)
                                                : verify_curve(pkey, alg, text, bytes, n);
}

static struct json_object *decode(struct arena *a, struct str part)
{
    size_t cap = BASE64URL_BYTES(part.n) + 1, n;
    char *bytes = arena_alloc(a, cap);
    return base64url_decode(part, bytes, cap, &n) ? document_read(a, (struct str){ bytes, n }) : NULL;
}

/* RFC 7515, 4.1. Keys that a token brings along are never looked at; what has to be understood is not. */
static unsigned header_alg(struct json_object *header, unsigned algs)
{
    struct str typ = document_text(header, "typ");
    if (document_has(header, "crit") || document_has(header, "b64") || document_has(header, "enc") ||
        document_has(header, "zip") ||
        (document_has(header, "typ") && !(typ.p && str_eq_nocase(typ, STR("JWT"))))) {
        return 0;
    }
    return alg_of(document_text(header, "alg")) & algs;
}

/* The one key of this name that serves the algorithm; without a name there may be only one that does. */
static const struct jws_key *find(const struct jws_keys *keys, unsigned alg, struct str kid, size_t *fitting)
{
    const struct jws_key *found = NULL;
    *fitting = 0;
    for (size_t i = 0; i < keys->count; i++) {
        if ((keys->key[i].algs & alg) && (!kid.p || str_eqz(kid, keys->key[i].kid))) {
            found = &keys->key[i];
            ++*fitting;
        }
    }
    return *fitting == 1 ? found : NULL;
}

enum jws_result jws_verify(const struct jws_keys *keys, unsigned algs, struct arena *a, struct str token,
                           struct jws *out)
{
    struct str rest = token, head, payload;
    size_t fitting;
    if (token.n > JWS_MAX || !str_split(&rest, '.', &head) || !rest.p || !str_split(&rest, '.', &payload) ||
        !rest.p) {
        return JWS_BAD;
    }
    struct json_object *header = decode(a, head);
    unsigned alg = header ? header_alg(header, algs) : 0;
    struct str kid = header ? document_text(header, "kid") : STR_NONE;
    if (alg == 0 || (document_has(header, "kid") && !kid.p)) {
        return JWS_BAD;
    }
    const struct jws_key *key = find(keys, alg, kid, &fitting);
    if (!key) {
        return fitting == 0 ? JWS_UNKNOWN_KEY : JWS_BAD;
    }
    struct str text = { token.p, head.n + 1 + payload.n };
    if (!verify(key->pkey, (enum jws_alg)alg, text, rest)) {
        return JWS_BAD;
    }
    *out = (struct jws){ (enum jws_alg)alg, decode(a, payload) };
    return out->claims ? JWS_GOOD : JWS_BAD;
}

/* Ed25519 comes with SHA-512, the others with SHA-256. */
struct str jws_half_hash(enum jws_alg alg, struct arena *a, struct str text)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    char *out = arena_alloc(a, BASE64URL_SIZE(EVP_MAX_MD_SIZE) + 1);
    if (EVP_Digest(text.p, text.n, digest, &n, alg == JWS_EDDSA ? EVP_sha512() : EVP_sha256(), NULL) != 1) {
        return STR_NONE;
    }
    return (struct str){ out, base64url_encode(out, digest, n / 2) };
}
