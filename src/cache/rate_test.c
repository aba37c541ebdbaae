/* The rate script in a real Redis against the reference model, and its behaviour under concurrency and
 * damage. */
#include "base/scoreboard.h"
#include "cache/ask.h"
#include "cache/cache_tests.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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

static void same(const struct gcra_answer *redis, const struct gcra_answer *model, int step)
{
    ck_assert_msg(redis->remaining == model->remaining && redis->retry_after_us == model->retry_after_us &&
                      redis->reset_us == model->reset_us,
                  "step %d", step);
}

/* NEXUS_TEST_SEQUENCES multiplies the length of the random walks (500 sequences of 60 events). */
static int sequences(void)
{
    const char *factor = getenv("NEXUS_TEST_SEQUENCES");
    int64_t n = 1;
    return factor && str_int64(str_from(factor), &n) && n > 0 ? (int)n * 500 : 500;
}

/* A limit whose policy is exactly this interval and burst. */
static struct rate_limit limit_of(struct gcra_policy p)
{
    return (struct rate_limit){ p.burst, p.interval_us * p.burst };
}

/* Ask for one event in all the buckets that `chosen` has bits for. */
static struct cache_question question(const char names[SUBJECTS][32], const struct gcra_policy *policies,
                                      unsigned chosen)
{
    struct cache_question q = { .bucket_count = 0 };
    for (unsigned i = 0; i < SUBJECTS; i++) {
        if (chosen >> i & 1u) {
            q.buckets[q.bucket_count++] =
                (struct rate_bucket){ "test", str_from(names[i]), limit_of(policies[i]), false };
        }
    }
    return q;
}

static void step_equals_model(const struct cache_question *q, const struct gcra_policy *policies,
                              int64_t *tat, unsigned chosen, int step)
{
    struct gcra_answer redis[RATE_BUCKETS_MAX], model[RATE_BUCKETS_MAX];
    struct gcra_policy of[RATE_BUCKETS_MAX];
    int64_t tats[RATE_BUCKETS_MAX], now;
    struct rate_answer said;
    struct cache_versions none;
    size_t n = 0;
    cache_decide(cache, q, &now, redis, &said, &none);
    ck_assert_msg(!said.local, "step %d was decided without Redis: %s", step, cache_error(cache));
    for (unsigned i = 0; i < SUBJECTS; i++) {
        if (chosen >> i & 1u) {
            of[n] = policies[i];
            tats[n++] = tat[i];
        }
    }
    ck_assert_int_eq(gcra_decide(of, n, now, tats, model), said.allowed);
    for (unsigned i = 0, k = 0; i < SUBJECTS; i++) {
        if (chosen >> i & 1u) {
            same(&redis[k], &model[k], step);
            tat[i] = tats[k++];
        }
    }
}

/* Random policies, and events in one to four random buckets at once, in bursts and with pauses. */
START_TEST(script_equals_model)
{
    static const unsigned up_to_four = RATE_BUCKETS_MAX;
    srandom(20261123);
    for (int s = 0, step = 0; s < sequences(); s++) {
        struct gcra_policy policies[SUBJECTS];
        char names[SUBJECTS][32];
        int64_t tat[SUBJECTS] = { 0 };
        for (int i = 0; i < SUBJECTS; i++) {
            policies[i] =
                (struct gcra_policy){ .interval_us = 1 + random() % 400, .burst = 1 + random() % 12 };
            snprintf(names[i], sizeof(names[i]), "%d/%d", s, i);
        }
        for (int i = 0; i < 60; i++, step++) {
            unsigned chosen = 1u << random() % SUBJECTS;
            for (unsigned more = (unsigned)random() % up_to_four; more > 0; more--) {
                chosen |= 1u << random() % SUBJECTS;
            }
            struct cache_question q = question(names, policies, chosen);
            step_equals_model(&q, policies, tat, chosen, step);
            if (random() % 50 == 0) {
                usleep((useconds_t)(random() % 3000));
            }
        }
    }
}
END_TEST

