/* Unit tests of seats and children, with processes that do what the test says and time that the test makes.
 */
#include "api/api_tests.h"
#include "api/pool.h"
#include "api/worker.h"
#include "base/clock.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct scoreboard *board;
static int board_fd;
static struct pool *pool;
static struct pool_config config;
static int64_t now;

/* What a child does: exit with this status, or (negative) wait to be killed. */
static int behaviour;

static int run(void *ctx, const struct child *c, unsigned number)
{
    if (c->slot) {
        scoreboard_slot_begin(c->slot, getpid(), c->generation);
        scoreboard_worker_state(c->slot, WORKER_IDLE, SCOREBOARD_OP_OTHER);
    }
    while (*(int *)ctx < 0) {
        pause();
    }
    return *(int *)ctx;
}

static void make_pool(unsigned workers, bool metrics)
{
    config = (struct pool_config){ .workers = workers,
                                   .metrics = metrics,
                                   .generation = 1,
                                   .request_deadline_us = 400000,
                                   .drain_timeout_us = 300000,
                                   .board = board,
                                   .run = run,
                                   .ctx = &behaviour };
    pool = pool_create(&config);
    ck_assert_ptr_nonnull(pool);
}

static void setup(void)
{
    board = scoreboard_create(&board_fd);
    behaviour = -1;
    now = clock_mono_us();
}

static void teardown(void)
{
    pool_kill(pool);
    while (wait(NULL) > 0) {
    }
    pool_destroy(pool);
    scoreboard_detach(board);
    close(board_fd);
}

static pid_t reap_one(void)
{
    int status;
    pid_t pid = wait(&status);
    ck_assert(pool_reap(pool, pid, status, now));
    return pid;
}

static void wait_for_state(enum worker_state state)
{
    for (int i = 0; i < 5000 && scoreboard_now(pool_child(pool, 0)->slot).state != state; i++) {
        usleep(1000);
    }
    ck_assert_int_eq(scoreboard_now(pool_child(pool, 0)->slot).state, state);
}

START_TEST(seats_are_filled)
{
    make_pool(3, true);
    pool_spawn(pool, now);
    ck_assert_uint_eq(pool_count(pool).living, 4);
    ck_assert_uint_eq(pool_count(pool).wanted, 3);
    ck_assert_uint_eq(scoreboard_pool(board, POOL_SPAWNS), 3);
    ck_assert_int_eq(pool_child(pool, 3)->kind, CHILD_METRICS);
    ck_assert_ptr_null(pool_child(pool, 3)->slot);
    ck_assert_ptr_null(pool_child(pool, 4));
    pool_spawn(pool, now);
    ck_assert_uint_eq(pool_count(pool).living, 4);
}
END_TEST

/* Follow the pool's own timetable until it starts somebody; how long that took. */
static int64_t wait_for_spawn(void)
{
    int64_t start = now;
    pool_spawn(pool, now);
    while (pool_count(pool).living == 0) {
        now = pool_next(pool, now);
        pool_spawn(pool, now);
    }
    return now - start;
}

START_TEST(quick_deaths_are_slowed_down)
{
    make_pool(1, false);
    behaviour = WORKER_EXIT_FAILED;
    int64_t waits[12];
    for (int i = 0; i < 12; i++) {
        waits[i] = wait_for_spawn();
        reap_one();
    }
    ck_assert_int_eq(waits[0], 0);
    ck_assert_int_eq(waits[1], 0);
    for (int i = 3; i < 9; i++) { /* doubles, give or take a fifth */
        ck_assert_int_gt(waits[i], waits[i - 1]);
    }
    ck_assert_int_le(waits[11], POOL_BACK_OFF_MAX * 12 / 10);
    ck_assert_int_ge(waits[11], POOL_BACK_OFF_MAX * 8 / 10);
    ck_assert_uint_eq(scoreboard_pool(board, POOL_RESPAWNS), 12);
}
END_TEST

START_TEST(stable_worker_is_replaced_at_once)
{
    make_pool(1, false);
    for (int i = 0; i < 5; i++) {
        pool_spawn(pool, now);
        ck_assert_uint_eq(pool_count(pool).living, 1);
        wait_for_state(WORKER_IDLE);
        pool_watch(pool, now);
        kill(pool_child(pool, 0)->pid, SIGKILL);
        now += POOL_STABLE_US;
        reap_one();
        ck_assert_int_le(pool_next(pool, now), now);
    }
}
END_TEST

