/* Tests of slots.c, with real processes. */
#include "base/base_tests.h"
#include "base/clock.h"
#include "base/slots.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LONG_US 20000000

static struct shared {
    struct slots slots;
    _Atomic int inside, most, turns;
} * shared;

static void setup(void)
{
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(shared, MAP_FAILED);
}

static void teardown(void)
{
    munmap(shared, sizeof *shared);
}

static void nap(long us)
{
    struct timespec t = { .tv_nsec = us * 1000 };
    nanosleep(&t, NULL);
}

/* Until `number` processes wait; the test's own time limit ends it otherwise. */
static void await_waiters(unsigned number)
{
    for (unsigned n = 0; n != number;) {
        n = 0;
        for (unsigned i = 0; i < SLOTS_MAX; i++) {
            n += shared->slots.waiters[i] != 0;
        }
        nap(1000);
    }
}

/* A process that waits for a place and says by its exit whether it got one. */
static pid_t waiter(uint32_t owner, int64_t us)
{
    pid_t pid = fork();
    if (pid == 0) {
        _exit(slots_take(&shared->slots, owner, 1, 4, us) ? 0 : 1);
    }
    return pid;
}

static int exit_of(pid_t pid)
{
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

START_TEST(places_are_counted)
{
    struct slots *s = &shared->slots;
    ck_assert(slots_take(s, 1, 2, 4, 0));
    ck_assert(slots_take(s, 2, 2, 4, 0));
    ck_assert(!slots_take(s, 3, 2, 4, 0));
    ck_assert_uint_eq(slots_taken(s), 2);
    slots_free(s, 1);
    ck_assert(slots_take(s, 3, 2, 4, 0));
    slots_free(s, 7); /* has nothing */
    ck_assert_uint_eq(slots_taken(s), 2);
    slots_free(s, 2);
    slots_free(s, 3);
    ck_assert_uint_eq(slots_taken(s), 0);
}
END_TEST

START_TEST(waiting_ends_with_its_time)
{
    ck_assert(slots_take(&shared->slots, 1, 1, 4, 0));
    int64_t start = clock_mono_us();
    ck_assert(!slots_take(&shared->slots, 2, 1, 4, 30000));
    ck_assert_int_ge(clock_mono_us() - start, 30000);
    ck_assert(!slots_take(&shared->slots, 2, 1, 0, LONG_US)); /* nobody may wait: at once */
    slots_free(&shared->slots, 1);
    ck_assert(slots_take(&shared->slots, 2, 1, 4, 0)); /* no place in the queue was left behind */
}
END_TEST

START_TEST(a_place_wakes_who_waits)
{
    ck_assert(slots_take(&shared->slots, 1, 1, 4, 0));
    pid_t pid = waiter(2, LONG_US);
    await_waiters(1);
    int64_t start = clock_mono_us();
    slots_free(&shared->slots, 1);
    ck_assert_int_eq(exit_of(pid), 0);
    ck_assert_int_lt(clock_mono_us() - start, LONG_US / 2);
}
END_TEST

START_TEST(nobody_overtakes)
{
    ck_assert(slots_take(&shared->slots, 1, 1, 4, 0));
    pid_t pid = waiter(2, LONG_US);
    await_waiters(1);
    kill(pid, SIGSTOP); /* so that it cannot take the place at once */
    slots_free(&shared->slots, 1);
    ck_assert(!slots_take(&shared->slots, 3, 1, 1, 0));
    kill(pid, SIGCONT);
    ck_assert_int_eq(exit_of(pid), 0);
}
END_TEST

START_TEST(the_queue_is_short)
{
    pid_t pids[4];
    ck_assert(slots_take(&shared->slots, 1, 1, 4, 0));
    for (uint32_t i = 0; i < 4; i++) {
        pids[i] = waiter(10 + i, LONG_US);
    }
    await_waiters(4);
    ck_assert(!slots_take(&shared->slots, 2, 1, 4, LONG_US)); /* at once */
    for (size_t i = 0; i < 4; i++) {
        kill(pids[i], SIGKILL);
        ck_assert_int_eq(exit_of(pids[i]), -SIGKILL);
        slots_free(&shared->slots, 10 + (uint32_t)i);
    }
    ck_assert(!slots_take(&shared->slots, 2, 1, 4, 1000)); /* the place itself is still taken */
    slots_free(&shared->slots, 1);
    ck_assert(slots_take(&shared->slots, 2, 1, 4, 0));
}
END_TEST

/* Killed while it holds the place: whoever buries it lets the next one in. */
START_TEST(the_dead_hold_nothing)
{
    pid_t holder = fork();
    if (holder == 0) {
        shared->turns = slots_take(&shared->slots, 1, 1, 4, 0);
        for (;;) {
            pause();
        }
    }
    while (shared->turns == 0) {
        nap(1000);
    }
    pid_t next = waiter(2, LONG_US);
    await_waiters(1);
    kill(holder, SIGKILL);
    ck_assert_int_eq(exit_of(holder), -SIGKILL);
    slots_free(&shared->slots, 1);
    ck_assert_int_eq(exit_of(next), 0);
}
END_TEST

#define PROCESSES 12
#define ROUNDS    200
#define PLACES    3

static void take_turns(uint32_t owner)
{
    for (int i = 0; i < ROUNDS; i++) {
        if (!slots_take(&shared->slots, owner, PLACES, PROCESSES, LONG_US)) {
            _exit(1);
        }
        int now = atomic_fetch_add(&shared->inside, 1) + 1;
        for (int most = shared->most;
             now > most && !atomic_compare_exchange_weak(&shared->most, &most, now);) {
        }
        nap(50);
        atomic_fetch_sub(&shared->inside, 1);
        slots_free(&shared->slots, owner);
        atomic_fetch_add(&shared->turns, 1);
    }
    _exit(0);
}

START_TEST(never_more_inside_than_places)
{
    pid_t pids[PROCESSES];
    for (uint32_t i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            take_turns(i + 1);
        }
    }
    for (size_t i = 0; i < PROCESSES; i++) {
        ck_assert_int_eq(exit_of(pids[i]), 0);
    }
    ck_assert_int_eq(shared->turns, PROCESSES * ROUNDS);
    ck_assert_int_eq(shared->most, PLACES);
    ck_assert_uint_eq(slots_taken(&shared->slots), 0);
}
END_TEST

Suite *slots_suite(void)
{
    Suite *s = suite_create("slots");
    TCase *c = tcase_create("slots");
    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, places_are_counted);
    tcase_add_test(c, waiting_ends_with_its_time);
    tcase_add_test(c, a_place_wakes_who_waits);
    tcase_add_test(c, nobody_overtakes);
    tcase_add_test(c, the_queue_is_short);
    tcase_add_test(c, the_dead_hold_nothing);
    tcase_add_test(c, never_more_inside_than_places);
    suite_add_tcase(s, c);
    return s;
}
