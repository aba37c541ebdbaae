/* Keys for the tests of src/auth. */
#include "auth/auth_tests.h"

#include <dirent.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LONG_AGO 1000000000

static char error[512];

const char *test_keys_path(const struct test_keys *k, const char *name, const char *suffix)
{
    static char path[512];
    snprintf(path, sizeof(path), "%s/%s%s", k->folder, name, suffix);
    return path;
}

static EVP_PKEY *generate(struct test_keys *k, struct key_folder_edit *e, enum key_algorithm algorithm,
                          char *id)
{
    struct key_entry made;
    ck_assert_msg(key_folder_generate(e, algorithm, LONG_AGO, &made, error, sizeof(error)), "%s", error);
    memcpy(id, made.id, sizeof(made.id));
    FILE *f = fopen(test_keys_path(k, id, ".pem"), "r");
    ck_assert_ptr_nonnull(f);
    EVP_PKEY *pkey = PEM_read_PrivateKey(f, NULL, NULL, NULL);
    fclose(f);
    ck_assert_ptr_nonnull(pkey);
    return pkey;
}

void test_keys_make(struct test_keys *k)
{
    struct key_folder_edit e;
    snprintf(k->folder, sizeof(k->folder), "/tmp/nexus-keys-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(k->folder));
    ck_assert_msg(key_folder_begin(&e, k->folder, error, sizeof(error)), "%s", error);
    k->ed = generate(k, &e, KEY_EDDSA, k->ed_id);
    k->ec = generate(k, &e, KEY_ES256, k->ec_id);
    key_folder_end(&e);
}

void test_keys_switch(struct test_keys *k)
{
    struct key_folder_edit e;
    ck_assert_msg(key_folder_begin(&e, k->folder, error, sizeof(error)), "%s", error);
    ck_assert_msg(key_folder_activate(&e, k->ec_id, LONG_AGO + 1, error, sizeof(error)), "%s", error);
    key_folder_end(&e);
}

void test_keys_remove(struct test_keys *k)
{
    EVP_PKEY_free(k->ed);
    EVP_PKEY_free(k->ec);
    DIR *d = opendir(k->folder);
    for (struct dirent *f; d && (f = readdir(d)) != NULL;) {
        unlink(test_keys_path(k, f->d_name, ""));
    }
    closedir(d);
    rmdir(k->folder);
}

struct options test_auth_options(const struct test_keys *k)
{
    return (struct options){ .token_keys = k->folder,
                             .token_issuer = "",
                             .public_url = "https://nexus.example",
                             .token_audience = "nexus-api",
                             .token_lifetime = 900000000,
                             .argon2_memory = 65536,
                             .argon2_passes = 1 };
}
