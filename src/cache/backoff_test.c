/* Waiting after failures, in a real Redis and without it. */
#include "cache/backoff.h"
#include "cache/cache_tests.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static struct cache *cache;
static struct backoff_table table;

static struct backoff_subject ada = {
    .account = { "ada", 3 },
    .place = { "10.0.0.0", 8 },
    .network = { "10.0.0.7", 8 },
    .per_account = { .free = 3, .first_ms = 600000, .most_ms = 900000 },
    .per_network = { .free = 8, .first_ms = 60000, .most_ms = 60000 },
    .table = &table,
};

static void start(void)
{
    redis_start(NULL);
}

static void open_cache(void)
{
    memset(&table, 0, sizeof table);
    cache = cache_create(redis_options());
    ck_assert_msg(cache_ping(cache), "%s", cache_error(cache));
}

static void close_cache(void)
{
    cache_close(cache);
    ck_assert(redis_do("FLUSHALL"));
}

/* One attempt; the wait in seconds, 0 when it was allowed. */
static int64_t attempt(const struct backoff_subject *s, enum backoff_outcome outcome)
{
    struct backoff_attempt a;
    int64_t wait;
    if (backoff_begin(cache, s, &a, &wait)) {
        ck_assert_int_eq(wait, 0);
        backoff_end(cache, s, &a, outcome);
        return 0;
    }
    ck_assert_int_gt(wait, 0);
    return (wait + 999999) / 1000000;
}

static void fail_times(const struct backoff_subject *s, int times)
{
    for (int i = 0; i < times; i++) {
        ck_assert_int_eq(attempt(s, BACKOFF_FAILURE), 0);
    }
}

static struct backoff_subject from(const char *account, const char *place, const char *network)
{
    struct backoff_subject s = ada;
    s.account = str_from(account);
    s.place = str_from(place);
    s.network = str_from(network);
    return s;
}

static void account_waits(void)
{
    struct backoff_subject elsewhere = from("ada", "10.1.0.0", "10.1.0.1");
    struct backoff_subject other = from("bob", "10.0.0.0", "10.0.0.7");
    fail_times(&ada, 3);
    ck_assert_int_ge(attempt(&ada, BACKOFF_SUCCESS), 595); /* also the right password */
    ck_assert_int_ge(attempt(&elsewhere, BACKOFF_FAILURE), 595);
    ck_assert_int_eq(attempt(&other, BACKOFF_SUCCESS), 0);
    backoff_forget(cache, &ada);
    ck_assert_int_eq(attempt(&elsewhere, BACKOFF_FAILURE), 0);
}

static void network_waits(void)
{
    char name[16];
    for (int i = 0; i < 8; i++) { /* one password for many accounts */
        snprintf(name, sizeof name, "user %d", i);
        struct backoff_subject s = from(name, "10.0.0.0", "10.0.0.7");
        ck_assert_int_eq(attempt(&s, BACKOFF_FAILURE), 0);
    }
    ck_assert_int_ge(attempt(&ada, BACKOFF_FAILURE), 55);
    struct backoff_subject elsewhere = from("ada", "10.1.0.0", "10.1.0.1");
    ck_assert_int_eq(attempt(&elsewhere, BACKOFF_SUCCESS), 0);
    ck_assert_int_ge(attempt(&ada, BACKOFF_FAILURE), 50);
}

/* Success forgets the account's failures, but undoes only its own in the network's. */
static void success_resets(void)
{
    for (int i = 0; i < 4; i++) {
        fail_times(&ada, 1);
        ck_assert_int_eq(attempt(&ada, BACKOFF_SUCCESS), 0);
    }
    for (int i = 0; i < 50; i++) {
        ck_assert_int_eq(attempt(&ada, BACKOFF_SUCCESS), 0);
    }
    fail_times(&ada, 2);
    struct backoff_subject other = from("bob", "10.0.0.0", "10.0.0.7");
    fail_times(&other, 2);
    ck_assert_int_ge(attempt(&ada, BACKOFF_SUCCESS), 55); /* eight in all */
}

/* Neither: as if it had not been, and nothing is forgotten either. */
static void neither_counts(void)
{
    fail_times(&ada, 2);
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(attempt(&ada, BACKOFF_NEITHER), 0);
    }
    fail_times(&ada, 1);
    ck_assert_int_gt(attempt(&ada, BACKOFF_FAILURE), 0);
}

static void none_when_off(void)
{
    struct backoff_subject s = ada;
    s.per_account.free = s.per_network.free = 0;
    fail_times(&s, 100);
    s.per_account.free = 3;
    fail_times(&s, 3);
    ck_assert_int_gt(attempt(&s, BACKOFF_FAILURE), 0);
}

