/* Tests of rate_buckets.c. */
#include "cache/cache_tests.h"
#include "cache/rate_buckets.h"

#include <stdio.h>
#include <stdlib.h>

static const struct gcra_policy policy = { .interval_us = 1000000, .burst = 3 };

static struct rate_buckets *b;

static void setup(void)
{
    b = calloc(1, sizeof(*b));
}

static void teardown(void)
{
    free(b);
}

static int allowed_of(const char *key, int tries, int64_t now)
{
    int n = 0;
    struct str name = str_from(key);
    for (int i = 0; i < tries; i++) {
        struct gcra_answer a;
        n += rate_buckets_decide(b, &name, &policy, 1, now, &a);
    }
    return n;
}

START_TEST(keys_are_apart)
{
    ck_assert_int_eq(allowed_of("a", 10, 5), 3);
    ck_assert_int_eq(allowed_of("b", 10, 5), 3);
    ck_assert_int_eq(allowed_of("a", 10, 5), 0);
    ck_assert_int_eq(allowed_of("a", 10, 1000005), 1);
}
END_TEST

/* What one bucket refuses the others get back. */
START_TEST(several_are_one_decision)
{
    struct str keys[2] = { STR("wide"), STR("narrow") };
    struct gcra_policy policies[2] = { { 1000000, 10 }, { 1000000, 2 } };
    struct gcra_answer a[2];
    int n = 0;
    for (int i = 0; i < 8; i++) {
        n += rate_buckets_decide(b, keys, policies, 2, 5, a);
    }
    ck_assert_int_eq(n, 2);
    ck_assert_int_eq(a[0].remaining, 8);
    ck_assert_int_eq(a[1].remaining, 0);
    ck_assert_int_gt(a[1].retry_after_us, 0);
    ck_assert(rate_buckets_decide(b, keys, policies, 1, 5, a));
    ck_assert_int_eq(a[0].remaining, 7);
}
END_TEST

/* A crowd of subjects fits in the same memory, and a subject that is being refused is not pushed out by the
 * crowd. */
START_TEST(bounded_and_fair)
{
    char key[32];
    ck_assert_int_eq(allowed_of("busy", 10, 5), 3);
    for (int i = 0; i < 200000; i++) {
        struct gcra_answer a;
        snprintf(key, sizeof(key), "visitor %d", i);
        struct str name = str_from(key);
        ck_assert(rate_buckets_decide(b, &name, &policy, 1, 5, &a));
    }
    ck_assert_int_eq(allowed_of("busy", 10, 5), 0);
}
END_TEST

Suite *rate_buckets_suite(void)
{
    Suite *s = suite_create("rate_buckets");
    TCase *t = tcase_create("rate_buckets");
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, keys_are_apart);
    tcase_add_test(t, several_are_one_decision);
    tcase_add_test(t, bounded_and_fair);
    suite_add_tcase(s, t);
    return s;
}
