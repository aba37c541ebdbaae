/* Unit tests of listening sockets. */
#include "api/api_tests.h"
#include "base/listen.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char folder[] = "/tmp/nexus-listen-XXXXXX";
static char path[64];
static char error[256];
static struct options options;
static struct listener l;

static void setup(void)
{
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/api.sock", folder);
    options =
        (struct options){ .listen = path, .listen_group = "", .listen_mode = 0660, .listen_backlog = 16 };
    error[0] = '\0';
}

static void teardown(void)
{
    unlink(path);
    rmdir(folder);
}

static bool can_connect(void)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    memcpy(a.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    bool ok = connect(fd, (struct sockaddr *)&a, sizeof a) == 0;
    close(fd);
    return ok;
}

START_TEST(socket_has_the_wanted_mode)
{
    struct stat st;
    ck_assert_msg(listen_unix(&l, &options, error, sizeof error), "%s", error);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert(S_ISSOCK(st.st_mode));
    ck_assert_uint_eq(st.st_mode & 07777, 0660);
    ck_assert(can_connect());
    ck_assert_int_eq(fcntl(l.fd, F_GETFD), FD_CLOEXEC);
    ck_assert_str_eq(l.address, path);
    listen_unlink(&l);
    ck_assert_int_ne(stat(path, &st), 0);
    close(l.fd);
}
END_TEST

START_TEST(stale_socket_is_replaced)
{
    ck_assert(listen_unix(&l, &options, error, sizeof error));
    close(l.fd); /* as a crash leaves it */
    ck_assert_msg(listen_unix(&l, &options, error, sizeof error), "%s", error);
    ck_assert(can_connect());
    close(l.fd);
}
END_TEST

START_TEST(live_socket_is_left_alone)
{
    struct listener second;
    ck_assert(listen_unix(&l, &options, error, sizeof error));
    ck_assert(!listen_unix(&second, &options, error, sizeof error));
    ck_assert_ptr_nonnull(strstr(error, "another process is listening"));
    ck_assert_int_eq(second.fd, -1);
    ck_assert(can_connect());
    close(l.fd);
}
END_TEST

START_TEST(file_of_another_kind_is_left_alone)
{
    struct stat st;
    close(open(path, O_CREAT | O_WRONLY, 0600));
    ck_assert(!listen_unix(&l, &options, error, sizeof error));
    ck_assert_ptr_nonnull(strstr(error, "not a socket"));
    ck_assert_int_eq(stat(path, &st), 0);
}
END_TEST

START_TEST(successors_socket_is_not_removed)
{
    struct listener second;
    ck_assert(listen_unix(&l, &options, error, sizeof error));
    close(l.fd);
    ck_assert(listen_unix(&second, &options, error, sizeof error));
    listen_unlink(&l);
    /* On tmpfs the new socket may have got the old inode number; then it is rightly taken for ours. */
    ck_assert(can_connect() || second.ino == l.ino || l.ino == 0);
    close(second.fd);
}
END_TEST

START_TEST(unusable_paths_and_groups_are_refused)
{
    char longer[200];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    options.listen = longer;
    ck_assert(!listen_unix(&l, &options, error, sizeof error));
    options.listen = "";
    ck_assert(!listen_unix(&l, &options, error, sizeof error));
    options.listen = "/nonexistent/api.sock";
    ck_assert(!listen_unix(&l, &options, error, sizeof error));
    ck_assert_ptr_nonnull(strstr(error, "No such file"));
    options.listen = path;
    options.listen_group = "no-such-group";
    ck_assert(!listen_unix(&l, &options, error, sizeof error));
    ck_assert_ptr_nonnull(strstr(error, "no-such-group"));
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(metrics_addresses)
{
    ck_assert_msg(listen_tcp(&l, "127.0.0.1:0", error, sizeof error), "%s", error);
    struct sockaddr_storage a;
    socklen_t size = sizeof a;
    ck_assert_int_eq(getsockname(l.fd, (struct sockaddr *)&a, &size), 0);
    ck_assert_int_eq(a.ss_family, AF_INET);
    close(l.fd);
    static const char *const bad[] = {
        "", ":", "127.0.0.1", "127.0.0.1:", ":80", "localhost:80", "127.0.0.1:http"
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(!listen_tcp(&l, bad[i], error, sizeof error), "%s", bad[i]);
        ck_assert_int_eq(l.fd, -1);
    }
}
END_TEST

START_TEST(sockets_meant_for_another_process_are_not_taken)
{
    struct listener metrics;
    setenv("LISTEN_PID", "1", 1);
    setenv("LISTEN_FDS", "1", 1);
    ck_assert(listen_inherited(&l, &metrics, error, sizeof error));
    ck_assert_int_eq(l.fd, -1);
    ck_assert_ptr_null(getenv("LISTEN_FDS"));
}
END_TEST

START_TEST(only_listening_sockets_are_taken)
{
    struct listener metrics;
    char pid[16];
    int null = open("/dev/null", O_RDWR);
    dup2(null, 3);
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    setenv("LISTEN_PID", pid, 1);
    setenv("LISTEN_FDS", "1", 1);
    ck_assert(!listen_inherited(&l, &metrics, error, sizeof error));
    ck_assert_ptr_nonnull(strstr(error, "descriptor 3"));
}
END_TEST

Suite *listen_suite(void)
{
    Suite *s = suite_create("listen");
    TCase *c = tcase_create("listen");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, socket_has_the_wanted_mode);
    tcase_add_test(c, stale_socket_is_replaced);
    tcase_add_test(c, live_socket_is_left_alone);
    tcase_add_test(c, file_of_another_kind_is_left_alone);
    tcase_add_test(c, successors_socket_is_not_removed);
    tcase_add_test(c, unusable_paths_and_groups_are_refused);
    tcase_add_test(c, metrics_addresses);
    tcase_add_test(c, sockets_meant_for_another_process_are_not_taken);
    tcase_add_test(c, only_listening_sockets_are_taken);
    suite_add_tcase(s, c);
    return s;
}
