/* Tests of JWK sets and signatures: good ones of every algorithm, and tokens that must not pass. */
#include "base/base64url.h"
#include "base/buf.h"
#include "federation/federation_tests.h"
#include "federation/jws.h"
#include "json/document.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <string.h>

static struct arena *memory;
static EVP_PKEY *rsa, *rsa_small, *ec, *ed;

static void start(void)
{
    memory = arena_create(65536, 16 * 1024 * 1024);
    rsa = EVP_RSA_gen(2048);
    rsa_small = EVP_RSA_gen(1024);
    ec = EVP_EC_gen("prime256v1");
    ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    ck_assert(rsa && rsa_small && ec && ed);
}

static void end(void)
{
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(rsa_small);
    EVP_PKEY_free(ec);
    EVP_PKEY_free(ed);
    arena_destroy(memory);
}

static const char *encode(const void *bytes, size_t n)
{
    char *text = arena_alloc(memory, BASE64URL_SIZE(n) + 1);
    text[base64url_encode(text, bytes, n)] = '\0';
    return text;
}

static const char *number_of(EVP_PKEY *pkey, const char *name)
{
    BIGNUM *n = NULL;
    unsigned char bytes[1024];
    ck_assert(EVP_PKEY_get_bn_param(pkey, name, &n));
    int size = BN_bn2bin(n, bytes);
    BN_free(n);
    return encode(bytes, (size_t)size);
}

static const char *rsa_jwk(EVP_PKEY *pkey, const char *more)
{
    return arena_printf(memory, "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"%s}",
                        number_of(pkey, OSSL_PKEY_PARAM_RSA_N), number_of(pkey, OSSL_PKEY_PARAM_RSA_E), more);
}

static const char *ec_jwk(const char *more)
{
    unsigned char point[65];
    size_t n;
    ck_assert(EVP_PKEY_get_octet_string_param(ec, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &n) &&
              n == 65);
    return arena_printf(memory, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"%s}",
                        encode(point + 1, 32), encode(point + 33, 32), more);
}

static const char *ed_jwk(const char *more)
{
    unsigned char x[32];
    size_t n = sizeof(x);
    ck_assert(EVP_PKEY_get_raw_public_key(ed, x, &n));
    return arena_printf(memory, "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"%s\"%s}", encode(x, 32), more);
}

static size_t sign_raw(EVP_PKEY *pkey, const char *text, bool pss, unsigned char *out)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *parameters = NULL;
    size_t n = 1024;
    ck_assert(EVP_DigestSignInit(ctx, &parameters, pkey == ed ? NULL : EVP_sha256(), NULL, pkey) == 1);
    if (pss) {
        ck_assert(EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) > 0);
        ck_assert(EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) > 0);
    }
    ck_assert(EVP_DigestSign(ctx, out, &n, (const unsigned char *)text, strlen(text)) == 1);
    EVP_MD_CTX_free(ctx);
    return n;
}

static size_t to_raw(unsigned char *signature, size_t n)
{
    const unsigned char *p = signature;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)n);
    ck_assert_ptr_nonnull(sig);
    ck_assert(BN_bn2binpad(ECDSA_SIG_get0_r(sig), signature, 32) == 32);
    ck_assert(BN_bn2binpad(ECDSA_SIG_get0_s(sig), signature + 32, 32) == 32);
    ECDSA_SIG_free(sig);
    return 64;
}

static const char *unsigned_text(const char *header, const char *claims)
{
    return arena_printf(memory, "%s.%s", encode(header, strlen(header)), encode(claims, strlen(claims)));
}

static struct str token_of(EVP_PKEY *pkey, bool pss, const char *header)
{
    unsigned char signature[1024];
    const char *text = unsigned_text(header, "{\"sub\":\"ada\"}");
    size_t n = sign_raw(pkey, text, pss, signature);
    n = pkey == ec ? to_raw(signature, n) : n;
    return str_from(arena_printf(memory, "%s.%s", text, encode(signature, n)));
}

