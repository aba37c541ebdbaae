/* Tests of gcra.c. */
#include "cache/cache_tests.h"
#include "cache/gcra.h"

#define SECOND INT64_C(1000000)

START_TEST(burst_is_exact)
{
    struct gcra_policy p = gcra_policy((struct rate_limit){ 10, 60 * SECOND });
    struct gcra_answer a;
    int64_t tat = 0, now = 1000 * SECOND;
    for (int i = 0; i < 10; i++) {
        ck_assert(gcra_decide(&p, 1, now, &tat, &a));
        ck_assert_int_eq(a.remaining, 9 - i);
        ck_assert_int_eq(a.retry_after_us, 0);
        ck_assert_int_eq(a.reset_us, (i + 1) * 6 * SECOND);
    }
    ck_assert(!gcra_decide(&p, 1, now, &tat, &a));
    ck_assert_int_eq(a.remaining, 0);
    ck_assert_int_eq(a.retry_after_us, 6 * SECOND);
    ck_assert(!gcra_decide(&p, 1, now + 6 * SECOND - 1, &tat, &a));
    ck_assert_int_eq(a.retry_after_us, 1);
    ck_assert(gcra_decide(&p, 1, now + 6 * SECOND, &tat, &a));
}
END_TEST

/* Whoever keeps asking gets the burst and then the rate, whatever the rhythm. */
START_TEST(long_run_keeps_the_rate)
{
    struct gcra_policy p = gcra_policy((struct rate_limit){ 7, 3 * SECOND });
    struct gcra_answer a;
    int64_t tat = 0, now = SECOND, end = now + 3000 * SECOND, passed = 0;
    unsigned seed = 1;
    while (now < end) {
        passed += gcra_decide(&p, 1, now, &tat, &a);
        seed = seed * 1103515245u + 12345u;
        now += seed % 200000;
    }
    ck_assert_int_le(passed, 7 + 3000 * SECOND / p.interval_us);
    ck_assert_int_ge(passed, 3000 * SECOND / p.interval_us - 7);
}
END_TEST

START_TEST(clock_stepping_back_costs_one_window)
{
    struct gcra_policy p = gcra_policy((struct rate_limit){ 10, 60 * SECOND });
    struct gcra_answer a;
    int64_t now = 10000 * SECOND, tat = now + 3600 * SECOND;
    ck_assert(!gcra_decide(&p, 1, now, &tat, &a));
    ck_assert_int_eq(a.retry_after_us, 6 * SECOND);
    ck_assert_int_eq(a.reset_us, 60 * SECOND);
    ck_assert(gcra_decide(&p, 1, now + 6 * SECOND, &tat, &a));
}
END_TEST

START_TEST(several_buckets_are_one_decision)
{
    struct gcra_policy p[2] = { { SECOND, 5 }, { SECOND, 2 } };
    struct gcra_answer a[2];
    int64_t tat[2] = { 0, 0 }, now = 1000 * SECOND;
    ck_assert(gcra_decide(p, 2, now, tat, a) && gcra_decide(p, 2, now, tat, a));
    for (int i = 0; i < 5; i++) {
        ck_assert(!gcra_decide(p, 2, now, tat, a));
        ck_assert_int_eq(a[0].remaining, 3);
        ck_assert_int_eq(a[0].retry_after_us, 0);
        ck_assert_int_eq(a[1].retry_after_us, SECOND);
    }
    ck_assert(gcra_decide(p, 0, now, tat, a));
}
END_TEST

START_TEST(odd_policies)
{
    struct gcra_policy p = gcra_policy((struct rate_limit){ 3, 1 });
    ck_assert_int_eq(p.interval_us, 1);
    p = gcra_policy((struct rate_limit){ INT64_MAX, SECOND });
    ck_assert_int_eq(p.interval_us, 1);
    ck_assert_int_eq(p.burst, 1000000000);
    p = gcra_share((struct gcra_policy){ 100, 10 }, 4);
    ck_assert_int_eq(p.interval_us, 400);
    ck_assert_int_eq(p.burst, 2);
    p = gcra_share((struct gcra_policy){ 100, 3 }, 8);
    ck_assert_int_eq(p.burst, 1);
    ck_assert_int_eq(p.interval_us, 800);
    p = gcra_share((struct gcra_policy){ 100, 3 }, 0);
    ck_assert_int_eq(p.burst, 3);
}
END_TEST

Suite *gcra_suite(void)
{
    Suite *s = suite_create("gcra");
    TCase *t = tcase_create("gcra");
    tcase_add_test(t, burst_is_exact);
    tcase_add_test(t, long_run_keeps_the_rate);
    tcase_add_test(t, clock_stepping_back_costs_one_window);
    tcase_add_test(t, several_buckets_are_one_decision);
    tcase_add_test(t, odd_policies);
    suite_add_tcase(s, t);
    return s;
}
