/* The rate script in a real Redis against the reference model, and its behaviour under concurrency and
 * damage. */
#include "base/clock.h"
#include "cache/cache_tests.h"
#include "cache/rate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SUBJECTS 8

static struct cache *cache;

static void start(void)
{
    redis_start(NULL);
}

static void open_cache(void)
{
    cache = cache_create(redis_options());
    ck_assert_msg(cache_ping(cache), "%s", cache_error(cache));
}

static void close_cache(void)
{
    cache_close(cache);
    ck_assert(redis_do("FLUSHALL"));
}

static void same(const struct rate_answer *redis, const struct rate_answer *model, int step)
{
    ck_assert_msg(!redis->local, "step %d was decided without Redis: %s", step, cache_error(cache));
    ck_assert_int_eq(redis->allowed, model->allowed);
    ck_assert_int_eq(redis->limit, model->limit);
    ck_assert_int_eq(redis->remaining, model->remaining);
    ck_assert_int_eq(redis->retry_after_us, model->retry_after_us);
    ck_assert_int_eq(redis->reset_us, model->reset_us);
}

/* NEXUS_TEST_SEQUENCES multiplies the length of the random walks (500 sequences of 60 events). */
static int sequences(void)
{
    const char *factor = getenv("NEXUS_TEST_SEQUENCES");
    int64_t n = 1;
    return factor && str_int64(str_from(factor), &n) && n > 0 ? (int)n * 500 : 500;
}

/* Random policies and events on random subjects, in bursts and with pauses. */
START_TEST(script_equals_model)
{
    srandom(20261123);
    for (int s = 0, step = 0; s < sequences(); s++) {
        struct gcra_policy policy = { .interval_us = 1 + random() % 400, .burst = 1 + random() % 12 };
        int64_t tat[SUBJECTS] = { 0 };
        for (int i = 0; i < 60; i++, step++) {
            char subject[32];
            struct rate_answer redis, model;
            int64_t now;
            int n = (int)(random() % SUBJECTS);
            snprintf(subject, sizeof(subject), "%d/%d", s, n);
            rate_decide(cache, RATE_READ, policy, str_from(subject), &now, &redis);
            gcra_decide(policy, now, &tat[n], &model);
            same(&redis, &model, step);
            if (random() % 50 == 0) {
                usleep((useconds_t)(random() % 3000));
            }
        }
    }
}
END_TEST

static void found_value_is(const char *value, bool clamped)
{
    struct gcra_policy policy = { .interval_us = 1000000, .burst = 5 };
    struct rate_answer a, model;
    int64_t now, tat = clamped ? INT64_C(9000000000000000) : 0;
    ck_assert(redis_do("SET test:rate:read:odd %s", value));
    rate_decide(cache, RATE_READ, policy, STR("odd"), &now, &a);
    gcra_decide(policy, now, &tat, &model);
    same(&a, &model, 0);
    ck_assert(redis_do("PTTL test:rate:read:odd"));
}

START_TEST(damaged_values_count_as_none)
{
    static const char *const none[] = {
        "", "x", "nan", "inf", "-1", "1e300", "0x7fffffffffff", "1.5", "99999999999999999999"
    };
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        found_value_is(none[i], false);
    }
    found_value_is("9000000000000000", true); /* a clock that stepped back */
}
END_TEST

START_TEST(wrong_type_counts_as_none)
{
    struct rate_answer a;
    ck_assert(redis_do("RPUSH test:rate:read:list a"));
    rate_check(cache, RATE_READ, STR("list"), &a);
    ck_assert(a.allowed && !a.local);
    ck_assert_int_eq(a.remaining, 99);
}
END_TEST

START_TEST(buckets_expire)
{
    struct rate_answer a;
    rate_check(cache, RATE_LOGIN, STR("10.0.0.1"), &a);
    ck_assert(a.allowed);
    ck_assert_int_eq(a.limit, 10);
    ck_assert_int_eq(a.remaining, 9);
    ck_assert(redis_do("PTTL test:rate:login:10.0.0.1"));
}
END_TEST

START_TEST(unlimited_asks_nobody)
{
    struct rate_answer a;
    rate_check(cache, RATE_SEARCH, STR("x"), &a); /* the options have no limit for it */
    ck_assert(a.allowed);
    ck_assert_int_eq(a.limit, 0);
    rate_check(cache, RATE_NONE, STR("x"), &a);
    ck_assert(a.allowed);
    ck_assert(!redis_do("GET test:rate:search:x"));
}
END_TEST

START_TEST(long_subjects_are_hashed)
{
    struct rate_answer a;
    char subject[5000];
    memset(subject, 'x', sizeof(subject));
    for (int64_t i = 0; i < 3; i++) {
        rate_check(cache, RATE_READ, (struct str){ subject, sizeof(subject) }, &a);
        ck_assert_int_eq(a.remaining, 99 - i);
    }
}
END_TEST

START_TEST(script_flush_is_survived)
{
    struct rate_answer a;
    for (int64_t i = 0; i < 5; i++) {
        ck_assert(redis_do("SCRIPT FLUSH"));
        rate_check(cache, RATE_READ, STR("flushed"), &a);
        ck_assert(!a.local);
        ck_assert_int_eq(a.remaining, 99 - i);
    }
}
END_TEST

static int worker(int tries)
{
    struct cache *own = cache_create(redis_options());
    int passed = 0;
    for (int i = 0; i < tries; i++) {
        struct rate_answer a;
        rate_check(own, RATE_READ, STR("crowd"), &a);
        passed += a.allowed && !a.local;
    }
    cache_close(own);
    return passed;
}

/* Eight processes ask 400 times in all for a burst of 100 that takes an hour to come back: 100 pass. */
START_TEST(exact_under_concurrency)
{
    int total = 0;
    pid_t pids[8];
    redis_options()->rate_read = (struct rate_limit){ 100, INT64_C(3600000000) };
    for (size_t i = 0; i < 8; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            _exit(worker(50));
        }
    }
    for (size_t i = 0; i < 8; i++) {
        int status;
        ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
        ck_assert(WIFEXITED(status));
        total += WEXITSTATUS(status);
    }
    ck_assert_int_eq(total, 100);
}
END_TEST

START_TEST(local_share_without_redis)
{
    struct options o = *redis_options();
    o.redis = "";
    struct cache *none = cache_create(&o);
    int passed = 0;
    ck_assert(!cache_configured(none) && !cache_usable(none) && !cache_ping(none));
    for (int i = 0; i < 200; i++) {
        struct rate_answer a;
        rate_check(none, RATE_READ, STR("x"), &a);
        ck_assert(a.local);
        passed += a.allowed;
    }
    ck_assert_int_eq(passed, 25); /* 100 for four workers */
    cache_close(none);
}
END_TEST

Suite *rate_suite(void)
{
    Suite *s = suite_create("rate");
    TCase *t = tcase_create("rate");
    tcase_set_timeout(t, 300);
    tcase_add_unchecked_fixture(t, start, redis_stop);
    tcase_add_checked_fixture(t, open_cache, close_cache);
    tcase_add_test(t, script_equals_model);
    tcase_add_test(t, damaged_values_count_as_none);
    tcase_add_test(t, wrong_type_counts_as_none);
    tcase_add_test(t, buckets_expire);
    tcase_add_test(t, unlimited_asks_nobody);
    tcase_add_test(t, long_subjects_are_hashed);
    tcase_add_test(t, script_flush_is_survived);
    tcase_add_test(t, exact_under_concurrency);
    tcase_add_test(t, local_share_without_redis);
    suite_add_tcase(s, t);
    return s;
}
