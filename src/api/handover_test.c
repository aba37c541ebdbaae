/* Unit tests of the state that goes across execve. */
#include "api/api_tests.h"
#include "api/handover.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct handover sample(struct child *children, unsigned *slots)
{
    children[0] = (struct child){ .pid = 100,
                                  .kind = CHILD_WORKER,
                                  .seat = 0,
                                  .generation = 4,
                                  .started_us = 1234567890123,
                                  .ready = true };
    children[1] =
        (struct child){ .pid = 101, .kind = CHILD_METRICS, .seat = 1, .generation = 4, .kill_at_us = 77 };
    slots[0] = 9;
    slots[1] = SCOREBOARD_SLOTS;
    struct handover h = {
        .generation = 4, .again = true, .board_fd = -1, .children = children, .slot_of = slots, .count = 2
    };
    h.api = (struct listener){ .fd = open("/dev/null", O_RDONLY | O_CLOEXEC),
                               .dev = 5,
                               .ino = 1234567890123,
                               .address = "/run/with blank/api.sock" };
    h.metrics = (struct listener){ .fd = -1 };
    return h;
}

START_TEST(state_survives)
{
    struct child children[2];
    unsigned slots[2];
    struct handover h = sample(children, slots);
    struct handover got;
    int fd;
    ck_assert(handover_offer(&h, &fd));
    ck_assert_int_eq(fcntl(h.api.fd, F_GETFD), 0);
    ck_assert_int_eq(fcntl(fd, F_GETFD), 0);
    ck_assert(handover_accept(&got));
    ck_assert_ptr_null(getenv(HANDOVER_VARIABLE));
    ck_assert_int_eq(fcntl(h.api.fd, F_GETFD), FD_CLOEXEC);
    ck_assert_uint_eq(got.generation, 4);
    ck_assert(got.again);
    ck_assert_int_eq(got.api.fd, h.api.fd);
    ck_assert_uint_eq(got.api.ino, h.api.ino);
    ck_assert_str_eq(got.api.address, h.api.address);
    ck_assert_int_eq(got.metrics.fd, -1);
    ck_assert_str_eq(got.metrics.address, "");
    ck_assert_uint_eq(got.count, 2);
    ck_assert_int_eq(got.children[0].pid, 100);
    ck_assert_int_eq(got.children[0].seat, SEAT_NONE);
    ck_assert(got.children[0].ready);
    ck_assert_int_eq(got.children[0].started_us, 1234567890123);
    ck_assert_uint_eq(got.slot_of[0], 9);
    ck_assert_int_eq(got.children[1].kind, CHILD_METRICS);
    ck_assert_int_eq(got.children[1].kill_at_us, 77);
    handover_free(&got);
    close(h.api.fd);
}
END_TEST

START_TEST(cancelled_offer_leaves_nothing)
{
    struct child children[2];
    unsigned slots[2];
    struct handover h = sample(children, slots);
    struct handover got;
    int fd;
    ck_assert(handover_offer(&h, &fd));
    handover_cancel(&h, fd);
    ck_assert_int_eq(fcntl(h.api.fd, F_GETFD), FD_CLOEXEC);
    ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
    ck_assert(!handover_accept(&got));
    close(h.api.fd);
}
END_TEST

static bool accept_text(const char *text, struct handover *h)
{
    char number[16];
    int fd = memfd_create("text", 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    snprintf(number, sizeof number, "%d", fd);
    setenv(HANDOVER_VARIABLE, number, 1);
    return handover_accept(h);
}

START_TEST(words_of_a_later_version_are_skipped)
{
    struct handover h;
    ck_assert(accept_text("generation 7\nweather fine\napi 0 0 0 \n", &h));
    ck_assert_uint_eq(h.generation, 7);
    ck_assert_int_eq(h.board_fd, -1);
    handover_free(&h);
}
END_TEST

START_TEST(damaged_state_is_a_first_start)
{
    static const char *const bad[] = { "", "generation x\napi 0 0 0 \n", "api zero\n", "generation 1\n",
                                       "api 0 0 0 \nchild 5\n" };
    struct handover h;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(!accept_text(bad[i], &h), "%s", bad[i]);
    }
    setenv(HANDOVER_VARIABLE, "9999", 1);
    ck_assert(!handover_accept(&h));
    setenv(HANDOVER_VARIABLE, "x", 1);
    ck_assert(!handover_accept(&h));
}
END_TEST

Suite *handover_suite(void)
{
    Suite *s = suite_create("handover");
    TCase *c = tcase_create("handover");
    tcase_add_test(c, state_survives);
    tcase_add_test(c, cancelled_offer_leaves_nothing);
    tcase_add_test(c, words_of_a_later_version_are_skipped);
    tcase_add_test(c, damaged_state_is_a_first_start);
    suite_add_tcase(s, c);
    return s;
}
