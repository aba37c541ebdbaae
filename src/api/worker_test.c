/* Unit tests of what a worker decides; its loop is tested with whole processes. */
#include "api/api_tests.h"
#include "api/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

START_TEST(accept_errors_are_classified)
{
    ck_assert_int_eq(worker_accept_verdict(EAGAIN), ACCEPT_IDLE);
    ck_assert_int_eq(worker_accept_verdict(EINTR), ACCEPT_RETRY);
    ck_assert_int_eq(worker_accept_verdict(ECONNABORTED), ACCEPT_RETRY);
    const int resources[] = { EMFILE, ENFILE, ENOMEM, ENOBUFS, EINVAL, 12345 };
    for (size_t i = 0; i < sizeof resources / sizeof resources[0]; i++) {
        ck_assert_int_eq(worker_accept_verdict(resources[i]), ACCEPT_BACK_OFF);
    }
}
END_TEST

START_TEST(private_memory_follows_the_heap)
{
    enum { SIZE = 16 << 20 };
    int64_t before = worker_private_bytes();
    ck_assert_int_gt(before, 0);
    char *p = malloc(SIZE);
    memset(p, 1, SIZE);
    int64_t after = worker_private_bytes();
    ck_assert_int_eq(p[SIZE - 1], 1);
    free(p);
    ck_assert_int_ge(after - before, SIZE / 2);
}
END_TEST

Suite *worker_suite(void)
{
    Suite *s = suite_create("worker");
    TCase *c = tcase_create("worker");
    tcase_add_test(c, accept_errors_are_classified);
    tcase_add_test(c, private_memory_follows_the_heap);
    suite_add_tcase(s, c);
    return s;
}
