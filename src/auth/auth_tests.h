/* Suites of src/auth and the keys they share. */
#ifndef NEXUS_AUTH_AUTH_TESTS_H
#define NEXUS_AUTH_AUTH_TESTS_H

#include "auth/auth.h"

#include <check.h>
#include <openssl/evp.h>

Suite *claims_suite(void);
Suite *keys_suite(void);
Suite *password_suite(void);
Suite *password_rules_suite(void);
Suite *permissions_suite(void);
Suite *token_suite(void);
Suite *token_cache_suite(void);
Suite *token_hostile_suite(void);

/* A folder with PEM files, made by test_keys_make: ed.pem, ec.pem (private), ec_pub.pem (public, readable by
 * all). */
struct test_keys {
    char folder[32];
    char ed_path[64], ec_path[64], ec_public_path[64];
    EVP_PKEY *ed, *ec;
};
void test_keys_make(struct test_keys *k);
void test_keys_remove(struct test_keys *k);
void test_pem_write(const char *path, EVP_PKEY *pkey, bool private, unsigned mode);
/* Options that sign with ed.pem and also accept ec_pub.pem. */
struct options test_auth_options(const struct test_keys *k);

#endif
