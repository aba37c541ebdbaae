/* Unit tests of the scoreboard. */
#include "base/base_tests.h"
#include "base/scoreboard.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static struct scoreboard *board;
static int board_fd;

static void setup(void)
{
    board = scoreboard_create(&board_fd);
    ck_assert_ptr_nonnull(board);
}

static void teardown(void)
{
    scoreboard_detach(board);
    close(board_fd);
}

START_TEST(slot_is_taken_and_given_back)
{
    struct scoreboard_slot *a = scoreboard_slot_take(board);
    struct scoreboard_slot *b = scoreboard_slot_take(board);
    ck_assert_ptr_eq(a, scoreboard_slot(board, 0));
    ck_assert_ptr_eq(b, scoreboard_slot(board, 1));
    ck_assert_uint_eq(scoreboard_slots_used(board), 2);
    scoreboard_slot_begin(a, getpid(), 7);
    ck_assert_int_eq(scoreboard_now(a).state, WORKER_STARTING);
    ck_assert_uint_eq(a->generation, 7);
    scoreboard_slot_end(a);
    ck_assert_int_eq(scoreboard_now(a).state, WORKER_FREE);
    ck_assert_ptr_eq(scoreboard_slot_take(board), a);
    ck_assert_uint_eq(scoreboard_slots_used(board), 2);
}
END_TEST

START_TEST(slots_run_out)
{
    for (unsigned i = 0; i < SCOREBOARD_SLOTS; i++) {
        ck_assert_ptr_nonnull(scoreboard_slot_take(board));
    }
    ck_assert_ptr_null(scoreboard_slot_take(board));
    ck_assert_ptr_null(scoreboard_slot(board, SCOREBOARD_SLOTS));
    ck_assert_uint_eq(scoreboard_slots_used(board), SCOREBOARD_SLOTS);
}
END_TEST

START_TEST(slot_knows_its_index)
{
    scoreboard_slot_take(board);
    ck_assert_uint_eq(scoreboard_slot_take(board)->index, 1);
}
END_TEST

START_TEST(op_names_are_registered_once)
{
    unsigned a = scoreboard_op(board, "booking_create");
    unsigned b = scoreboard_op(board, "property_list");
    ck_assert_uint_ne(a, SCOREBOARD_OP_OTHER);
    ck_assert_uint_ne(a, b);
    ck_assert_uint_eq(scoreboard_op(board, "booking_create"), a);
    ck_assert_str_eq(scoreboard_op_name(board, a), "booking_create");
    ck_assert_str_eq(scoreboard_op_name(board, SCOREBOARD_OP_OTHER), "none");
    ck_assert_ptr_null(scoreboard_op_name(board, b + 1));
    ck_assert_ptr_null(scoreboard_op_name(board, SCOREBOARD_OPS));
}
END_TEST

START_TEST(op_table_is_bounded)
{
    char name[SCOREBOARD_OP_NAME + 8];
    for (unsigned i = 1; i < SCOREBOARD_OPS; i++) {
        snprintf(name, sizeof name, "op_%u", i);
        ck_assert_uint_eq(scoreboard_op(board, name), i);
    }
    ck_assert_uint_eq(scoreboard_op(board, "one_more"), SCOREBOARD_OP_OTHER);
    ck_assert_uint_eq(scoreboard_op(board, "op_1"), 1);
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    ck_assert_uint_eq(scoreboard_op(board, name), SCOREBOARD_OP_OTHER);
    ck_assert_uint_eq(scoreboard_op(board, ""), SCOREBOARD_OP_OTHER);
    ck_assert_uint_eq(scoreboard_op(NULL, "op_1"), SCOREBOARD_OP_OTHER);
}
END_TEST

/* Several processes register the same names in different orders: each name gets one index. */
START_TEST(op_registration_from_several_processes)
{
    enum { PROCESSES = 4, NAMES = 60 };
    for (int p = 0; p < PROCESSES; p++) {
        if (fork() == 0) {
            for (int i = 0; i < NAMES; i++) {
                char name[16];
                snprintf(name, sizeof name, "n%d", (i * 7 + p * 13) % NAMES);
                scoreboard_op(board, name);
            }
            _exit(0);
        }
    }
    int status;
    while (wait(&status) > 0) {
        ck_assert_int_eq(status, 0);
    }
    for (int i = 0; i < NAMES; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        ck_assert_uint_le(scoreboard_op(board, name), NAMES);
    }
    ck_assert_ptr_nonnull(scoreboard_op_name(board, NAMES));
    ck_assert_ptr_null(scoreboard_op_name(board, NAMES + 1));
}
END_TEST

START_TEST(request_keeps_its_start_from_reading_to_busy)
{
    struct scoreboard_slot *s = scoreboard_slot_take(board);
    scoreboard_slot_begin(s, getpid(), 1);
    scoreboard_worker_state(s, WORKER_READING, SCOREBOARD_OP_OTHER);
    int64_t start = scoreboard_now(s).since_us;
    usleep(2000);
    scoreboard_worker_state(s, WORKER_BUSY, 3);
    scoreboard_worker_state(s, WORKER_BUSY, 5);
    struct scoreboard_now now = scoreboard_now(s);
    ck_assert_int_eq(now.since_us, start);
    ck_assert_uint_eq(now.op, 5);
    ck_assert_int_eq(now.state, WORKER_BUSY);
    scoreboard_worker_state(s, WORKER_IDLE, SCOREBOARD_OP_OTHER);
    ck_assert_int_gt(scoreboard_now(s).since_us, start);
}
END_TEST

