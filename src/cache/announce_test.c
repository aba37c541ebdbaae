/* Access versions in a real Redis: what is announced, lost, flushed, and made up for. */
#include "cache/cache_tests.h"

#include <stdlib.h>
#include <unistd.h>

static struct cache *one, *two; /* two workers of a host, or of two hosts */
static void *memory;
static struct uuid user, other;

static void start(void)
{
    redis_start(NULL);
}

static void open_both(void)
{
    memory = calloc(1, cache_shared_size());
    one = cache_create(redis_options());
    two = cache_create(redis_options());
    user = uuid_v7();
    other = uuid_v7();
}

static void share(void)
{
    cache_share(one, memory);
    cache_share(two, memory);
}

static void close_both(void)
{
    cache_close(one);
    cache_close(two);
    free(memory);
    ck_assert(redis_do("FLUSHALL"));
}

static struct cache_versions versions(struct cache *c, const struct uuid *id)
{
    struct cache_question q = { .versions = true, .ids = { id, &other }, .id_count = 2 };
    struct rate_answer a;
    struct cache_versions v;
    cache_ask(c, &q, &a, &v);
    ck_assert(a.allowed && !a.bucket);
    return v;
}

static bool same(struct cache_versions a, struct cache_versions b)
{
    return a.state == VERSIONS_KNOWN && b.state == VERSIONS_KNOWN && strcmp(a.text, b.text) == 0;
}

START_TEST(versions_stay_until_something_is_announced)
{
    struct uuid third = uuid_v7();
    struct cache_versions v = versions(one, &user), w = versions(one, &third);
    ck_assert(same(v, versions(one, &user)) && same(v, versions(two, &user)));
    ck_assert(cache_announce(two, CHANGE_PENDING, &user, 1));
    ck_assert_int_eq(versions(one, &user).state, VERSIONS_PENDING);
    ck_assert_int_eq(versions(one, &third).state, VERSIONS_KNOWN);
    ck_assert(cache_announce(two, CHANGE_DONE, &user, 1));
    struct cache_versions after = versions(one, &user);
    ck_assert(after.state == VERSIONS_KNOWN && !same(v, after));
    ck_assert(same(after, versions(two, &user)) && same(w, versions(one, &third)));
    ck_assert_uint_eq(cache_epoch(one), 0);
}
END_TEST

START_TEST(several_and_everybody)
{
    struct uuid third = uuid_v7(), both[2] = { user, third };
    struct cache_versions v = versions(one, &user), w = versions(one, &third);
    ck_assert(cache_announce(two, CHANGE_DONE, both, 2));
    ck_assert(!same(v, versions(one, &user)) && !same(w, versions(one, &third)));
    w = versions(one, &third);
    ck_assert(cache_announce(two, CHANGE_PENDING, NULL, 0));
    ck_assert_int_eq(versions(one, &third).state, VERSIONS_PENDING);
    ck_assert(cache_announce(two, CHANGE_DONE, NULL, 0));
    ck_assert_int_eq(versions(one, &third).state, VERSIONS_KNOWN);
    ck_assert(!same(w, versions(one, &third)));
}
END_TEST

/* A crash between the two phases: nothing is relied on until the mark runs out, which it does. */
START_TEST(pending_runs_out)
{
    char key[UUID_TEXT_SIZE];
    uuid_format(key, &user);
    ck_assert(cache_announce(one, CHANGE_PENDING, &user, 1));
    ck_assert(cache_announce(one, CHANGE_PENDING, NULL, 0));
    ck_assert(redis_do("PEXPIRE test:access:u:%s 1", key));
    ck_assert(redis_do("TTL test:access:all")); /* false without one */
    usleep(5000);
    ck_assert_int_eq(versions(two, &user).state, VERSIONS_PENDING);
    ck_assert(redis_do("PEXPIRE test:access:all 1"));
    usleep(5000);
    ck_assert_int_eq(versions(two, &user).state, VERSIONS_KNOWN);
}
END_TEST

START_TEST(flushed_means_new)
{
    struct cache_versions v = versions(one, &user);
    ck_assert(redis_do("FLUSHALL"));
    struct cache_versions w = versions(two, &user);
    ck_assert(w.state == VERSIONS_KNOWN && !same(v, w));
    ck_assert(same(w, versions(one, &user)));
    ck_assert(!redis_do("TTL test:access:all")); /* kept for good */
}
END_TEST

