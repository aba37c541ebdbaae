/* Tests of rate_buckets.c. */
#include "cache/cache_tests.h"
#include "cache/rate_buckets.h"

#include <stdio.h>

static const struct gcra_policy policy = { .interval_us = 1000000, .burst = 3 };

static int allowed_of(struct rate_buckets *b, const char *key, int tries, int64_t now)
{
    int n = 0;
    for (int i = 0; i < tries; i++) {
        struct rate_answer a;
        rate_buckets_decide(b, str_from(key), policy, now, &a);
        ck_assert(a.local);
        n += a.allowed;
    }
    return n;
}

START_TEST(keys_are_apart)
{
    struct rate_buckets *b = rate_buckets_create();
    ck_assert_int_eq(allowed_of(b, "a", 10, 5), 3);
    ck_assert_int_eq(allowed_of(b, "b", 10, 5), 3);
    ck_assert_int_eq(allowed_of(b, "a", 10, 5), 0);
    ck_assert_int_eq(allowed_of(b, "a", 10, 1000005), 1);
    rate_buckets_free(b);
}
END_TEST

/* A crowd of subjects fits in the same memory, and a subject that is being refused is not pushed out by the
 * crowd. */
START_TEST(bounded_and_fair)
{
    struct rate_buckets *b = rate_buckets_create();
    char key[32];
    ck_assert_int_eq(allowed_of(b, "busy", 10, 5), 3);
    for (int i = 0; i < 200000; i++) {
        struct rate_answer a;
        snprintf(key, sizeof(key), "visitor %d", i);
        rate_buckets_decide(b, str_from(key), policy, 5, &a);
        ck_assert(a.allowed);
    }
    ck_assert_int_eq(allowed_of(b, "busy", 10, 5), 0);
    rate_buckets_free(b);
}
END_TEST

Suite *rate_buckets_suite(void)
{
    Suite *s = suite_create("rate_buckets");
    TCase *t = tcase_create("rate_buckets");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, keys_are_apart);
    tcase_add_test(t, bounded_and_fair);
    suite_add_tcase(s, t);
    return s;
}