static struct jws_keys keys;

static void set_keys(const char *list)
{
    ck_assert(jws_keys_parse(&keys, memory, str_from(arena_printf(memory, "{\"keys\":[%s]}", list))));
}

static enum jws_result verify(struct str token, unsigned algs)
{
    struct jws out;
    return jws_verify(&keys, algs, memory, token, &out);
}

START_TEST(every_algorithm)
{
    struct {
        EVP_PKEY *pkey;
        bool pss;
        enum jws_alg alg;
        const char *name;
    } cases[] = { { rsa, false, JWS_RS256, "RS256" },
                  { rsa, true, JWS_PS256, "PS256" },
                  { ec, false, JWS_ES256, "ES256" },
                  { ed, false, JWS_EDDSA, "EdDSA" } };
    set_keys(arena_printf(memory, "%s,%s,%s", rsa_jwk(rsa, ",\"kid\":\"a\""),
                          ec_jwk(",\"kid\":\"b\",\"use\":\"sig\""),
                          ed_jwk(",\"kid\":\"c\",\"key_ops\":[\"verify\"]")));
    ck_assert_uint_eq(keys.count, 3);
    for (size_t i = 0; i < 4; i++) {
        struct jws out;
        const char *header = arena_printf(memory, "{\"alg\":\"%s\",\"typ\":\"JWT\"}", cases[i].name);
        struct str token = token_of(cases[i].pkey, cases[i].pss, header);
        ck_assert_int_eq(jws_verify(&keys, JWS_ALL, memory, token, &out), JWS_GOOD);
        ck_assert_int_eq(out.alg, cases[i].alg);
        ck_assert(str_eqz(document_text(out.claims, "sub"), "ada"));
        /* an algorithm the provider does not use */
        ck_assert_int_eq(verify(token, JWS_ALL & ~(unsigned)cases[i].alg), JWS_BAD);
        /* one bit of the signature, and of the claims */
        for (size_t at = token.n - 10; at > 0; at = at > 30 ? at - 30 : 0) {
            char *changed = arena_strdup(memory, token);
            changed[at] = changed[at] == 'A' ? 'B' : 'A';
            ck_assert_int_ne(verify((struct str){ changed, token.n }, JWS_ALL), JWS_GOOD);
        }
    }
}
END_TEST

START_TEST(confused_algorithms)
{
    set_keys(arena_printf(memory, "%s,%s,%s", rsa_jwk(rsa, ",\"kid\":\"a\""), ec_jwk(",\"kid\":\"b\""),
                          ed_jwk(",\"kid\":\"c\"")));
    static const char *const none[] = {
        "none", "None", "NONE", "nOnE", "HS256", "RS512", "ES384", "rs256", ""
    };
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        const char *text =
            unsigned_text(arena_printf(memory, "{\"alg\":\"%s\"}", none[i]), "{\"sub\":\"ada\"}");
        ck_assert_int_eq(verify(str_from(arena_printf(memory, "%s.", text)), JWS_ALL), JWS_BAD);
    }
    /* HS256 with the text of a public key as the secret */
    unsigned char mac[32];
    const char *secret = rsa_jwk(rsa, ""),
               *text = unsigned_text("{\"alg\":\"HS256\",\"kid\":\"a\"}", "{\"sub\":\"x\"}");
    HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)text, strlen(text), mac, NULL);
    ck_assert_int_eq(verify(str_from(arena_printf(memory, "%s.%s", text, encode(mac, 32))), JWS_ALL),
                     JWS_BAD);
    /* an algorithm that is not the key's */
    ck_assert_int_ne(verify(token_of(ec, false, "{\"alg\":\"ES256\",\"kid\":\"a\"}"), JWS_ALL), JWS_GOOD);
    ck_assert_int_ne(verify(token_of(ec, false, "{\"alg\":\"RS256\",\"kid\":\"b\"}"), JWS_ALL), JWS_GOOD);
    ck_assert_int_ne(verify(token_of(ed, false, "{\"alg\":\"ES256\",\"kid\":\"c\"}"), JWS_ALL), JWS_GOOD);
    ck_assert_int_ne(verify(token_of(rsa, false, "{\"alg\":\"PS256\",\"kid\":\"a\"}"), JWS_ALL), JWS_GOOD);
    ck_assert_int_ne(verify(token_of(rsa, true, "{\"alg\":\"RS256\",\"kid\":\"a\"}"), JWS_ALL), JWS_GOOD);
    /* DER instead of r and s */
    unsigned char der[1024];
    text = unsigned_text("{\"alg\":\"ES256\"}", "{\"sub\":\"x\"}");
    size_t n = sign_raw(ec, text, false, der);
    ck_assert_int_eq(verify(str_from(arena_printf(memory, "%s.%s", text, encode(der, n))), JWS_ALL), JWS_BAD);
    unsigned char zero[64] = { 0 };
    ck_assert_int_eq(verify(str_from(arena_printf(memory, "%s.%s", text, encode(zero, 64))), JWS_ALL),
                     JWS_BAD);
}
END_TEST