START_TEST(rubbish_is_never_relied_on)
{
    static const char *const values[] = { "x", "pending", "0123456789abcdef0", "" };
    char key[UUID_TEXT_SIZE];
    uuid_format(key, &user);
    for (size_t i = 0; i < 3; i++) {
        ck_assert(redis_do("SET test:access:u:%s %s", key, values[i]));
        ck_assert_int_eq(versions(one, &user).state, VERSIONS_PENDING);
        ck_assert(redis_do("DEL test:access:u:%s", key));
        ck_assert(redis_do("SET test:access:all %s", values[i]));
        ck_assert_int_eq(versions(one, &user).state, VERSIONS_PENDING);
        ck_assert(redis_do("DEL test:access:all"));
    }
    ck_assert(redis_do("RPUSH test:access:all a"));
    ck_assert_int_eq(versions(one, &user).state, VERSIONS_KNOWN); /* replaced */
}
END_TEST

/* The server may have been replaced by one that has not heard of everything. */
START_TEST(a_new_connection_distrusts_the_server)
{
    struct cache_versions v = versions(one, &user);
    ck_assert(same(v, versions(two, &user)));
    ck_assert(redis_do("CLIENT KILL TYPE normal"));
    usleep(20000);
    ck_assert_int_eq(versions(one, &user).state, VERSIONS_PENDING);
    struct cache_versions w = versions(one, &user);
    ck_assert(w.state == VERSIONS_KNOWN && !same(v, w));
    ck_assert_int_eq(versions(two, &user).state, VERSIONS_PENDING);
    ck_assert(same(w, versions(two, &user))); /* one new value is enough */
    ck_assert(same(w, versions(one, &user)));
}
END_TEST

/* What could not be announced: the host's workers know at once, the others when Redis is back. */
START_TEST(debts_are_paid)
{
    struct options o = *redis_options();
    o.redis = "unix:/nonexistent";
    struct cache *mine = cache_create(&o), *neighbour = cache_create(redis_options());
    cache_share(mine, memory);
    cache_share(neighbour, memory);
    struct cache_versions v = versions(two, &user);
    ck_assert(!cache_announce(mine, CHANGE_PENDING, &user, 1));
    uint64_t before = cache_epoch(neighbour);
    ck_assert(!cache_announce(mine, CHANGE_DONE, &user, 1));
    ck_assert_uint_gt(cache_epoch(neighbour), before);
    ck_assert_uint_eq(cache_epoch(two), 0); /* another host */
    ck_assert_int_eq(versions(mine, &user).state, VERSIONS_UNKNOWN);
    ck_assert(same(v, versions(two, &user)));
    cache_idle(mine); /* cannot */
    ck_assert(same(v, versions(two, &user)));
    cache_idle(neighbour);
    ck_assert(!same(v, versions(two, &user)));
    v = versions(two, &user);
    cache_idle(neighbour);
    ck_assert(same(v, versions(two, &user))); /* paid once */
    cache_close(mine);
    cache_close(neighbour);
}
END_TEST

START_TEST(debts_are_paid_by_whoever_asks)
{
    struct options o = *redis_options();
    o.redis = "unix:/nonexistent";
    struct cache *cut_off = cache_create(&o);
    share();
    cache_share(cut_off, memory);
    struct cache_versions v = versions(one, &user);
    ck_assert(!cache_announce(cut_off, CHANGE_DONE, &user, 1));
    ck_assert(!same(v, versions(two, &user)));
    cache_close(cut_off);
}
END_TEST

Suite *announce_suite(void)
{
    Suite *s = suite_create("announce");
    TCase *t = tcase_create("announce");
    tcase_set_timeout(t, 60);
    tcase_add_unchecked_fixture(t, start, redis_stop);
    tcase_add_checked_fixture(t, open_both, close_both);
    tcase_add_test(t, versions_stay_until_something_is_announced);
    tcase_add_test(t, several_and_everybody);
    tcase_add_test(t, pending_runs_out);
    tcase_add_test(t, flushed_means_new);
    tcase_add_test(t, rubbish_is_never_relied_on);
    tcase_add_test(t, a_new_connection_distrusts_the_server);
    tcase_add_test(t, debts_are_paid);
    tcase_add_test(t, debts_are_paid_by_whoever_asks);
    suite_add_tcase(s, t);
    return s;
}