static struct rate_answer ask(struct cache *c, const char *policy, const char *subject,
                              struct rate_limit limit)
{
    struct cache_question q = { .buckets = { { policy, str_from(subject), limit, false } },
                                .bucket_count = 1 };
    static struct rate_answer a;
    struct cache_versions none;
    cache_ask(c, &q, &a, &none);
    a.bucket = NULL;
    return a;
}

static const struct rate_limit hundred = { 100, 60000000 };

static void found_value_is(const char *value, bool clamped)
{
    char name[1][32] = { "odd" };
    struct gcra_policy policy[SUBJECTS] = { { .interval_us = 1000000, .burst = 5 } };
    int64_t tat[SUBJECTS] = { clamped ? INT64_C(9000000000000000) : 0 };
    ck_assert(redis_do("SET test:rate:test:odd %s", value));
    struct cache_question q = { .buckets = { { "test", str_from(name[0]), limit_of(policy[0]), false } },
                                .bucket_count = 1 };
    step_equals_model(&q, policy, tat, 1, 0);
    ck_assert(redis_do("PTTL test:rate:test:odd"));
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
    ck_assert(redis_do("RPUSH test:rate:read:list a"));
    struct rate_answer a = ask(cache, "read", "list", hundred);
    ck_assert(a.allowed && !a.local);
    ck_assert_int_eq(a.remaining, 99);
}
END_TEST

START_TEST(buckets_expire)
{
    struct rate_answer a = ask(cache, "login", "10.0.0.1", (struct rate_limit){ 10, 60000000 });
    ck_assert(a.allowed);
    ck_assert_int_eq(a.limit, 10);
    ck_assert_int_eq(a.remaining, 9);
    ck_assert(redis_do("PTTL test:rate:login:10.0.0.1"));
}
END_TEST

/* The first to refuse takes nothing from the others; the tightest is told of. */
START_TEST(all_or_nothing)
{
    struct cache_question q = { .buckets = { { "read", STR("u:1"), { 10, 60000000 }, false },
                                             { "client", STR("c:1"), { 3, 60000000 }, false },
                                             { "network", STR("n"), { 100, 60000000 }, false } },
                                .bucket_count = 3 };
    struct rate_answer a;
    struct cache_versions none;
    for (int i = 0; i < 8; i++) {
        cache_ask(cache, &q, &a, &none);
        ck_assert_int_eq(a.allowed, i < 3);
        ck_assert_str_eq(a.bucket->policy, "client");
        ck_assert_int_eq(a.remaining, i < 3 ? 2 - i : 0);
    }
    ck_assert_int_gt(a.retry_after_us, 0);
    ck_assert_int_eq(ask(cache, "read", "u:1", (struct rate_limit){ 10, 60000000 }).remaining, 6);
    ck_assert_int_eq(ask(cache, "network", "n", hundred).remaining, 96);
}
END_TEST

START_TEST(long_subjects_are_hashed)
{
    char subject[5000];
    memset(subject, 'x', sizeof(subject) - 1);
    subject[sizeof(subject) - 1] = '\0';
    for (int64_t i = 0; i < 3; i++) {
        ck_assert_int_eq(ask(cache, "read", subject, hundred).remaining, 99 - i);
    }
}
END_TEST

START_TEST(script_flush_is_survived)
{
    for (int64_t i = 0; i < 5; i++) {
        ck_assert(redis_do("SCRIPT FLUSH"));
        struct rate_answer a = ask(cache, "read", "flushed", hundred);
        ck_assert(!a.local);
        ck_assert_int_eq(a.remaining, 99 - i);
    }
}
END_TEST

static int passed(struct cache *own, int tries, struct rate_limit limit, bool local)
{
    int n = 0;
    for (int i = 0; i < tries; i++) {
        struct rate_answer a = ask(own, "read", "crowd", limit);
        n += a.allowed && a.local == local;
    }
    return n;
}

