/* The connection: passwords, restarts, silence. */
#include "base/clock.h"
#include "cache/cache_tests.h"

#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct cache *cache;

static void start_plain(void)
{
    redis_start(NULL);
}

static void start_locked(void)
{
    redis_start("open sesame");
}

static struct rate_answer ask(void)
{
    static const struct cache_question q = { .buckets = { { "read", { "x", 1 }, { 100, 60000000 }, false } },
                                             .bucket_count = 1 };
    struct rate_answer a;
    struct cache_versions none;
    cache_ask(cache, &q, &a, &none);
    return a;
}

static int64_t took_us(int64_t start)
{
    return clock_mono_us() - start;
}

/* A frozen server costs one time-out; then nothing until redis_retry is over; then it is found again. */
START_TEST(frozen_server_costs_one_timeout)
{
    struct options o = *redis_options();
    o.redis_timeout = 20000;
    o.redis_retry = 300000;
    cache = cache_create(&o);
    ck_assert(!ask().local);
    redis_signal(SIGSTOP);
    int64_t start = clock_mono_us();
    ck_assert(ask().local);
    ck_assert_int_ge(took_us(start), 20000);
    ck_assert_int_lt(took_us(start), 60000);
    ck_assert(!cache_usable(cache));
    start = clock_mono_us();
    for (int i = 0; i < 1000; i++) {
        ck_assert(ask().local);
    }
    ck_assert_int_lt(took_us(start), 50000);
    usleep(310000);
    start = clock_mono_us();
    ck_assert(ask().local); /* connects to the backlog, gets no answer */
    ck_assert_int_lt(took_us(start), 60000);
    redis_signal(SIGCONT);
    ck_assert(ask().local);
    usleep(310000);
    ck_assert_msg(!ask().local, "%s", cache_error(cache));
    cache_close(cache);
}
END_TEST

START_TEST(dropped_connection_is_opened_anew)
{
    cache = cache_create(redis_options());
    ck_assert(!ask().local);
    ck_assert(redis_do("CLIENT KILL TYPE normal"));
    usleep(20000);
    ck_assert_msg(!ask().local, "%s", cache_error(cache));
    cache_close(cache);
}
END_TEST

START_TEST(absent_server_is_refused_at_once)
{
    struct options o = *redis_options();
    static const char *const nowhere[] = {
        "unix:/nonexistent/redis.sock", "127.0.0.1:1", "nonsense", ":1", "[::1]:x", "h:70000"
    };
    for (size_t i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
        o.redis = nowhere[i];
        cache = cache_create(&o);
        ck_assert(cache_usable(cache));
        ck_assert(ask().local);
        ck_assert(!cache_usable(cache));
        ck_assert_str_ne(cache_error(cache), "");
        cache_close(cache);
    }
}
END_TEST

/* A peer that dribbles a byte at a time never gets more than the deadline. */
static void dribble(int listener)
{
    int fd = accept(listener, NULL, NULL);
    for (int i = 0; i < 1000 && send(fd, "*", 1, MSG_NOSIGNAL) == 1; i++) {
        usleep(5000);
    }
    _exit(0);
}

START_TEST(dribbling_server_is_cut_off)
{
    struct options o = *redis_options();
    struct sockaddr_un where = { .sun_family = AF_UNIX };
    char address[sizeof(where.sun_path) + 8];
    snprintf(where.sun_path, sizeof(where.sun_path), "/tmp/nexus-dribble-%d", (int)getpid());
    snprintf(address, sizeof(address), "unix:%s", where.sun_path);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&where, sizeof(where)), 0);
    ck_assert_int_eq(listen(listener, 5), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dribble(listener);
    }
    o.redis = address;
    o.redis_timeout = 30000;
    cache = cache_create(&o);
    int64_t start = clock_mono_us();
    ck_assert(ask().local);
    ck_assert_int_lt(took_us(start), 80000);
    cache_close(cache);
    kill(pid, SIGKILL);
    unlink(where.sun_path);
}
END_TEST

START_TEST(password)
{
    cache = cache_create(redis_options());
    ck_assert_msg(cache_ping(cache), "%s", cache_error(cache));
    ck_assert(!ask().local);
    cache_close(cache);

    struct options o = *redis_options();
    o.redis_password_file = "";
    cache = cache_create(&o);
    ck_assert(!cache_ping(cache));
    ck_assert_ptr_nonnull(strstr(cache_error(cache), "NOAUTH"));
    cache_close(cache);

    o.redis_password_file = "/nonexistent";
    cache = cache_create(&o);
    ck_assert(!cache_ping(cache));
    ck_assert_ptr_nonnull(strstr(cache_error(cache), "/nonexistent"));
    cache_close(cache);
}
END_TEST

Suite *connection_suite(void)
{
    Suite *s = suite_create("connection");
    TCase *plain = tcase_create("plain"), *locked = tcase_create("locked");
    tcase_set_timeout(plain, 60);
    tcase_add_unchecked_fixture(plain, start_plain, redis_stop);
    tcase_add_test(plain, frozen_server_costs_one_timeout);
    tcase_add_test(plain, dropped_connection_is_opened_anew);
    tcase_add_test(plain, absent_server_is_refused_at_once);
    tcase_add_test(plain, dribbling_server_is_cut_off);
    suite_add_tcase(s, plain);
    tcase_add_unchecked_fixture(locked, start_locked, redis_stop);
    tcase_add_test(locked, password);
    suite_add_tcase(s, locked);
    return s;
}
