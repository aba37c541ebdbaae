/* Tokens that must pass. Those that must not are in token_hostile_test.c. */
#include "auth/auth_tests.h"
#include "base/clock.h"

#include <stdio.h>

static struct test_keys keys;
static struct options options;
static struct auth *auth;
static struct arena *arena;
static struct uuid user;

static struct auth *create(void)
{
    char error[256] = "";
    struct auth *made = auth_create(&options, error, sizeof(error));
    ck_assert_msg(made != NULL, "%s", error);
    return made;
}

static void setup(void)
{
    test_keys_make(&keys);
    options = test_auth_options(&keys);
    auth = create();
    arena = arena_create(16384, 1 << 20);
    user = uuid_v7();
}

static void teardown(void)
{
    arena_destroy(arena);
    auth_free(auth);
    test_keys_remove(&keys);
}

static struct str issue(struct auth *by, const char *roles)
{
    struct str token;
    int64_t lifetime_us;
    ck_assert_int_eq(token_issue(by, arena, &user, str_from(roles), &token, &lifetime_us), ERR_NONE);
    ck_assert_int_eq(lifetime_us, 900000000);
    return token;
}

START_TEST(what_is_issued_is_accepted)
{
    struct principal who;
    struct str token = issue(auth, "guest, host");
    for (int i = 0; i < 3; i++) { /* cold, then from the cache */
        ck_assert_int_eq(token_verify(auth, token, &who), ERR_NONE);
        ck_assert(who.known && uuid_eq(&who.user, &user));
        ck_assert_uint_eq(who.perms, perm_of_roles(STR("guest,host")));
        int64_t left = who.expires_us - clock_unix_us();
        ck_assert(left > 895000000 && left <= 900000000);
    }
    ck_assert(!str_eq(token, issue(auth, "guest, host"))); /* every token has an id of its own */
}
END_TEST

/* Another process that signs with the other key: both keys verify here. */
START_TEST(both_algorithms_are_accepted)
{
    struct principal who;
    test_keys_switch(&keys);
    struct auth *other = create();
    for (int i = 0; i < 50; i++) {
        ck_assert_int_eq(token_verify(auth, issue(other, "admin"), &who), ERR_NONE);
        ck_assert_uint_eq(who.perms, perm_of_roles(STR("admin")));
    }
    auth_free(other);
}
END_TEST

START_TEST(no_roles_no_permissions)
{
    struct principal who;
    ck_assert_int_eq(token_verify(auth, issue(auth, ""), &who), ERR_NONE);
    ck_assert(who.known);
    ck_assert_uint_eq(who.perms, 0);
}
END_TEST

START_TEST(lifetime_ends)
{
    struct principal who;
    struct str token;
    int64_t lifetime_us;
    options.token_lifetime = 1000000;
    struct auth *brief = create();
    ck_assert_int_eq(token_issue(brief, arena, &user, STR("guest"), &token, &lifetime_us), ERR_NONE);
    ck_assert_int_eq(lifetime_us, 1000000);
    /* Puts it into the cache, unless the second is over already. */
    enum err first = token_verify(brief, token, &who);
    ck_assert(first == ERR_NONE || first == ERR_UNAUTHENTICATED);
    while (clock_unix_us() < who.expires_us) {
    }
    ck_assert_int_eq(token_verify(brief, token, &who), ERR_UNAUTHENTICATED);
    ck_assert(!who.known);
    auth_free(brief);
}
END_TEST

START_TEST(unfit_settings_are_refused)
{
    static const char *const bad[] = { "with \"quotes\"", "back\\slash", "new\nline", "caf\xc3\xa9",
                                       "blank here" };
    char error[256];
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        options.token_issuer = bad[i];
        ck_assert_ptr_null(auth_create(&options, error, sizeof(error)));
        ck_assert_ptr_nonnull(strstr(error, "token_issuer"));
    }
    struct str token;
    int64_t lifetime_us;
    ck_assert_int_eq(token_issue(auth, arena, &user, STR("gu\"est"), &token, &lifetime_us), ERR_INTERNAL);
}
END_TEST

Suite *token_suite(void)
{
    Suite *s = suite_create("token");
    TCase *t = tcase_create("token");
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, what_is_issued_is_accepted);
    tcase_add_test(t, both_algorithms_are_accepted);
    tcase_add_test(t, no_roles_no_permissions);
    tcase_add_test(t, lifetime_ends);
    tcase_add_test(t, unfit_settings_are_refused);
    suite_add_tcase(s, t);
    return s;
}
