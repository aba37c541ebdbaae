/* Tests of keys.c. */
#include "auth/auth_tests.h"
#include "auth/keys.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct test_keys keys;
static struct key_ring ring;
static char error[512];

static void setup(void)
{
    test_keys_make(&keys);
}

static void teardown(void)
{
    keys_free(&ring);
    test_keys_remove(&keys);
}

static void load(void)
{
    ck_assert_msg(keys_load(&ring, keys.folder, error, sizeof(error)), "%s", error);
}

START_TEST(both_kinds_sign_and_verify)
{
    unsigned char signature[KEY_SIGNATURE_SIZE];
    load();
    ck_assert_uint_eq(ring.count, 2);
    ck_assert_str_eq(ring.key[0].id, keys.ed_id);
    ck_assert_str_eq(key_algorithm_name(ring.key[0].algorithm), "EdDSA");
    ck_assert_str_eq(key_algorithm_name(ring.key[1].algorithm), "ES256");
    for (size_t i = 0; i < 200; i++) { /* r and s of ES256 are short now and then */
        const struct key *key = &ring.key[i % 2];
        ck_assert(key_sign(key, STR("text"), signature));
        ck_assert(key_verify(key, STR("text"), signature));
        ck_assert(!key_verify(key, STR("Text"), signature));
        ck_assert(!key_verify(&ring.key[(i + 1) % 2], STR("text"), signature));
        signature[i % KEY_SIGNATURE_SIZE] ^= 1;
        ck_assert(!key_verify(key, STR("text"), signature));
    }
    ck_assert_ptr_eq(keys_find(&ring, str_from(ring.key[1].id)), &ring.key[1]);
    ck_assert_ptr_null(keys_find(&ring, STR("")));
    ck_assert_ptr_null(keys_find(&ring, STR_NONE));
}
END_TEST

/* The active key is the first, wherever it stands in the list; an old one is kept by its public half. */
START_TEST(an_old_key_verifies_only)
{
    unsigned char signature[KEY_SIGNATURE_SIZE];
    load();
    ck_assert(key_sign(&ring.key[0], STR("text"), signature));
    keys_free(&ring);
    test_keys_switch(&keys);
    load();
    ck_assert_str_eq(ring.key[0].id, keys.ec_id);
    ck_assert_str_eq(ring.key[1].id, keys.ed_id);
    ck_assert(key_verify(&ring.key[1], STR("text"), signature));
    ck_assert(!key_sign(&ring.key[1], STR("text"), signature));
}
END_TEST

/* RFC 8037, appendix A.3: the thumbprint of a known Ed25519 key. */
START_TEST(thumbprint_is_rfc_7638)
{
    static const char pem[] = "-----BEGIN PUBLIC KEY-----\n"
                              "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
                              "-----END PUBLIC KEY-----\n";
    char id[KEY_ID_SIZE + 1];
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *pkey = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    ck_assert(key_thumbprint(pkey, KEY_EDDSA, id));
    ck_assert_str_eq(id, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    EVP_PKEY_free(pkey);
    BIO_free(bio);
}
END_TEST

static void refused(const char *reason)
{
    error[0] = '\0';
    ck_assert(!keys_load(&ring, keys.folder, error, sizeof(error)));
    ck_assert_msg(strstr(error, reason) != NULL, "\"%s\" does not say \"%s\"", error, reason);
    ck_assert_ptr_null(strchr(error, '\n'));
    ck_assert_uint_eq(ring.count, 0);
}

/* In the place of the published key. */
static void write_key(const char *kind, const char *curve, size_t bits)
{
    EVP_PKEY *pkey =
        bits ? EVP_PKEY_Q_keygen(NULL, NULL, kind, bits) : EVP_PKEY_Q_keygen(NULL, NULL, kind, curve);
    FILE *f = fopen(test_keys_path(&keys, keys.ec_id, ".pem"), "w");
    ck_assert(pkey && f && PEM_write_PrivateKey(f, pkey, NULL, NULL, 0, NULL, NULL) == 1 && fclose(f) == 0);
    EVP_PKEY_free(pkey);
}

START_TEST(unfit_keys_are_refused)
{
    write_key("RSA", NULL, 2048);
    refused("neither");
    write_key("EC", "P-384", 0);
    refused("neither");
    write_key("EC", "secp256k1", 0);
    refused("neither");
    write_key("X25519", NULL, 0);
    refused("neither");
    write_key("ED448", NULL, 0);
    refused("neither");
    write_key("EC", "P-256", 0); /* a good key under another one's name */
    refused("another key");
}
END_TEST

static void write_text(const char *text)
{
    FILE *f = fopen(test_keys_path(&keys, keys.ed_id, ".pem"), "w");
    ck_assert(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

START_TEST(rubbish_is_refused)
{
    write_text("rubbish\n");
    refused("no private key");
    write_text("-----BEGIN PRIVATE KEY-----\nrubbish\n-----END PRIVATE KEY-----\n");
    refused("no PEM key");
    FILE *f = fopen(test_keys_path(&keys, keys.ed_id, ".pem"), "w");
    ck_assert_int_eq(PEM_write_PKCS8PrivateKey(f, keys.ed, EVP_aes_128_cbc(), "pass", 4, NULL, NULL), 1);
    fclose(f);
    refused("encrypted");
    f = fopen(test_keys_path(&keys, keys.ed_id, ".pem"), "w");
    ck_assert_int_eq(PEM_write_PUBKEY(f, keys.ed), 1);
    fclose(f);
    refused("no private key");
}
END_TEST

START_TEST(files_are_their_owners_alone)
{
    ck_assert_int_eq(chmod(test_keys_path(&keys, keys.ed_id, ".pem"), 0640), 0);
    refused("others");
    ck_assert_int_eq(chmod(test_keys_path(&keys, keys.ed_id, ".pem"), 0600), 0);
    load();
    keys_free(&ring);
    ck_assert_int_eq(unlink(test_keys_path(&keys, keys.ec_id, ".pem")), 0);
    refused(keys.ec_id);
}
END_TEST

START_TEST(jwks_has_public_halves_only)
{
    struct buf out;
    buf_init(&out, 4096);
    load();
    keys_write_jwks(&ring, &out);
    buf_addc(&out, '\0');
    ck_assert_ptr_nonnull(strstr(out.p, "\"alg\":\"EdDSA\""));
    ck_assert_ptr_nonnull(strstr(out.p, "\"crv\":\"P-256\""));
    ck_assert_ptr_nonnull(strstr(out.p, ring.key[1].id));
    ck_assert_ptr_null(strstr(out.p, "\"d\""));
    buf_free(&out);
}
END_TEST

Suite *keys_suite(void)
{
    Suite *s = suite_create("keys");
    TCase *t = tcase_create("keys");
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, both_kinds_sign_and_verify);
    tcase_add_test(t, an_old_key_verifies_only);
    tcase_add_test(t, thumbprint_is_rfc_7638);
    tcase_add_test(t, unfit_keys_are_refused);
    tcase_add_test(t, rubbish_is_refused);
    tcase_add_test(t, files_are_their_owners_alone);
    tcase_add_test(t, jwks_has_public_halves_only);
    suite_add_tcase(s, t);
    return s;
}
