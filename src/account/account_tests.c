/* Tests of account_store.c against a real server: without one in the environment the program starts itself
 * again under tests/with-postgres. */
#include "account/account.h"

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
    return account_create(db, arena, &n, &failure);
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
    ck_assert(str_eqz(login.roles, "guest,host"));
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

START_TEST(roles_are_replaced)
{
    const struct str staff[] = { STR("support"), STR("guest") }, unknown[] = { STR("emperor") };
    ck_assert_int_eq(create("staff@example.com", account_default_roles, 2), ERR_NONE);
    for (int again = 0; again < 2; again++) {
        ck_assert_int_eq(account_set_roles(db, arena, STR("staff@example.com"), staff, 2, &failure),
                         ERR_NONE);
        ck_assert(str_eqz(find("staff@example.com").roles, "guest,support"));
    }
    ck_assert_int_eq(account_set_roles(db, arena, STR("staff@example.com"), unknown, 1, &failure),
                     ERR_VALIDATION);
    ck_assert(str_eqz(find("staff@example.com").roles, "guest,support"));
    ck_assert_int_eq(account_set_roles(db, arena, STR("staff@example.com"), NULL, 0, &failure), ERR_NONE);
    ck_assert(str_eqz(find("staff@example.com").roles, ""));
    ck_assert_int_eq(account_set_roles(db, arena, STR("nobody@example.com"), staff, 2, &failure),
                     ERR_NOT_FOUND);
}
END_TEST

START_TEST(accounts_are_listed_in_pages)
{
    struct account_row *rows;
    struct uuid after;
    size_t count, seen = 0;
    char email[64];
    for (int i = 0; i < 25; i++) {
        snprintf(email, sizeof(email), "listed%d@example.com", i);
        ck_assert_int_eq(create(email, account_default_roles, 2), ERR_NONE);
    }
    bool more = true;
    for (const struct uuid *from = NULL; more; from = &after) {
        ck_assert_int_eq(account_list(db, arena, from, 10, &rows, &count, &failure), ERR_NONE);
        more = count == 10;
        for (size_t i = 0; i < count; i++, seen++) {
            ck_assert(seen == 0 || memcmp(after.b, rows[i].id.b, sizeof(after.b)) < 0);
            ck_assert(rows[i].email.n > 0 && str_eqz(rows[i].name, "Ada") && rows[i].created_us > 0);
            after = rows[i].id;
        }
    }
    ck_assert_uint_ge(seen, 25);
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
    tcase_add_test(c, roles_are_replaced);
    tcase_add_test(c, accounts_are_listed_in_pages);
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
