/* Tests of uuid.c. */
#include "base/base_tests.h"
#include "base/clock.h"
#include "base/uuid.h"

#include <sys/wait.h>
#include <unistd.h>

static int64_t timestamp_ms(const struct uuid *u)
{
    int64_t ms = 0;
    for (int i = 0; i < 6; i++) {
        ms = ms << 8 | u->b[i];
    }
    return ms;
}

START_TEST(version_7_is_ordered)
{
    struct uuid before = uuid_v7();
    ck_assert_int_lt(timestamp_ms(&before) - clock_unix_us() / 1000, 2);
    for (int i = 0; i < 100000; i++) {
        struct uuid next = uuid_v7();
        ck_assert_int_lt(memcmp(before.b, next.b, 16), 0);
        ck_assert_uint_eq(next.b[6] >> 4, 7);
        ck_assert_uint_eq(next.b[8] >> 6, 2);
        before = next;
    }
}
END_TEST

START_TEST(version_4_is_marked)
{
    struct uuid a = uuid_v4(), b = uuid_v4();
    ck_assert_uint_eq(a.b[6] >> 4, 4);
    ck_assert_uint_eq(a.b[8] >> 6, 2);
    ck_assert(!uuid_eq(&a, &b));
}
END_TEST

START_TEST(text_round_trip)
{
    struct uuid u, back;
    char text[UUID_TEXT_SIZE];
    ck_assert(uuid_parse(STR("017F22E2-79b0-7cc3-98C4-dc0c0c07398f"), &u));
    uuid_format(text, &u);
    ck_assert_str_eq(text, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    for (int i = 0; i < 1000; i++) {
        u = uuid_v4();
        uuid_format(text, &u);
        ck_assert(uuid_parse(str_from(text), &back));
        ck_assert(uuid_eq(&u, &back));
    }
}
END_TEST

START_TEST(refuses_other_text)
{
    static const char *const bad[] = {
        "",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
        "017f22e279b0-7cc3-98c4-dc0c0c07398f-",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
        "{17f22e2-79b0-7cc3-98c4-dc0c0c07398}",
        "017f22e2_79b0_7cc3_98c4_dc0c0c07398f",
        "017f22e2-79b0-7cc3-98c4-dc0c0c0739@f",
        "017f22e2-79b0-7cc3-98c4 dc0c0c07398f",
    };
    struct uuid u;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(!uuid_parse(str_from(bad[i]), &u), "%s", bad[i]);
    }
}
END_TEST

/* What is kept ahead is nobody else's: parent and child never make the same. */
START_TEST(forked_processes_differ)
{
    int fds[2];
    struct uuid before = uuid_v4(), mine, theirs;
    ck_assert_int_eq(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        theirs = uuid_v4();
        _exit(write(fds[1], &theirs, sizeof(theirs)) != (ssize_t)sizeof(theirs));
    }
    mine = uuid_v4();
    ck_assert_int_eq(read(fds[0], &theirs, sizeof(theirs)), (ssize_t)sizeof(theirs));
    waitpid(pid, NULL, 0);
    ck_assert(!uuid_eq(&mine, &theirs) && !uuid_eq(&mine, &before) && !uuid_eq(&theirs, &before));
}
END_TEST

Suite *uuid_suite(void)
{
    Suite *s = suite_create("uuid");
    TCase *t = tcase_create("uuid");
    tcase_add_test(t, forked_processes_differ);
    tcase_add_test(t, version_7_is_ordered);
    tcase_add_test(t, version_4_is_marked);
    tcase_add_test(t, text_round_trip);
    tcase_add_test(t, refuses_other_text);
    suite_add_tcase(s, t);
    return s;
}