static void (*const rules[])(void) = { account_waits, network_waits, success_resets, neither_counts,
                                       none_when_off };
#define RULES ((int)(sizeof rules / sizeof rules[0]))

START_TEST(with_redis)
{
    rules[_i]();
    struct backoff_attempt a;
    int64_t wait;
    struct backoff_subject s = from("nobody", "1", "2");
    ck_assert(backoff_begin(cache, &s, &a, &wait));
    ck_assert(!a.local);
}
END_TEST

START_TEST(without_redis)
{
    redis_options()->redis_timeout = 20000;
    redis_signal(SIGSTOP);
    rules[_i]();
    struct backoff_attempt a;
    int64_t wait;
    struct backoff_subject s = from("nobody", "1", "2");
    ck_assert(backoff_begin(cache, &s, &a, &wait));
    ck_assert(a.local);
    redis_signal(SIGCONT);
    redis_options()->redis_timeout = 2000000;
}
END_TEST

/* Somebody elsewhere fails for ever: who has been here before is not held up. */
START_TEST(the_owner_is_not_kept_out)
{
    struct backoff_subject mallory = from("ada", "10.6.6.0", "10.6.6.6");
    ck_assert_int_eq(attempt(&ada, BACKOFF_SUCCESS), 0);
    fail_times(&mallory, 3);
    ck_assert_int_gt(attempt(&mallory, BACKOFF_FAILURE), 0);
    ck_assert_int_eq(attempt(&ada, BACKOFF_SUCCESS), 0);
    ck_assert_int_gt(attempt(&mallory, BACKOFF_FAILURE), 0); /* her waiting is not ended by that */
    fail_times(&ada, 3);
    ck_assert_int_gt(attempt(&ada, BACKOFF_SUCCESS), 0); /* and the place is no way around */
}
END_TEST

START_TEST(any_number_at_a_time)
{
    enum { PROCESSES = 8, TRIES = 25 };
    struct backoff_subject s = ada;
    s.network = STR_NONE;
    for (int p = 0; p < PROCESSES; p++) {
        if (fork() == 0) {
            struct cache *own = cache_create(redis_options());
            int allowed = 0;
            for (int i = 0; i < TRIES; i++) {
                struct backoff_attempt a;
                int64_t wait;
                allowed += backoff_begin(own, &s, &a, &wait) ? 1 : 0;
            }
            _exit(allowed);
        }
    }
    int allowed = 0;
    for (int p = 0; p < PROCESSES; p++) {
        int status;
        ck_assert_int_gt(wait(&status), 0);
        ck_assert(WIFEXITED(status));
        allowed += WEXITSTATUS(status);
    }
    ck_assert_int_eq(allowed, 3);
}
END_TEST

START_TEST(damage_counts_as_nothing)
{
    ck_assert(redis_do("SET test:login:a:ada rubbish"));
    ck_assert(redis_do("LPUSH test:login:n:10.0.0.7 rubbish"));
    ck_assert_int_eq(attempt(&ada, BACKOFF_FAILURE), 0);
    ck_assert(redis_do("SET test:login:a:ada %s", "99999999999999999999 99999999999999999999"));
    ck_assert_int_eq(attempt(&ada, BACKOFF_SUCCESS), 0);
    ck_assert(cache_usable(cache));
}
END_TEST

START_TEST(everything_expires)
{
    fail_times(&ada, 2);
    ck_assert_int_eq(attempt(&ada, BACKOFF_SUCCESS), 0);
    fail_times(&ada, 1);
    ck_assert(redis_do("EVAL %s 0", "for _, k in ipairs(redis.call('KEYS', '*')) do "
                                    "if redis.call('TTL', k) < 0 then return -1 end end return 1"));
    ck_assert(redis_do("SCRIPT FLUSH"));
    ck_assert_int_eq(attempt(&ada, BACKOFF_FAILURE), 0);
}
END_TEST

Suite *backoff_suite(void)
{
    Suite *s = suite_create("backoff");
    TCase *c = tcase_create("all");
    tcase_set_timeout(c, 60);
    tcase_add_unchecked_fixture(c, start, redis_stop);
    tcase_add_checked_fixture(c, open_cache, close_cache);
    tcase_add_loop_test(c, with_redis, 0, RULES);
    tcase_add_loop_test(c, without_redis, 0, RULES);
    tcase_add_test(c, the_owner_is_not_kept_out);
    tcase_add_test(c, any_number_at_a_time);
    tcase_add_test(c, damage_counts_as_nothing);
    tcase_add_test(c, everything_expires);
    suite_add_tcase(s, c);
    return s;
}
