/* Unit tests of jitter. */
#include "api/api_tests.h"
#include "api/jitter.h"

#include <stdbool.h>

START_TEST(spread_stays_within_bounds)
{
    bool below = false;
    bool above = false;
    for (int i = 0; i < 2000; i++) {
        int64_t v = jitter(1000, 10);
        ck_assert_int_ge(v, 900);
        ck_assert_int_le(v, 1100);
        below = below || v < 950;
        above = above || v > 1050;
    }
    ck_assert(below && above);
}
END_TEST

START_TEST(nothing_to_spread)
{
    ck_assert_int_eq(jitter(0, 10), 0);
    ck_assert_int_eq(jitter(5, 10), 5);
    ck_assert_int_eq(jitter(1000, 0), 1000);
}
END_TEST

Suite *jitter_suite(void)
{
    Suite *s = suite_create("jitter");
    TCase *c = tcase_create("jitter");
    tcase_add_test(c, spread_stays_within_bounds);
    tcase_add_test(c, nothing_to_spread);
    suite_add_tcase(s, c);
    return s;
}
