/* Tests of scopes.c. */
#include "auth/auth_tests.h"

START_TEST(names_are_found)
{
    enum scope s;
    for (int i = 0; i < SCOPE_COUNT; i++) {
        ck_assert(scope_find(str_from(scope_name((enum scope)i)), &s) && s == (enum scope)i);
        ck_assert_str_ne(scope_doc(s), "");
    }
    ck_assert(!scope_find(STR(""), &s) && !scope_find(STR("Account"), &s) && !scope_find(STR("unknown"), &s));
    ck_assert_str_eq(scope_name(SCOPE_COUNT), "unknown");
}
END_TEST

START_TEST(lists_are_sets)
{
    uint32_t account = UINT32_C(1) << SCOPE_ACCOUNT, bookings = UINT32_C(1) << SCOPE_BOOKINGS;
    ck_assert_uint_eq(scopes_parse(STR("account")), account);
    ck_assert_uint_eq(scopes_parse(STR("bookings account nonsense  account")), account | bookings);
    ck_assert_uint_eq(scopes_parse(STR("")), 0);
    ck_assert_uint_eq(scopes_parse(STR_NONE), 0);
    ck_assert_uint_eq(scopes_parse(STR("account,bookings")), 0);
}
END_TEST

START_TEST(scopes_leave_permissions)
{
    ck_assert_uint_eq(scopes_perms(0), 0);
    ck_assert_uint_eq(scopes_perms(scopes_parse(STR("openid profile email phone offline_access"))), 0);
    ck_assert_uint_eq(scopes_perms(scopes_parse(STR("account"))), PERM_BIT(PERM_ACCOUNT));
    ck_assert_uint_eq(scopes_perms(SCOPES_ALL), PERM_ALL);
    uint64_t bookings = scopes_perms(scopes_parse(STR("bookings")));
    ck_assert(perm_has(bookings, PERM_BOOKING_CREATE) && !perm_has(bookings, PERM_ACCOUNT));
}
END_TEST

/* No permission is out of reach for tokens with scopes, and none but of `admin` is in all hands. */
START_TEST(every_permission_has_a_scope)
{
    for (int p = 1; p < PERM_COUNT; p++) {
        ck_assert_msg(perm_has(scopes_perms(UINT32_C(1) << SCOPE_ADMIN), (enum perm)p), "%s",
                      perm_name((enum perm)p));
    }
}
END_TEST

Suite *scopes_suite(void)
{
    Suite *s = suite_create("scopes");
    TCase *t = tcase_create("scopes");
    tcase_add_test(t, names_are_found);
    tcase_add_test(t, lists_are_sets);
    tcase_add_test(t, scopes_leave_permissions);
    tcase_add_test(t, every_permission_has_a_scope);
    suite_add_tcase(s, t);
    return s;
}
