/* Tests of backoff_table.c. */
#include "base/backoff_table.h"
#include "base/base_tests.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct backoff_policy policy = { .free = 3, .first_ms = 1000, .most_ms = 10000 };
static struct backoff_table *table;
static struct backoff_count before;

static void setup(void)
{
    table = mmap(NULL, sizeof *table, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(table, MAP_FAILED);
}

static void teardown(void)
{
    munmap(table, sizeof *table);
}

static int64_t begin(const char *key, int64_t now)
{
    return backoff_table_begin(table, str_from(key), &policy, now, &before);
}

START_TEST(delays_double_up_to_a_bound)
{
    static const int64_t delays[] = { 0, 0, 0, 1000, 2000, 4000, 8000, 10000, 10000 };
    for (int64_t i = 0; i < 9; i++) {
        ck_assert_int_eq(backoff_delay_ms(&policy, i), delays[i]);
    }
    ck_assert_int_eq(backoff_delay_ms(&policy, BACKOFF_COUNT_MAX), 10000);
    struct backoff_policy off = { 0 };
    ck_assert_int_eq(backoff_delay_ms(&off, 100), 0);
}
END_TEST

START_TEST(failures_make_wait)
{
    int64_t now = 5000000;
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(begin("ada", now), 0);
    }
    ck_assert_int_eq(begin("ada", now), 1000);
    ck_assert_int_eq(begin("ada", now + 400), 600); /* refused ones do not count */
    ck_assert_int_eq(begin("bob", now), 0);
    ck_assert_int_eq(begin("ada", now + 1000), 0);
    ck_assert_int_eq(begin("ada", now + 1000), 2000);
    ck_assert_int_eq(begin("ada", now + 3000 + BACKOFF_FORGET_MS), 0); /* forgotten */
    ck_assert_int_eq(before.failures, 0);
    backoff_table_forget(table, STR("nobody"));
    backoff_table_forget(table, STR("ada"));
    ck_assert_int_eq(begin("ada", now), 0);
    ck_assert_int_eq(before.failures, 0);
}
END_TEST

START_TEST(what_was_no_failure_is_taken_back)
{
    int64_t now = 5000000;
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(begin("ada", now + i), 0);
        backoff_table_undo(table, STR("ada"), now + i, &before);
    }
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(begin("ada", now), 0);
    }
    ck_assert_int_eq(begin("ada", now + 1000), 0); /* the fourth, which succeeds */
    backoff_table_undo(table, STR("ada"), now + 1000, &before);
    ck_assert_int_eq(begin("ada", now + 1000), 0);

    struct backoff_count first;
    ck_assert_int_eq(begin("bob", now), 0);
    first = before;
    ck_assert_int_eq(begin("bob", now + 5), 0); /* another one at the same time, which fails */
    backoff_table_undo(table, STR("bob"), now, &first);
    ck_assert_int_eq(begin("bob", now + 6), 0);
    ck_assert_int_eq(before.failures, 1);
    backoff_table_undo(table, STR("nobody"), now, &first);
}
END_TEST

START_TEST(the_oldest_give_way)
{
    char key[32];
    ck_assert_int_eq(begin("first", 1000), 0);
    for (int i = 0; i < 20 * BACKOFF_ENTRIES; i++) {
        snprintf(key, sizeof key, "key %d", i);
        ck_assert_int_eq(begin(key, 2000 + i), 0);
    }
    ck_assert_int_eq(begin(key, 2000 + 20 * BACKOFF_ENTRIES), 0);
    ck_assert_int_eq(before.failures, 1); /* the newest is still there */
    ck_assert_int_eq(begin("first", 3000 + 20 * BACKOFF_ENTRIES), 0);
    ck_assert_int_eq(before.failures, 0);
}
END_TEST

/* However many try at once, only the free ones get through. */
START_TEST(processes_count_together)
{
    enum { PROCESSES = 8, TRIES = 1000 };
    ck_assert_int_eq(begin("shared", 1000), 0);
    for (int p = 0; p < PROCESSES; p++) {
        if (fork() == 0) {
            int allowed = 0;
            for (int i = 0; i < TRIES; i++) {
                allowed += begin("shared", 1000) == 0;
            }
            _exit(allowed);
        }
    }
    int allowed = 1;
    for (int p = 0; p < PROCESSES; p++) {
        int status;
        ck_assert_int_gt(wait(&status), 0);
        ck_assert(WIFEXITED(status));
        allowed += WEXITSTATUS(status);
    }
    ck_assert_int_eq(allowed, 3);
}
END_TEST

Suite *backoff_table_suite(void)
{
    Suite *s = suite_create("backoff_table");
    TCase *c = tcase_create("all");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, delays_double_up_to_a_bound);
    tcase_add_test(c, failures_make_wait);
    tcase_add_test(c, what_was_no_failure_is_taken_back);
    tcase_add_test(c, the_oldest_give_way);
    tcase_add_test(c, processes_count_together);
    suite_add_tcase(s, c);
    return s;
}