/* How many of 400 events pass that eight processes ask for at once. */
static int crowd(const struct options *o, struct rate_limit limit, void *memory)
{
    int total = 0;
    pid_t pids[8];
    for (size_t i = 0; i < 8; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            struct cache *own = cache_create(o);
            cache_share(own, memory);
            _exit(passed(own, 50, limit, memory != NULL));
        }
    }
    for (size_t i = 0; i < 8; i++) {
        int status;
        ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
        ck_assert(WIFEXITED(status));
        total += WEXITSTATUS(status);
    }
    return total;
}

/* A burst of 100 that takes an hour to come back: 100 pass. */
START_TEST(exact_under_concurrency)
{
    ck_assert_int_eq(crowd(redis_options(), (struct rate_limit){ 100, INT64_C(3600000000) }, NULL), 100);
}
END_TEST

/* The same without Redis: the processes of a host share their buckets. */
START_TEST(exact_on_a_host_without_redis)
{
    struct options o = *redis_options();
    o.redis = "";
    void *memory = mmap(NULL, cache_shared_size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert(memory != MAP_FAILED);
    ck_assert_int_eq(crowd(&o, (struct rate_limit){ 100, INT64_C(3600000000) }, memory), 100);
    ck_assert_uint_le(cache_shared_size(), SCOREBOARD_CACHE_SIZE);
    munmap(memory, cache_shared_size());
}
END_TEST

START_TEST(strict_limits_are_halved_without_redis)
{
    struct options o = *redis_options();
    o.redis = "";
    struct cache *none = cache_create(&o);
    int allowed = 0;
    ck_assert(!cache_configured(none) && !cache_usable(none) && !cache_ping(none));
    struct cache_question q = { .buckets = { { "login", STR("x"), { 5, 60000000 }, true } },
                                .bucket_count = 1,
                                .versions = true };
    for (int i = 0; i < 20; i++) {
        struct rate_answer a;
        struct cache_versions versions;
        cache_ask(none, &q, &a, &versions);
        ck_assert(a.local && versions.state == VERSIONS_UNKNOWN);
        allowed += a.allowed;
    }
    ck_assert_int_eq(allowed, 2);
    cache_close(none);
}
END_TEST

START_TEST(roles_have_limits_of_their_own)
{
    static const struct role_rate rates[] = { { "guest", "read", { 10, 1000000 } },
                                              { "admin", "read", { 1200, 60000000 } },
                                              { "support", "read", { 0, 0 } },
                                              { "admin", "login", { 1, 1000000 } },
                                              { NULL, NULL, { 0, 0 } } };
    struct options o = { .rate_roles = rates };
    ck_assert_uint_eq(rate_role_find(&o, STR("guest"), RATE_READ), 1);
    ck_assert_uint_eq(rate_role_find(&o, STR("guest admin"), RATE_READ), 2);
    ck_assert_uint_eq(rate_role_find(&o, STR("admin support guest"), RATE_READ), 3);
    ck_assert_uint_eq(rate_role_find(&o, STR("guest"), RATE_LOGIN), 0);
    ck_assert_uint_eq(rate_role_find(&o, STR("admin"), RATE_LOGIN), 4);
    ck_assert_uint_eq(rate_role_find(&o, STR("adm administrator"), RATE_READ), 0);
    ck_assert_uint_eq(rate_role_find(&o, STR(""), RATE_READ), 0);
    o.rate_roles = NULL;
    ck_assert_uint_eq(rate_role_find(&o, STR("admin"), RATE_READ), 0);
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
    tcase_add_test(t, all_or_nothing);
    tcase_add_test(t, long_subjects_are_hashed);
    tcase_add_test(t, script_flush_is_survived);
    tcase_add_test(t, exact_under_concurrency);
    tcase_add_test(t, exact_on_a_host_without_redis);
    tcase_add_test(t, strict_limits_are_halved_without_redis);
    tcase_add_test(t, roles_have_limits_of_their_own);
    suite_add_tcase(s, t);
    return s;
}