START_TEST(headers_that_are_refused)
{
    set_keys(ed_jwk(",\"kid\":\"k\""));
    static const char *const bad[] = {
        "{\"alg\":\"EdDSA\",\"crit\":[\"exp\"],\"exp\":1}",
        "{\"alg\":\"EdDSA\",\"b64\":false}",
        "{\"alg\":\"EdDSA\",\"zip\":\"DEF\"}",
        "{\"alg\":\"EdDSA\",\"enc\":\"A128GCM\"}",
        "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\"}",
        "{\"alg\":\"EdDSA\",\"typ\":\"logout+jwt\"}",
        "{\"alg\":\"EdDSA\",\"typ\":1}",
        "{\"alg\":\"EdDSA\",\"alg\":\"EdDSA\"}",
        "{\"alg\":[\"EdDSA\"]}",
        "{\"kid\":\"k\"}",
        "[]",
        "{\"alg\":\"EdDSA\"} x",
        "{\"alg\":\"EdDSA\",\"kid\":7}",
        "{\"alg\":\"EdDSA\",\"kid\":null}",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(verify(token_of(ed, false, bad[i]), JWS_ALL) == JWS_BAD, "%s", bad[i]);
    }
    ck_assert_int_eq(verify(token_of(ed, false, "{\"alg\":\"EdDSA\",\"typ\":\"jwt\"}"), JWS_ALL), JWS_GOOD);
    /* a key that the token brings along is not looked at */
    ck_assert_int_eq(
        verify(token_of(ed, false, arena_printf(memory, "{\"alg\":\"EdDSA\",\"jwk\":%s}", ed_jwk(""))),
               JWS_ALL),
        JWS_GOOD);
    set_keys("");
    ck_assert_int_eq(
        verify(token_of(ed, false, arena_printf(memory, "{\"alg\":\"EdDSA\",\"jwk\":%s}", ed_jwk(""))),
               JWS_ALL),
        JWS_UNKNOWN_KEY);
}
END_TEST

START_TEST(names_of_keys)
{
    set_keys(arena_printf(memory, "%s,%s", ed_jwk(",\"kid\":\"one\""), ec_jwk(",\"kid\":\"two\"")));
    ck_assert_int_eq(verify(token_of(ed, false, "{\"alg\":\"EdDSA\",\"kid\":\"one\"}"), JWS_ALL), JWS_GOOD);
    ck_assert_int_eq(verify(token_of(ed, false, "{\"alg\":\"EdDSA\",\"kid\":\"two\"}"), JWS_ALL),
                     JWS_UNKNOWN_KEY);
    ck_assert_int_eq(verify(token_of(ed, false, "{\"alg\":\"EdDSA\",\"kid\":\"\"}"), JWS_ALL),
                     JWS_UNKNOWN_KEY);
    /* two that fit, and no name, or the same name twice */
    set_keys(arena_printf(memory, "%s,%s", ed_jwk(",\"kid\":\"x\""), ed_jwk(",\"kid\":\"x\"")));
    ck_assert_int_eq(verify(token_of(ed, false, "{\"alg\":\"EdDSA\"}"), JWS_ALL), JWS_BAD);
    ck_assert_int_eq(verify(token_of(ed, false, "{\"alg\":\"EdDSA\",\"kid\":\"x\"}"), JWS_ALL), JWS_BAD);
}
END_TEST

