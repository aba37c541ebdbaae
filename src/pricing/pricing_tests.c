/* Unit tests of the rules of prices. */
#include "pricing/pricing_rules.h"

#include <check.h>
#include <stdlib.h>

static struct arena *arena;

static void setup(void)
{
    arena = arena_create(65536, 1u << 24);
}

static void teardown(void)
{
    arena_destroy(arena);
}

START_TEST(nights_of_one_price_make_one_line)
{
    struct stay_price p;
    ck_assert(stay_price(arena, &(struct stay){ 100, 107, 2 }, 12000, NULL, 0, &p));
    ck_assert_uint_eq(p.line_count, 1);
    ck_assert_int_eq(p.lines[0].quantity, 7);
    ck_assert_int_eq(p.lines[0].amount, 84000);
    ck_assert_int_eq(p.total, 84000);
}
END_TEST

START_TEST(special_nights_are_grouped_by_price)
{
    static const struct night_price special[] = {
        { 101, 15000 }, { 103, 15000 }, { 104, 12000 }, { 106, 0 }
    };
    struct stay_price p;
    ck_assert(stay_price(arena, &(struct stay){ 100, 107, 2 }, 12000, special, 4, &p));
    ck_assert_uint_eq(p.line_count, 3);
    ck_assert_int_eq(p.lines[0].quantity, 4);
    ck_assert_int_eq(p.lines[1].quantity, 2);
    ck_assert_int_eq(p.lines[1].unit_amount, 15000);
    ck_assert_int_eq(p.lines[2].quantity, 1);
    ck_assert_int_eq(p.lines[2].amount, 0);
    ck_assert_int_eq(p.total, 4 * 12000 + 2 * 15000);
}
END_TEST

START_TEST(all_nights_special)
{
    static const struct night_price special[] = { { 100, 1 }, { 101, 2 } };
    struct stay_price p;
    ck_assert(stay_price(arena, &(struct stay){ 100, 102, 1 }, INT64_MAX, special, 2, &p));
    ck_assert_uint_eq(p.line_count, 2);
    ck_assert_int_eq(p.total, 3);
}
END_TEST

START_TEST(what_does_not_fit_is_refused)
{
    struct stay_price p;
    ck_assert(!stay_price(arena, &(struct stay){ 100, 102, 1 }, INT64_MAX, NULL, 0, &p));
    static const struct night_price special[] = { { 101, INT64_MAX } };
    ck_assert(!stay_price(arena, &(struct stay){ 100, 102, 1 }, 1, special, 1, &p));
    ck_assert(stay_price(arena, &(struct stay){ 100, 101, 1 }, INT64_MAX, NULL, 0, &p));
}
END_TEST

/* Lines sum to the total and hold every night once, whatever the calendar. */
START_TEST(lines_always_sum_to_the_total)
{
    unsigned seed = 7;
    for (int round = 0; round < 100000; round++) {
        arena_reset(arena);
        struct stay stay = { 1000, 1001 + rand_r(&seed) % 60, 1 };
        struct night_price special[60];
        size_t n = 0;
        int64_t base = rand_r(&seed) % 5, expected = 0;
        for (date_t night = stay.check_in; night < stay.check_out; night++) {
            int64_t price = base;
            if (rand_r(&seed) % 3 == 0) {
                price = rand_r(&seed) % 5;
                special[n++] = (struct night_price){ night, price };
            }
            expected += price;
        }
        struct stay_price p;
        ck_assert(stay_price(arena, &stay, base, special, n, &p));
        ck_assert_int_eq(p.total, expected);
        int nights = 0;
        for (size_t i = 0; i < p.line_count; i++) {
            nights += p.lines[i].quantity;
        }
        ck_assert_int_eq(nights, stay.check_out - stay.check_in);
        ck_assert_uint_le(p.line_count, 5);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("pricing");
    TCase *t = tcase_create("rules");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, nights_of_one_price_make_one_line);
    tcase_add_test(t, special_nights_are_grouped_by_price);
    tcase_add_test(t, all_nights_special);
    tcase_add_test(t, what_does_not_fit_is_refused);
    tcase_add_test(t, lines_always_sum_to_the_total);
    suite_add_tcase(s, t);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
