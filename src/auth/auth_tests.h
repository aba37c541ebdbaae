/* Suites of src/auth and the keys they share. */
#ifndef NEXUS_AUTH_AUTH_TESTS_H
#define NEXUS_AUTH_AUTH_TESTS_H

#include "auth/auth.h"
#include "auth/key_folder.h"

#include <check.h>
#include <openssl/evp.h>

Suite *claims_suite(void);
Suite *key_folder_suite(void);
Suite *keys_suite(void);
Suite *password_suite(void);
Suite *password_rules_suite(void);
Suite *permissions_suite(void);
Suite *scopes_suite(void);
Suite *secret_suite(void);
Suite *totp_suite(void);
Suite *token_suite(void);
Suite *token_cache_suite(void);
Suite *token_hostile_suite(void);

/* A folder as nexusctl keys makes it: an Ed25519 key that signs, a P-256 key that is published. */
struct test_keys {
    char folder[32];
    char ed_id[KEY_ID_SIZE + 1], ec_id[KEY_ID_SIZE + 1];
    EVP_PKEY *ed, *ec;
};
void test_keys_make(struct test_keys *k);
/* From now on the P-256 key signs. */
void test_keys_switch(struct test_keys *k);
void test_keys_remove(struct test_keys *k);
/* The path of a file in the folder; valid until the next call. */
const char *test_keys_path(const struct test_keys *k, const char *name, const char *suffix);
struct options test_auth_options(const struct test_keys *k);

#endif
