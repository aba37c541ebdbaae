/* Tests of near.c. */
#include "base/base_tests.h"
#include "base/near.h"

START_TEST(distances)
{
    static const struct {
        const char *a, *b;
        unsigned distance;
    } cases[] = {
        { "", "", 0 },
        { "a", "", 1 },
        { "workers", "workers", 0 },
        { "wokrers", "workers", 1 },
        { "worker", "workers", 1 },
        { "xorkers", "workers", 1 },
        { "kitten", "sitting", 3 },
        { "abc", "xyz", 3 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct str a = str_from(cases[i].a), b = str_from(cases[i].b);
        ck_assert_uint_eq(near_distance(a, b, 10), cases[i].distance);
        ck_assert_uint_eq(near_distance(b, a, 10), cases[i].distance);
    }
    ck_assert_uint_eq(near_distance(STR("abc"), STR("xyz"), 2), 3);
    ck_assert_uint_eq(near_distance(STR("a"), STR("abcdefgh"), 2), 3);
}
END_TEST

START_TEST(the_nearest_is_suggested)
{
    struct near n = near_start(STR("chek_in"));
    near_offer(&n, "guests");
    near_offer(&n, "check_out");
    near_offer(&n, "check_in");
    ck_assert_str_eq(near_best(&n), "check_in");
    n = near_start(STR("zzzzzz"));
    near_offer(&n, "guests");
    ck_assert_ptr_null(near_best(&n));
    n = near_start(STR("guests"));
    near_offer(&n, "guests");
    near_offer(&n, "guest");
    ck_assert_str_eq(near_best(&n), "guests");
}
END_TEST

START_TEST(long_names_cost_nothing)
{
    static char text[100000];
    memset(text, 'a', sizeof(text) - 1);
    struct near n = near_start(str_from(text));
    near_offer(&n, text);
    ck_assert_ptr_null(near_best(&n));
}
END_TEST

Suite *near_suite(void)
{
    Suite *s = suite_create("near");
    TCase *t = tcase_create("near");
    tcase_add_test(t, distances);
    tcase_add_test(t, the_nearest_is_suggested);
    tcase_add_test(t, long_names_cost_nothing);
    suite_add_tcase(s, t);
    return s;
}
