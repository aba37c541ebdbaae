/* Tests of key_folder.c. */
#include "auth/auth_tests.h"
#include "auth/key_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct test_keys keys;
static struct key_folder_edit edit;
static char error[512];

static void setup(void)
{
    test_keys_make(&keys);
    ck_assert(key_folder_begin(&edit, keys.folder, error, sizeof(error)));
}

static void teardown(void)
{
    key_folder_end(&edit);
    test_keys_remove(&keys);
}

static struct key_list read_list(void)
{
    struct key_list list;
    ck_assert_msg(key_folder_read(keys.folder, &list, error, sizeof(error)), "%s", error);
    return list;
}

static enum key_state state_of(const char *id)
{
    struct key_list list = read_list();
    const struct key_entry *k = key_list_find(&list, id);
    ck_assert_ptr_nonnull(k);
    return k->state;
}

static bool is_private(const char *id)
{
    size_t size;
    char *pem = key_folder_pem(keys.folder, id, &size, error, sizeof(error));
    ck_assert_msg(pem != NULL, "%s", error);
    bool private = strstr(pem, "PRIVATE") != NULL;
    free(pem);
    return private;
}

START_TEST(the_life_of_a_key)
{
    struct key_entry third;
    ck_assert_int_eq(state_of(keys.ed_id), KEY_ACTIVE); /* the first one */
    ck_assert_int_eq(state_of(keys.ec_id), KEY_PUBLISHED);
    struct key_stamp before = key_folder_stamp(keys.folder);
    ck_assert(key_folder_activate(&edit, keys.ec_id, 1234, error, sizeof(error)));
    struct key_stamp after = key_folder_stamp(keys.folder);
    ck_assert(memcmp(&before, &after, sizeof(before)) != 0);
    ck_assert_int_eq(state_of(keys.ec_id), KEY_ACTIVE);
    ck_assert_int_eq(state_of(keys.ed_id), KEY_OLD);
    ck_assert(is_private(keys.ec_id) && !is_private(keys.ed_id));
    ck_assert(key_folder_generate(&edit, KEY_EDDSA, 99, &third, error, sizeof(error)));
    ck_assert_int_eq(third.state, KEY_PUBLISHED);
    ck_assert(key_folder_retire(&edit, keys.ed_id, error, sizeof(error)));
    ck_assert_int_ne(access(test_keys_path(&keys, keys.ed_id, ".pem"), F_OK), 0);
    struct key_list list = read_list();
    ck_assert_uint_eq(list.count, 2);
    ck_assert_str_eq(list.entry[0].id, keys.ec_id);
    ck_assert_int_eq(list.entry[0].since_s, 1234);
    ck_assert_str_eq(list.entry[1].id, third.id);
}
END_TEST

START_TEST(what_makes_no_sense_is_refused)
{
    ck_assert(!key_folder_activate(&edit, keys.ed_id, 1, error, sizeof(error))); /* active already */
    ck_assert(!key_folder_activate(&edit, "unknown", 1, error, sizeof(error)));
    ck_assert(!key_folder_retire(&edit, keys.ed_id, error, sizeof(error))); /* the active one */
    ck_assert(key_folder_activate(&edit, keys.ec_id, 1, error, sizeof(error)));
    ck_assert(
        !key_folder_activate(&edit, keys.ed_id, 1, error, sizeof(error))); /* its private half is gone */
    ck_assert_int_eq(state_of(keys.ec_id), KEY_ACTIVE);
}
END_TEST

START_TEST(there_is_a_limit)
{
    struct key_entry made;
    while (edit.list.count < KEYS_MAX) {
        ck_assert(key_folder_generate(&edit, KEY_EDDSA, 1, &made, error, sizeof(error)));
    }
    ck_assert(!key_folder_generate(&edit, KEY_EDDSA, 1, &made, error, sizeof(error)));
    ck_assert_uint_eq(read_list().count, KEYS_MAX);
}
END_TEST

START_TEST(a_spoilt_list_is_refused)
{
    static const char *const bad[] = { "", "# nothing\n", "a b c\n", "one two active 3\n",
                                       "../../../../../../../../../../../etc/passwd EdDSA active 1\n" };
    struct key_list list;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        FILE *f = fopen(test_keys_path(&keys, "keys", ""), "w");
        ck_assert(f && fputs(bad[i], f) >= 0 && fclose(f) == 0);
        ck_assert_msg(!key_folder_read(keys.folder, &list, error, sizeof(error)), "%s", bad[i]);
    }
    ck_assert(!key_folder_read("/nonexistent", &list, error, sizeof(error)));
    ck_assert(!key_folder_read("", &list, error, sizeof(error)));
    ck_assert_ptr_nonnull(strstr(error, "token_keys"));
}
END_TEST

/* As systemd shows a folder that was loaded as a credential. */
START_TEST(a_credential_is_read)
{
    struct key_list list;
    char command[512];
    snprintf(command, sizeof(command), "cd %s && for f in *; do cp -p $f signing_$f; done", keys.folder);
    ck_assert_int_eq(system(command), 0);
    ck_assert_int_eq(setenv("CREDENTIALS_DIRECTORY", keys.folder, 1), 0);
    ck_assert_msg(key_folder_read("credential:signing", &list, error, sizeof(error)), "%s", error);
    ck_assert_uint_eq(list.count, 2);
    struct key_ring ring;
    ck_assert_msg(keys_load(&ring, "credential:signing", error, sizeof(error)), "%s", error);
    keys_free(&ring);
    struct key_folder_edit other;
    ck_assert(!key_folder_begin(&other, "credential:signing", error, sizeof(error)));
    unsetenv("CREDENTIALS_DIRECTORY");
}
END_TEST

Suite *key_folder_suite(void)
{
    Suite *s = suite_create("key_folder");
    TCase *t = tcase_create("folder");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, the_life_of_a_key);
    tcase_add_test(t, what_makes_no_sense_is_refused);
    tcase_add_test(t, there_is_a_limit);
    tcase_add_test(t, a_spoilt_list_is_refused);
    tcase_add_test(t, a_credential_is_read);
    suite_add_tcase(s, t);
    return s;
}
