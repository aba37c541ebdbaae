/* Tests of permissions.c. */
#include "auth/auth_tests.h"

START_TEST(permissions_have_names)
{
    ck_assert_str_eq(perm_name(PERM_PUBLIC), "public");
    ck_assert_str_eq(perm_name(PERM_BOOKING_CREATE), "booking.create");
    ck_assert_str_eq(perm_name(PERM_COUNT), "unknown");
}
END_TEST

START_TEST(names_make_sets)
{
    ck_assert_uint_eq(perm_set(STR("booking.read, account,,account")),
                      1u << PERM_BOOKING_READ | 1u << PERM_ACCOUNT);
    ck_assert_uint_eq(perm_set(STR("*")), PERM_ALL);
    ck_assert_uint_eq(perm_set(STR("booking.read,*")), PERM_ALL);
    static const char *const none[] = { "", ",", "Account", "account.", "**", "booking", "admin", "unknown" };
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        ck_assert_uint_eq(perm_set(str_from(none[i])), 0);
    }
    ck_assert_uint_eq(perm_set(STR_NONE), 0);
    for (int p = 0; p < PERM_COUNT; p++) {
        ck_assert_int_eq(perm_find(str_from(perm_name((enum perm)p))), p);
        ck_assert_uint_eq(perm_set(str_from(perm_name((enum perm)p))), UINT64_C(1) << p);
    }
    ck_assert_int_eq(perm_find(STR("emperor")), PERM_COUNT);
}
END_TEST

Suite *permissions_suite(void)
{
    Suite *s = suite_create("permissions");
    TCase *t = tcase_create("permissions");
    tcase_add_test(t, permissions_have_names);
    tcase_add_test(t, names_make_sets);
    suite_add_tcase(s, t);
    return s;
}
