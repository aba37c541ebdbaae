/* Keys for the tests of src/auth. */
#include "auth/auth_tests.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void test_pem_write(const char *path, EVP_PKEY *pkey, bool private, unsigned mode)
{
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(fchmod(fileno(f), (mode_t)mode), 0);
    int good = private ? PEM_write_PrivateKey(f, pkey, NULL, NULL, 0, NULL, NULL) : PEM_write_PUBKEY(f, pkey);
    ck_assert_int_eq(good, 1);
    ck_assert_int_eq(fclose(f), 0);
}

void test_keys_make(struct test_keys *k)
{
    snprintf(k->folder, sizeof(k->folder), "/tmp/nexus-keys-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(k->folder));
    snprintf(k->ed_path, sizeof(k->ed_path), "%s/ed.pem", k->folder);
    snprintf(k->ec_path, sizeof(k->ec_path), "%s/ec.pem", k->folder);
    snprintf(k->ec_public_path, sizeof(k->ec_public_path), "%s/ec_pub.pem", k->folder);
    k->ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    k->ec = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    ck_assert(k->ed && k->ec);
    test_pem_write(k->ed_path, k->ed, true, 0600);
    test_pem_write(k->ec_path, k->ec, true, 0600);
    test_pem_write(k->ec_public_path, k->ec, false, 0644);
}

void test_keys_remove(struct test_keys *k)
{
    EVP_PKEY_free(k->ed);
    EVP_PKEY_free(k->ec);
    unlink(k->ed_path);
    unlink(k->ec_path);
    unlink(k->ec_public_path);
    rmdir(k->folder);
}

struct options test_auth_options(const struct test_keys *k)
{
    return (struct options){ .token_key_file = k->ed_path,
                             .token_keys_extra = k->ec_public_path,
                             .token_issuer = "",
                             .public_url = "https://nexus.example",
                             .token_audience = "nexus-api",
                             .token_lifetime = 900000000,
                             .argon2_memory = 65536,
                             .argon2_passes = 1 };
}