START_TEST(keys_that_are_left_out)
{
    const char *const bad[] = {
        rsa_jwk(rsa_small, ""),
        rsa_jwk(rsa, ",\"use\":\"enc\""),
        rsa_jwk(rsa, ",\"key_ops\":[\"encrypt\"]"),
        rsa_jwk(rsa, ",\"d\":\"AQAB\""),
        rsa_jwk(rsa, ",\"alg\":\"ES256\""),
        rsa_jwk(rsa, ",\"alg\":\"RSA-OAEP\""),
        rsa_jwk(rsa, ",\"kid\":7"),
        "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}",
        "{\"kty\":\"oct\",\"k\":\"AQABAQABAQABAQABAQABAQABAQABAQABAQABAQABAQA\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQAB\",\"y\":\"AQAB\"}",
        /* no point of the curve */
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE\","
        "\"y\":\"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"AQAB\",\"y\":\"AQAB\"}",
        "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AQ\"}",
        "{}",
        "7",
        "null",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        set_keys(bad[i]);
        ck_assert_msg(keys.count == 0, "%s", bad[i]);
    }
    set_keys(rsa_jwk(rsa, ",\"alg\":\"PS256\""));
    ck_assert_uint_eq(keys.count, 1);
    ck_assert_int_eq(verify(token_of(rsa, true, "{\"alg\":\"PS256\"}"), JWS_ALL), JWS_GOOD);
    ck_assert_int_ne(verify(token_of(rsa, false, "{\"alg\":\"RS256\"}"), JWS_ALL), JWS_GOOD);
}
END_TEST

START_TEST(sets_that_are_none)
{
    static const char *const bad[] = {
        "", "[]", "{}", "{\"keys\":{}}", "{\"keys\":[],\"keys\":[]}", "{\"keys\":[}", "\"keys\""
    };
    set_keys(ed_jwk(""));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(!jws_keys_parse(&keys, memory, str_from(bad[i])), "%s", bad[i]);
        ck_assert_uint_eq(keys.count, 1); /* what was there stays */
    }
    struct buf many;
    buf_init(&many, 1000000);
    for (int i = 0; i < 2 * JWS_KEYS_MAX; i++) {
        buf_printf(&many, "%s%s", i ? "," : "", ed_jwk(""));
    }
    set_keys(arena_strdup(memory, buf_str(&many)));
    ck_assert_uint_eq(keys.count, JWS_KEYS_MAX);
    buf_free(&many);
}
END_TEST

START_TEST(half_hash)
{
    /* OpenID Connect Core, A.3 */
    ck_assert(str_eqz(jws_half_hash(JWS_RS256, memory, STR("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y")),
                      "77QmUPtjPfzWtF2AnpK9RQ"));
    ck_assert_uint_eq(jws_half_hash(JWS_EDDSA, memory, STR("x")).n, BASE64URL_SIZE(32));
}
END_TEST

Suite *jws_suite(void)
{
    Suite *suite = suite_create("jws");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, start, end);
    tcase_add_test(all, every_algorithm);
    tcase_add_test(all, confused_algorithms);
    tcase_add_test(all, headers_that_are_refused);
    tcase_add_test(all, names_of_keys);
    tcase_add_test(all, keys_that_are_left_out);
    tcase_add_test(all, sets_that_are_none);
    tcase_add_test(all, half_hash);
    suite_add_tcase(suite, all);
    return suite;
}
