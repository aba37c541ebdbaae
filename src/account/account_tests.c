/* Tests of account_store.c against a real server: without one in the environment the program starts itself
 * again under tests/with-postgres. */
#include "account/account.h"
#include "account/mailed_token.h"
#include "account/preferences.h"

#include "auth/auth.h"
#include "base/log.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct options *options;
static struct db *db;
static struct arena *arena;
static struct db_failure failure;

static void setup(void)
{
    char error[256];
    options = options_load(NULL, error, sizeof(error));
    ck_assert_msg(options != NULL, "%s", error);
    log_init("account_tests", LOG_ERROR);
    arena = arena_create(16384, 1 << 24);
    db = db_create(options, DB_ROLE_API);
}

static void teardown(void)
{
    arena_destroy(arena);
    db_close(db);
    options_free(options);
}

static enum err create(const char *email, const struct str *roles, size_t count)
{
    struct account_new n = { .id = uuid_v7(),
                             .email = account_email(arena, str_from(email)),
                             .name = STR("Ada"),
                             .password_hash = STR("$argon2id$v=19$..."),
                             .roles = roles,
                             .role_count = count };
    struct db_batch *b = db_batch(db, arena);
    account_add_create(b, arena, &n);
    return db_run(b, &failure);
}

static struct account_login find(const char *email)
{
    struct account_login login;
    enum err e = account_find_login(db, arena, account_email(arena, str_from(email)), &login, &failure);
    ck_assert_msg(e == ERR_NONE, "%s", db_error(db));
    return login;
}

START_TEST(addresses_have_one_spelling)
{
    ck_assert(str_eqz(account_email(arena, STR("Ada.L+X@Example.COM")), "ada.l+x@example.com"));
    ck_assert(str_eqz(account_email(arena, STR("\xc3\x84@x")), "\xc3\x84@x")); /* only ASCII is folded */
}
END_TEST

START_TEST(an_account_is_found_by_its_address)
{
    ck_assert_int_eq(create("First@example.com", account_default_roles, 2), ERR_NONE);
    struct account_login login = find("FIRST@EXAMPLE.com");
    ck_assert(str_eqz(login.password_hash, "$argon2id$v=19$..."));
    ck_assert(str_eqz(login.email, "first@example.com"));
    ck_assert(login.active && !login.factor.sealed.p);
    ck_assert_ptr_null(find("nobody@example.com").password_hash.p);
}
END_TEST

START_TEST(an_address_is_taken_once)
{
    ck_assert_int_eq(create("twice@example.com", account_default_roles, 2), ERR_NONE);
    ck_assert_int_eq(create("Twice@Example.com", account_default_roles, 2), ERR_EMAIL_TAKEN);
    ck_assert_str_eq(failure.pointer, "/email");
}
END_TEST

/* An account with a role that does not exist is not made at all. */
START_TEST(roles_must_exist)
{
    const struct str roles[] = { STR("guest"), STR("emperor") };
    ck_assert_int_eq(create("emperor@example.com", roles, 2), ERR_VALIDATION);
    ck_assert_str_eq(failure.pointer, "/roles");
    ck_assert_ptr_null(find("emperor@example.com").password_hash.p);
}
END_TEST

START_TEST(mailed_tokens_are_random_and_hashed)
{
    struct mailed_token one = mailed_token_new(arena), other = mailed_token_new(arena);
    ck_assert_uint_eq(one.text.n, MAILED_TOKEN_SIZE);
    ck_assert(!str_eq(one.text, other.text));
    ck_assert(str_eq(one.hash, mailed_token_hash(arena, one.text)));
    ck_assert_uint_eq(one.hash.n, 32);
    /* FIPS 180-4 */
    static const unsigned char abc[4] = { 0xba, 0x78, 0x16, 0xbf };
    ck_assert_mem_eq(mailed_token_hash(arena, STR("abc")).p, abc, sizeof(abc));
}
END_TEST

/* Decoded as requests are. */
static struct str patch_of(const char *json)
{
    void *in;
    struct violations v = { .arena = arena };
    const char *why;
    enum err e = shape_decode(&preferences_in_shape, arena, str_from(json), NULL, 0, NULL, 0, &in, &v, &why);
    ck_assert_msg(e == ERR_NONE, "%s", v.count ? v.list[0].pointer : why);
    return preferences_patch(arena, in);
}

START_TEST(a_patch_has_the_members_given)
{
    ck_assert(str_eqz(patch_of("{}"), "{}"));
    ck_assert(str_eqz(patch_of("{\"units\":\"imperial\"}"), "{\"units\":\"imperial\"}"));
    ck_assert(str_eqz(patch_of("{\"units\":null,\"marketing_mails\":true,\"currency\":\"EUR\"}"),
                      "{\"currency\":\"EUR\",\"units\":null,\"marketing_mails\":true}"));
    ck_assert(str_eqz(patch_of("{\"time_zone\":\"Europe/Zurich\",\"language\":\"de-CH\"}"),
                      "{\"language\":\"de-CH\",\"time_zone\":\"Europe/Zurich\"}"));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("account_store");
    TCase *c = tcase_create("server");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, addresses_have_one_spelling);
    tcase_add_test(c, an_account_is_found_by_its_address);
    tcase_add_test(c, an_address_is_taken_once);
    tcase_add_test(c, roles_must_exist);
    tcase_add_test(c, mailed_tokens_are_random_and_hashed);
    tcase_add_test(c, a_patch_has_the_members_given);
    suite_add_tcase(s, c);
    return s;
}

int main(int argc, char **argv)
{
    if (!getenv("NEXUS_TEST_SUPERUSER")) {
        execl(NEXUS_SRCDIR "/tests/with-postgres", "with-postgres", argv[0], (char *)NULL);
        perror(NEXUS_SRCDIR "/tests/with-postgres");
        return EXIT_FAILURE;
    }
    SRunner *runner = srunner_create(suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