START_TEST(done_requests_are_counted)
{
    struct scoreboard_slot *s = scoreboard_slot_take(board);
    scoreboard_op_done(s, 1, 200, 100);
    scoreboard_op_done(s, 1, 200, 101);
    scoreboard_op_done(s, 1, 777, -5);
    scoreboard_op_done(s, SCOREBOARD_OPS, 200, 1);
    scoreboard_op_done(NULL, 1, 200, 1);
    const struct scoreboard_op_stats *o = &s->ops[1];
    uint64_t ok = 0;
    for (unsigned i = 0; i < SCOREBOARD_CODES; i++) {
        ok += scoreboard_code(i) == 200 ? o->codes[i] : 0;
    }
    ck_assert_uint_eq(ok, 2);
    ck_assert_uint_eq(o->codes[0], 1);
    ck_assert_uint_eq(o->buckets[0], 2); /* bounds are inclusive; a negative duration counts as 0 */
    ck_assert_uint_eq(o->buckets[1], 1);
    ck_assert_uint_eq(o->sum_us, 201);
    ck_assert_uint_eq(s->served, 3);
    ck_assert_uint_eq(s->counters[WORKER_REQUESTS], 3);
}
END_TEST

START_TEST(counters_outlive_the_worker)
{
    struct scoreboard_slot *s = scoreboard_slot_take(board);
    scoreboard_slot_begin(s, getpid(), 1);
    scoreboard_op_done(s, 1, 200, 1);
    scoreboard_slot_end(s);
    s = scoreboard_slot_take(board);
    scoreboard_slot_begin(s, getpid(), 2);
    ck_assert_uint_eq(s->served, 0);
    ck_assert_uint_eq(s->counters[WORKER_REQUESTS], 1);
}
END_TEST

START_TEST(buckets_rise_to_infinity)
{
    for (unsigned i = 1; i < SCOREBOARD_BUCKETS; i++) {
        ck_assert_int_gt(scoreboard_bucket_us(i), scoreboard_bucket_us(i - 1));
    }
    ck_assert(scoreboard_bucket_us(SCOREBOARD_BUCKETS - 1) == INT64_MAX);
    struct scoreboard_slot *s = scoreboard_slot_take(board);
    scoreboard_op_done(s, 1, 200, INT64_MAX);
    ck_assert_uint_eq(s->ops[1].buckets[SCOREBOARD_BUCKETS - 1], 1);
}
END_TEST

START_TEST(attach_takes_only_the_same_layout)
{
    struct scoreboard *other = scoreboard_attach(board_fd);
    ck_assert_ptr_nonnull(other);
    scoreboard_pool_add(board, POOL_SPAWNS, 3);
    ck_assert_uint_eq(scoreboard_pool(other, POOL_SPAWNS), 3);
    scoreboard_detach(other);

    uint32_t layout = 999;
    ck_assert_int_eq(pwrite(board_fd, &layout, sizeof layout, 8), sizeof layout);
    ck_assert_ptr_null(scoreboard_attach(board_fd));

    int small = memfd_create("small", MFD_CLOEXEC);
    ck_assert_ptr_null(scoreboard_attach(small));
    close(small);
    ck_assert_ptr_null(scoreboard_attach(-1));
}
END_TEST

START_TEST(hashing_goes_back_with_the_slot)
{
    struct slots *hashing = scoreboard_hashing(board);
    struct scoreboard_slot *one = scoreboard_slot_take(board), *other = scoreboard_slot_take(board);
    ck_assert(slots_take(hashing, scoreboard_owner(other), 1, 1, 0));
    scoreboard_slot_end(one);
    ck_assert(!slots_take(hashing, scoreboard_owner(one), 1, 1, 0));
    scoreboard_slot_end(other);
    ck_assert(slots_take(hashing, scoreboard_owner(one), 1, 1, 0));
}
END_TEST

START_TEST(a_worker_without_slot_does_nothing)
{
    scoreboard_worker_state(NULL, WORKER_BUSY, 1);
    scoreboard_count(NULL, WORKER_REJECTED);
    scoreboard_private_bytes(NULL, 1);
    ck_assert_str_eq(worker_state_name(WORKER_BUSY), "busy");
    ck_assert_str_eq(worker_state_name(WORKER_STATE_COUNT), "unknown");
}
END_TEST

Suite *scoreboard_suite(void)
{
    Suite *s = suite_create("scoreboard");
    TCase *c = tcase_create("scoreboard");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, slot_is_taken_and_given_back);
    tcase_add_test(c, slots_run_out);
    tcase_add_test(c, slot_knows_its_index);
    tcase_add_test(c, op_names_are_registered_once);
    tcase_add_test(c, op_table_is_bounded);
    tcase_add_test(c, op_registration_from_several_processes);
    tcase_add_test(c, request_keeps_its_start_from_reading_to_busy);
    tcase_add_test(c, done_requests_are_counted);
    tcase_add_test(c, counters_outlive_the_worker);
    tcase_add_test(c, buckets_rise_to_infinity);
    tcase_add_test(c, attach_takes_only_the_same_layout);
    tcase_add_test(c, hashing_goes_back_with_the_slot);
    tcase_add_test(c, a_worker_without_slot_does_nothing);
    suite_add_tcase(s, c);
    return s;
}
