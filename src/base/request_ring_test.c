/* Tests of request_ring.c. */
#include "base/base_tests.h"
#include "base/request_ring.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static struct request_ring *ring;

static void setup(void)
{
    ring = mmap(NULL, sizeof(*ring), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(ring, MAP_FAILED);
}

static void teardown(void)
{
    munmap(ring, sizeof(*ring));
}

static bool put(int64_t number)
{
    struct request_note *n = request_ring_begin(ring);
    if (n) {
        n->at_us = number;
        request_ring_end(ring);
    }
    return n != NULL;
}

START_TEST(a_full_ring_loses_and_counts)
{
    const struct request_note *notes;
    ck_assert_uint_eq(request_ring_peek(ring, &notes, 10), 0);
    for (int i = 0; i < REQUEST_RING_NOTES; i++) {
        ck_assert(put(i));
    }
    ck_assert(!put(-1));
    ck_assert(!put(-1));
    ck_assert_uint_eq(ring->lost, 2);
    ck_assert_uint_eq(request_ring_peek(ring, &notes, 10), 10);
    ck_assert_int_eq(notes[9].at_us, 9);
    request_ring_drop(ring, 10);
    ck_assert(put(REQUEST_RING_NOTES));
    ck_assert_uint_eq(request_ring_peek(ring, &notes, SIZE_MAX),
                      REQUEST_RING_NOTES - 10); /* up to the seam */
    ck_assert_int_eq(notes[0].at_us, 10);
    request_ring_drop(ring, REQUEST_RING_NOTES - 10);
    ck_assert_uint_eq(request_ring_peek(ring, &notes, SIZE_MAX), 1);
    ck_assert_int_eq(notes[0].at_us, REQUEST_RING_NOTES);
}
END_TEST

START_TEST(what_was_begun_only_is_not_there)
{
    const struct request_note *notes;
    request_ring_begin(ring)->at_us = 1; /* and killed */
    ck_assert_uint_eq(request_ring_peek(ring, &notes, 10), 0);
    ck_assert(put(2));
    ck_assert_uint_eq(request_ring_peek(ring, &notes, 10), 1);
    ck_assert_int_eq(notes[0].at_us, 2);
}
END_TEST

START_TEST(another_process_reads_all_in_order)
{
    enum { TOTAL = 300000 };
    int wrong = 0;
    pid_t writer = fork();
    if (writer == 0) {
        for (int i = 0; i < TOTAL;) {
            if (put(i)) {
                i++;
            } else {
                sched_yield();
            }
        }
        _exit(0);
    }
    for (int64_t next = 0; next < TOTAL;) {
        const struct request_note *notes;
        size_t count = request_ring_peek(ring, &notes, 100);
        for (size_t i = 0; i < count; i++) {
            wrong += notes[i].at_us != next++;
        }
        request_ring_drop(ring, count);
        if (count == 0) {
            sched_yield();
        }
    }
    ck_assert_int_eq(wrong, 0);
    int status;
    waitpid(writer, &status, 0);
    ck_assert_int_eq(status, 0);
}
END_TEST

Suite *request_ring_suite(void)
{
    Suite *s = suite_create("request_ring");
    TCase *c = tcase_create("request_ring");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, a_full_ring_loses_and_counts);
    tcase_add_test(c, what_was_begun_only_is_not_there);
    tcase_add_test(c, another_process_reads_all_in_order);
    suite_add_tcase(s, c);
    return s;
}
