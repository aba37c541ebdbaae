/* Unit tests of the sd_notify protocol against a real datagram socket. */
#include "api/api_tests.h"
#include "base/clock.h"
#include "base/notify.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int receiver;
static char name[64];

/* An abstract socket needs no file. */
static void setup(void)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    snprintf(name, sizeof name, "@nexus-notify-%d", (int)getpid());
    size_t n = strlen(name);
    memcpy(a.sun_path, name, n);
    a.sun_path[0] = '\0';
    receiver = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ck_assert_int_eq(
        bind(receiver, (struct sockaddr *)&a, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)), 0);
    setenv("NOTIFY_SOCKET", name, 1);
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

static void teardown(void)
{
    close(receiver);
}

static const char *received(void)
{
    static char text[512];
    ssize_t n = recv(receiver, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

START_TEST(states_are_sent)
{
    struct notify n;
    notify_open(&n);
    notify_ready(&n);
    ck_assert_str_eq(received(), "READY=1");
    notify_stopping(&n);
    ck_assert_str_eq(received(), "STOPPING=1");
    notify_status(&n, "%d workers", 3);
    ck_assert_str_eq(received(), "STATUS=3 workers");
    int64_t before = clock_mono_us();
    notify_reloading(&n);
    long long at = 0;
    ck_assert_int_eq(sscanf(received(), "RELOADING=1\nMONOTONIC_USEC=%lld", &at), 1);
    ck_assert_int_ge(at, before);
    notify_close(&n);
}
END_TEST

START_TEST(watchdog_is_fed_at_half_the_interval)
{
    struct notify n;
    setenv("WATCHDOG_USEC", "1000000", 1);
    notify_open(&n);
    notify_watchdog(&n, 5000000);
    ck_assert_str_eq(received(), "WATCHDOG=1");
    notify_watchdog(&n, 5499999);
    ck_assert_str_eq(received(), "");
    notify_watchdog(&n, 5500000);
    ck_assert_str_eq(received(), "WATCHDOG=1");
    notify_close(&n);
}
END_TEST

START_TEST(watchdog_of_another_process_is_not_ours)
{
    struct notify n;
    setenv("WATCHDOG_USEC", "1000000", 1);
    setenv("WATCHDOG_PID", "1", 1);
    notify_open(&n);
    ck_assert_int_eq(n.watchdog_us, 0);
    notify_watchdog(&n, 5000000);
    ck_assert_str_eq(received(), "");
    notify_close(&n);
}
END_TEST

START_TEST(nobody_wants_to_know)
{
    static const char *const bad[] = { "", "@", "relative/path", "vsock:2:1234" };
    struct notify n;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        setenv("NOTIFY_SOCKET", bad[i], 1);
        notify_open(&n);
        ck_assert_int_eq(n.fd, -1);
        notify_ready(&n);
        notify_close(&n);
    }
    unsetenv("NOTIFY_SOCKET");
    notify_open(&n);
    ck_assert_int_eq(n.fd, -1);
}
END_TEST

Suite *notify_suite(void)
{
    Suite *s = suite_create("notify");
    TCase *c = tcase_create("notify");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, states_are_sent);
    tcase_add_test(c, watchdog_is_fed_at_half_the_interval);
    tcase_add_test(c, watchdog_of_another_process_is_not_ours);
    tcase_add_test(c, nobody_wants_to_know);
    suite_add_tcase(s, c);
    return s;
}
