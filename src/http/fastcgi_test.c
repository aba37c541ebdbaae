/* Bodies and answers over a real FastCGI connection. */
#include "http/fastcgi.h"
#include "http/http_tests.h"

#include <fastcgi.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int peer;
static FCGX_Request fcgi;

static void put_record(int type, const char *content, size_t n)
{
    char header[8] = { 1, (char)type, 0, 1, (char)(n >> 8), (char)n, 0, 0 };
    ck_assert_int_eq(write(peer, header, 8), 8);
    ck_assert_int_eq(write(peer, content, n), (ssize_t)n);
}

/* A request whose body is `body`, accepted. */
static void start(const char *body)
{
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    peer = pair[0];
    put_record(FCGI_BEGIN_REQUEST, "\0\1\0\0\0\0\0\0", 8);
    put_record(FCGI_PARAMS, "\1\1ab", 4);
    put_record(FCGI_PARAMS, "", 0);
    if (body[0]) {
        put_record(FCGI_STDIN, body, strlen(body));
    }
    put_record(FCGI_STDIN, "", 0);
    FCGX_Init();
    FCGX_InitRequest(&fcgi, -1, 0);
    fcgi.ipcFd = pair[1];
    fcgi.keepConnection = 1;
    ck_assert_int_eq(FCGX_Accept_r(&fcgi), 0);
}

static void finish(void)
{
    fcgi.keepConnection = 0;
    shutdown(peer, SHUT_WR);
    FCGX_Finish_r(&fcgi);
}

static const struct {
    const char *length, *body;
    enum err err;
} bodies[] = {
    { "", "", ERR_NONE },
    { "0", "", ERR_NONE },
    { "5", "hello", ERR_NONE },
    { "0000005", "hello", ERR_NONE },
    { "10", "0123456789", ERR_NONE },
    { "4", "hello", ERR_BAD_LENGTH },
    { "6", "hello", ERR_BAD_LENGTH },
    { "", "hello", ERR_BAD_LENGTH },
    { "5", "", ERR_BAD_LENGTH },
    { "+5", "hello", ERR_BAD_LENGTH },
    { "-5", "hello", ERR_BAD_LENGTH },
    { "5x", "hello", ERR_BAD_LENGTH },
    { "0x5", "hello", ERR_BAD_LENGTH },
    { " 5", "hello", ERR_BAD_LENGTH },
    { "99999999999999999999", "hello", ERR_BAD_LENGTH },
    { "11", "0123456789a", ERR_BODY_TOO_LARGE },
    { "9223372036854775807", "0123456789a", ERR_BODY_TOO_LARGE },
};

START_TEST(bodies_are_as_long_as_they_say)
{
    struct buf into;
    buf_init(&into, 10);
    start(bodies[_i].body);
    ck_assert_int_eq(fastcgi_read(&fcgi, str_from(bodies[_i].length), &into), bodies[_i].err);
    if (bodies[_i].err == ERR_NONE) {
        ck_assert(str_eqz(into.n > 0 ? buf_str(&into) : STR(""), bodies[_i].body));
    }
    buf_free(&into);
    finish();
    close(peer);
}
END_TEST

/* Collect the content of all FCGI_STDOUT records; the last one must be empty, and only one end the request,
 * at the very end. */
static char *collect(size_t *n)
{
    char *all = malloc(4 << 20);
    size_t got = 0;
    ssize_t r;
    while ((r = read(peer, all + got, (4 << 20) - got)) > 0) {
        got += (size_t)r;
    }
    char *out = malloc(got + 1);
    *n = 0;
    int type = 0, ends = 0;
    bool closed = false;
    for (size_t at = 0; at + 8 <= got;) {
        const unsigned char *h = (const unsigned char *)all + at;
        size_t length = (size_t)h[4] << 8 | h[5];
        type = h[1];
        if (type == FCGI_STDOUT) {
            memcpy(out + *n, all + at + 8, length);
            *n += length;
            closed = length == 0;
        }
        ends += type == FCGI_END_REQUEST;
        at += 8 + length + h[6];
    }
    ck_assert_int_eq(type, FCGI_END_REQUEST);
    ck_assert_int_eq(ends, 1);
    ck_assert(closed);
    free(all);
    return out;
}

static const size_t sizes[] = { 0, 1, 7000, 7999, 8000, 8001, 65527, 65528, 65529, 70000, 1000003, 2200000 };

START_TEST(answers_arrive_whole)
{
    size_t size = sizes[_i];
    char *body = malloc(size + 1);
    for (size_t i = 0; i < size; i++) {
        body[i] = (char)('a' + i % 26);
    }
    start("");
    pid_t child = fork(); /* the writer would block on a full socket */
    if (child == 0) {
        bool good = fastcgi_write(&fcgi, STR("Status: 200\r\n\r\n"), (struct str){ body, size });
        finish();
        _exit(good ? 0 : 1);
    }
    close(fcgi.ipcFd);
    size_t n;
    char *got = collect(&n);
    int status;
    waitpid(child, &status, 0);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ck_assert_uint_eq(n, size + 15);
    ck_assert(memcmp(got, "Status: 200\r\n\r\n", 15) == 0 && memcmp(got + 15, body, size) == 0);
    free(got);
    free(body);
    close(peer);
}
END_TEST

Suite *fastcgi_suite(void)
{
    Suite *s = suite_create("fastcgi");
    TCase *t = tcase_create("fastcgi");
    tcase_add_loop_test(t, bodies_are_as_long_as_they_say, 0, sizeof bodies / sizeof bodies[0]);
    tcase_add_loop_test(t, answers_arrive_whole, 0, sizeof sizes / sizeof sizes[0]);
    suite_add_tcase(s, t);
    return s;
}