START_TEST(retired_worker_is_no_failure)
{
    make_pool(1, false);
    behaviour = WORKER_EXIT_RECYCLE;
    for (int i = 0; i < 5; i++) {
        pool_spawn(pool, now);
        ck_assert_uint_eq(pool_count(pool).living, 1);
        reap_one();
    }
    ck_assert_uint_eq(scoreboard_pool(board, POOL_RECYCLES), 5);
    ck_assert_uint_eq(scoreboard_pool(board, POOL_RESPAWNS), 0);
}
END_TEST

START_TEST(unknown_process_is_not_ours)
{
    make_pool(1, false);
    ck_assert(!pool_reap(pool, 1, 0, now));
}
END_TEST

START_TEST(stuck_worker_is_killed)
{
    make_pool(1, false);
    pool_spawn(pool, now);
    wait_for_state(WORKER_IDLE);
    struct scoreboard_slot *slot = pool_child(pool, 0)->slot;
    scoreboard_worker_state(slot, WORKER_READING, SCOREBOARD_OP_OTHER);
    int64_t start = scoreboard_now(slot).since_us;
    scoreboard_worker_state(slot, WORKER_BUSY, scoreboard_op(board, "slow"));
    pool_watch(pool, start + 399000);
    ck_assert_uint_eq(scoreboard_pool(board, POOL_WATCHDOG_KILLS), 0);
    ck_assert(pool_progresses(pool, start + 399000));
    ck_assert(!pool_progresses(pool, start + 401000));
    pool_watch(pool, start + 401000);
    pool_watch(pool, start + 402000);
    ck_assert_uint_eq(scoreboard_pool(board, POOL_WATCHDOG_KILLS), 1);
    reap_one();
    ck_assert_int_eq(scoreboard_now(slot).state, WORKER_FREE);
}
END_TEST

START_TEST(ages_after_a_pause_of_the_supervisor_say_nothing)
{
    make_pool(1, false);
    pool_spawn(pool, now);
    wait_for_state(WORKER_IDLE);
    pool_watch(pool, now);
    now += 60000000;
    pool_watch(pool, now);
    ck_assert_uint_eq(scoreboard_pool(board, POOL_WATCHDOG_KILLS), 0);
    now += 100000;
    pool_watch(pool, now); /* had its chance to show itself, and did not */
    ck_assert_uint_eq(scoreboard_pool(board, POOL_WATCHDOG_KILLS), 1);
}
END_TEST

START_TEST(earlier_generation_is_drained_then_killed)
{
    make_pool(1, false);
    struct child old = { .kind = CHILD_WORKER, .generation = 0, .ready = true, .seat = 5 };
    old.pid = fork();
    if (old.pid == 0) {
        signal(SIGTERM, SIG_IGN);
        for (;;) {
            pause();
        }
    }
    pool_adopt(pool, &old);
    ck_assert_uint_eq(pool_count(pool).old, 1);
    pool_retire_old(pool, now);
    pool_watch(pool, now + 299000);
    ck_assert_uint_eq(scoreboard_pool(board, POOL_DRAIN_KILLS), 0);
    ck_assert_int_le(pool_next(pool, now + 299000), now + 300000);
    pool_watch(pool, now + 300000);
    ck_assert_uint_eq(scoreboard_pool(board, POOL_DRAIN_KILLS), 1);
    ck_assert_int_eq(reap_one(), old.pid);
    ck_assert_uint_eq(pool_count(pool).living, 0); /* an earlier generation is not replaced */
}
END_TEST

START_TEST(stopping_replaces_nobody)
{
    make_pool(2, false);
    pool_spawn(pool, now);
    pool_stop(pool, SIGKILL, now); /* a SIGTERM would meet the handler that Check has installed */
    reap_one();
    reap_one();
    pool_spawn(pool, now + 60000000);
    ck_assert_uint_eq(pool_count(pool).living, 0);
    ck_assert_uint_eq(scoreboard_pool(board, POOL_RESPAWNS), 0);
}
END_TEST

Suite *pool_suite(void)
{
    Suite *s = suite_create("pool");
    TCase *c = tcase_create("pool");
    tcase_set_timeout(c, 30);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, seats_are_filled);
    tcase_add_test(c, quick_deaths_are_slowed_down);
    tcase_add_test(c, stable_worker_is_replaced_at_once);
    tcase_add_test(c, retired_worker_is_no_failure);
    tcase_add_test(c, unknown_process_is_not_ours);
    tcase_add_test(c, stuck_worker_is_killed);
    tcase_add_test(c, ages_after_a_pause_of_the_supervisor_say_nothing);
    tcase_add_test(c, earlier_generation_is_drained_then_killed);
    tcase_add_test(c, stopping_replaces_nobody);
    suite_add_tcase(s, c);
    return s;
}
