/*
 * What the gates from trace to permit cost a worker once a token is known: CPU of the process, and the time
 * that passes with Redis in between. Prints one line each: name, nanoseconds. Runs under tests/with-postgres,
 * with a Redis of its own.
 *
 * Worker and Redis share one core, as on a host with work to do. On an idle one the kernel puts them on two,
 * and each message then has to wake a sleeping core: in a virtual machine that costs the sender more than all
 * gates do. A bare PING stands beside the gates to tell how much of them is the round trip.
 */
#include "http/http_tests.h"

#include "base/log.h"
#include "cache/cache_tests.h"
#include "http/gates.h"

#include <hiredis/hiredis.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCHES 300
#define ROUNDS  80 /* of a batch */

static const struct gate *const row[] = { &gate_trace,        &gate_limits, &gate_cors, &gate_route,
                                          &gate_authenticate, &gate_rate,   &gate_load, &gate_permit };
#define GATES (sizeof row / sizeof row[0])

static int64_t nanoseconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Through the first so many gates. */
static void once(char *const *env, size_t gates)
{
    struct request *rq = request_start(test_service, env);
    for (size_t i = 0; i < gates; i++) {
        if (row[i]->run(rq) != ERR_NONE) { /* an assertion costs more than a gate */
            ck_abort_msg("%s: %s", row[i]->name, err_info(rq->err)->code);
        }
    }
    arena_reset(test_service->arena);
}

struct cost {
    int64_t cpu, passed;
};

static struct cost batch(char *const *env, size_t gates)
{
    int64_t cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID), passed = nanoseconds(CLOCK_MONOTONIC);
    for (int i = 0; i < ROUNDS; i++) {
        once(env, gates);
    }
    return (struct cost){ (nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / ROUNDS,
                          (nanoseconds(CLOCK_MONOTONIC) - passed) / ROUNDS };
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/*
 * The batches of every length take turns, so that each length sees every mood of the machine. The differences
 * are of the best batches; the sum is also told for the one in the middle.
 */
static void report(const char *name, char *const *env)
{
    static int64_t cpu[GATES + 1][BATCHES], passed[GATES + 1][BATCHES];
    for (int b = 0; b < BATCHES; b++) {
        for (size_t i = 0; i <= GATES; i++) {
            struct cost c = batch(env, i);
            cpu[i][b] = c.cpu;
            passed[i][b] = c.passed;
        }
    }
    for (size_t i = 0; i <= GATES; i++) {
        qsort(cpu[i], BATCHES, sizeof cpu[i][0], ascending);
        qsort(passed[i], BATCHES, sizeof passed[i][0], ascending);
    }
    for (size_t i = 1; i <= GATES; i++) {
        printf("%s: %s %lld ns of CPU, %lld ns\n", name, row[i - 1]->name,
               (long long)(cpu[i][0] - cpu[i - 1][0]), (long long)(passed[i][0] - passed[i - 1][0]));
    }
    printf("%s: all gates %lld ns of CPU, %lld ns\n", name, (long long)(cpu[GATES][0] - cpu[0][0]),
           (long long)(passed[GATES][0] - passed[0][0]));
    printf("%s: median %lld ns of CPU, %lld ns\n", name,
           (long long)(cpu[GATES][BATCHES / 2] - cpu[0][BATCHES / 2]),
           (long long)(passed[GATES][BATCHES / 2] - passed[0][BATCHES / 2]));
}

static void report_ping(void)
{
    redisContext *link = redisConnectUnix(redis_options()->redis + strlen("unix:"));
    ck_assert(link && !link->err);
    int64_t best = INT64_MAX;
    for (int b = 0; b < BATCHES; b++) {
        int64_t cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
        for (int i = 0; i < ROUNDS; i++) {
            freeReplyObject(redisCommand(link, "PING"));
        }
        cpu = (nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / ROUNDS;
        best = cpu < best ? cpu : best;
    }
    redisFree(link);
    printf("bare PING %lld ns of CPU\n", (long long)best);
}

/* What is started from here on stays on this core as well. */
static void stay_on_one_core(void)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET((size_t)sched_getcpu(), &one);
    ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
}

static char *make_token(void)
{
    PGconn *owner = PQconnectdb(getenv("NEXUS_TEST_SUPERUSER"));
    struct token_spec spec = { .user = uuid_v7(), .session = uuid_v7(), .authenticated_us = 1 };
    char user[UUID_TEXT_SIZE], session[UUID_TEXT_SIZE], sql[1024];
    uuid_format(user, &spec.user);
    uuid_format(session, &spec.session);
    snprintf(
        sql, sizeof sql,
        "insert into users (id, email, name) values ('%s', '%s@example.com', 'X');"
        "insert into user_roles values ('%s', 'guest'), ('%s', 'host');"
        "insert into sessions (id, user_id, kind, expires_at, idle_seconds) values ('%s', '%s', 'direct', "
        "now() + interval '1 hour', 3600)",
        user, user, user, user, session, user);
    PGresult *r = PQexec(owner, sql);
    ck_assert_msg(PQresultStatus(r) == PGRES_COMMAND_OK, "%s", PQresultErrorMessage(r));
    PQclear(r);
    PQfinish(owner);
    return test_token_of(&spec);
}

START_TEST(bench)
{
    stay_on_one_core();
    redis_start(NULL);
    test_options_reset();
    test_options.database = getenv("NEXUS_DATABASE");
    test_options.redis = redis_options()->redis;
    test_options.redis_timeout = 1000000;
    test_options.rate_read = test_options.rate_network = (struct rate_limit){ 100000000, 60000000 };
    test_service_start();
    char *token = make_token();
    char *env[] = { (char *)"REQUEST_METHOD=GET",
                    (char *)"REQUEST_URI=/v1/mine",
                    (char *)"SERVER_PROTOCOL=HTTP/1.1",
                    (char *)"REMOTE_ADDR=192.0.2.1",
                    (char *)"NEXUS_REQUEST_ID=7f3c1a9be27d4c0d8f6e5a4b3c2d1e0f",
                    (char *)"HTTP_HOST=localhost",
                    (char *)"HTTP_ACCEPT=application/json",
                    (char *)"HTTP_USER_AGENT=bench",
                    token,
                    NULL };
    char *anonymous[] = { env[0], (char *)"REQUEST_URI=/v1/hello", env[2], env[3], env[4], env[5], NULL };
    report_ping();
    report("token", env);
    report("anonymous", anonymous);
    free(token);
    test_service_stop();
    redis_stop();
}
END_TEST

int main(void)
{
    if (!getenv("NEXUS_TEST_SUPERUSER")) {
        fputs("run me under tests/with-postgres\n", stderr);
        return EXIT_FAILURE;
    }
    log_init("gates_bench", LOG_ERROR);
    Suite *s = suite_create("bench");
    TCase *c = tcase_create("bench");
    tcase_add_test(c, bench);
    suite_add_tcase(s, c);
    SRunner *runner = srunner_create(s);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
