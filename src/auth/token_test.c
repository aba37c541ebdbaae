/* Tokens that must pass. Those that must not are in token_hostile_test.c. */
#include "auth/auth_tests.h"
#include "base/clock.h"

#include <stdio.h>

static struct test_keys keys;
static struct options options;
static struct auth *auth;
static struct arena *arena;
static struct uuid user, client, session, actor;

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
    client = uuid_v7();
    session = uuid_v7();
    actor = uuid_v7();
}

static void teardown(void)
{
    arena_destroy(arena);
    auth_free(auth);
    test_keys_remove(&keys);
}

static struct str issue(struct auth *by, const struct token_spec *spec)
{
    struct str token;
    int64_t lifetime_us;
    ck_assert_int_eq(token_issue(by, arena, spec, &token, &lifetime_us), ERR_NONE);
    ck_assert_int_eq(lifetime_us, 900000000);
    return token;
}

static struct token_spec full_spec(void)
{
    return (struct token_spec){ .user = user,
                                .session = session,
                                .client = client,
                                .actor = actor,
                                .scope = STR("openid bookings"),
                                .authenticated_us = INT64_C(1700000000000000) };
}

START_TEST(what_is_issued_is_accepted)
{
    struct principal who;
    struct token_spec spec = full_spec();
    struct str token = issue(auth, &spec);
    for (int i = 0; i < 3; i++) { /* cold, then from the cache */
        ck_assert_int_eq(token_verify(auth, token, &who), ERR_NONE);
        ck_assert(who.known && uuid_eq(&who.user, &user) && uuid_eq(&who.session, &session));
        ck_assert(uuid_eq(&who.client, &client) && uuid_eq(&who.actor, &actor));
        ck_assert_uint_eq(who.scopes, scopes_parse(spec.scope));
        ck_assert_uint_eq(who.ceiling, scopes_perms(who.scopes) & ~PERM_NOT_ACTING);
        ck_assert_int_eq(who.authenticated_us, spec.authenticated_us);
        int64_t left = who.expires_us - clock_unix_us();
        ck_assert(left > 895000000 && left <= 900000000);
    }
    ck_assert(!str_eq(token, issue(auth, &spec))); /* every token has an id of its own */
}
END_TEST

/* Another process that signs with the other key: both keys verify here. */
START_TEST(both_algorithms_are_accepted)
{
    struct principal who;
    struct token_spec spec = full_spec();
    test_keys_switch(&keys);
    struct auth *other = create();
    for (int i = 0; i < 50; i++) {
        ck_assert_int_eq(token_verify(auth, issue(other, &spec), &who), ERR_NONE);
        ck_assert(uuid_eq(&who.user, &user));
    }
    auth_free(other);
}
END_TEST

/* Of the product's own front-ends: nothing but the user and the session is said. */
START_TEST(what_is_not_said_is_unrestricted_and_nil)
{
    struct principal who;
    ck_assert_int_eq(
        token_verify(auth, issue(auth, &(struct token_spec){ .user = user, .session = session }), &who),
        ERR_NONE);
    ck_assert(who.known && uuid_is_nil(&who.client) && uuid_is_nil(&who.actor));
    ck_assert_uint_eq(who.scopes, SCOPES_ALL);
    ck_assert_uint_eq(who.ceiling, PERM_ALL);
    ck_assert_int_eq(who.authenticated_us, 0);
    struct token_spec none = { .user = user, .session = session, .scope = STR("") };
    ck_assert_int_eq(token_verify(auth, issue(auth, &none), &who), ERR_NONE);
    ck_assert_uint_eq(who.scopes, 0);
    ck_assert_uint_eq(who.ceiling, 0);
}
END_TEST

START_TEST(a_client_may_be_the_subject)
{
    struct principal who;
    struct token_spec spec = { .client = client, .scope = STR("users") };
    ck_assert_int_eq(token_verify(auth, issue(auth, &spec), &who), ERR_NONE);
    ck_assert(who.known && uuid_is_nil(&who.user) && uuid_is_nil(&who.session));
    ck_assert(uuid_eq(&who.client, &client));
}
END_TEST

START_TEST(another_audience_is_not_ours)
{
    struct principal who;
    struct token_spec spec = full_spec();
    spec.audience = STR("https://other.example/api");
    ck_assert_int_eq(token_verify(auth, issue(auth, &spec), &who), ERR_UNAUTHENTICATED);
    spec.audience = STR("nexus-api");
    ck_assert_int_eq(token_verify(auth, issue(auth, &spec), &who), ERR_NONE);
}
END_TEST

START_TEST(odd_orders_are_refused)
{
    struct token_spec good = full_spec(), bad[9];
    struct uuid nil = { { 0 } };
    for (size_t i = 0; i < 9; i++) {
        bad[i] = good;
    }
    bad[0].user = bad[0].client = nil;
    bad[1].user = nil;    /* a client with a session */
    bad[2].session = nil; /* somebody acts in no session */
    bad[3].user = client;
    bad[4].scope = STR("open\"id");
    bad[5].scope = STR("a  b");
    bad[6].audience = STR("");
    bad[7].audience = STR("with blank");
    bad[8].scope = (struct str){ arena_alloc(arena, 4000), 4000 };
    memset((char *)bad[8].scope.p, 'x', 4000);
    for (size_t i = 0; i < 9; i++) {
        struct str token;
        int64_t lifetime_us;
        ck_assert_msg(token_issue(auth, arena, &bad[i], &token, &lifetime_us) == ERR_INTERNAL, "%zu", i);
    }
}
END_TEST

START_TEST(lifetime_ends)
{
    struct principal who;
    struct str token;
    int64_t lifetime_us;
    options.token_lifetime = 1000000;
    struct auth *brief = create();
    ck_assert_int_eq(token_issue(brief, arena, &(struct token_spec){ .user = user, .session = session },
                                 &token, &lifetime_us),
                     ERR_NONE);
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
    tcase_add_test(t, what_is_not_said_is_unrestricted_and_nil);
    tcase_add_test(t, a_client_may_be_the_subject);
    tcase_add_test(t, another_audience_is_not_ours);
    tcase_add_test(t, odd_orders_are_refused);
    tcase_add_test(t, lifetime_ends);
    tcase_add_test(t, unfit_settings_are_refused);
    suite_add_tcase(s, t);
    return s;
}
