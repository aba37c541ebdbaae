/* The very small HTTP server that hands metrics out. */
#include "base/scrape.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEAD_MAX 8192
#define TEXT_MAX (8u * 1024 * 1024)
#define CONNECTION_US                                                                                        \
    2000000         /* from accept to the last byte: one slow scraper must not keep others out for long */
#define PAUSE_MS 50 /* after accept failed for lack of resources */

static void answer(struct buf *out, const char *status, const char *type, const char *more, struct str body,
                   bool with_body)
{
    buf_printf(out,
               "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nCache-Control: no-store\r\n%s"
               "Connection: close\r\n\r\n",
               status, type, body.n, more);
    if (with_body) {
        buf_adds(out, body);
    }
}

static void problem(struct buf *out, int status, const char *title, const char *code, const char *more)
{
    char line[64];
    char body[256];
    snprintf(line, sizeof line, "%d %s", status, title);
    snprintf(body, sizeof body, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"code\":\"%s\"}\n",
             title, status, code);
    answer(out, line, "application/problem+json", more, str_from(body), true);
}

/* Cut the next space-separated word off s. */
static struct str next_word(struct str *s)
{
    const char *space = memchr(s->p, ' ', s->n);
    struct str word = { s->p, space ? (size_t)(space - s->p) : s->n };
    size_t used = space ? word.n + 1 : word.n;
    *s = (struct str){ s->p + used, s->n - used };
    return word;
}

void scrape_answer(struct buf *out, struct str head_text, scrape_write *write, void *ctx)
{
    const char *end = memchr(head_text.p, '\r', head_text.n);
    struct str line = { head_text.p, end ? (size_t)(end - head_text.p) : head_text.n };
    struct str method = next_word(&line);
    struct str target = next_word(&line);
    if (!str_eqz(line, "HTTP/1.1") && !str_eqz(line, "HTTP/1.0")) {
        problem(out, 400, "Bad request", "bad_request", "");
        return;
    }
    const char *query = memchr(target.p, '?', target.n);
    struct str path = { target.p, query ? (size_t)(query - target.p) : target.n };
    bool get = str_eqz(method, "GET");
    if (!str_eqz(path, "/metrics")) {
        problem(out, 404, "Not found", "not_found", "");
    } else if (!get && !str_eqz(method, "HEAD")) {
        problem(out, 405, "Method not allowed", "method_not_allowed", "Allow: GET, HEAD\r\n");
    } else {
        struct buf text;
        buf_init(&text, TEXT_MAX);
        write(&text, ctx);
        answer(out, "200 OK", "text/plain; version=0.0.4; charset=utf-8", "", buf_str(&text), get);
        buf_free(&text);
    }
}

static bool wait_for(int fd, short events, int64_t deadline_us)
{
    struct pollfd p = { .fd = fd, .events = events };
    int64_t left = deadline_us - clock_mono_us();
    return left > 0 && poll(&p, 1, (int)(left / 1000) + 1) == 1;
}

/* The request head up to its empty line; 0 when the peer is slow, gone or too talkative. */
static size_t read_head(int fd, char *p, size_t size, int64_t deadline_us)
{
    size_t n = 0;
    while (n < size && wait_for(fd, POLLIN, deadline_us)) {
        ssize_t got = recv(fd, p + n, size - n, MSG_DONTWAIT);
        if (got <= 0) {
            return 0;
        }
        n += (size_t)got;
        const char *end = memmem(p, n, "\r\n\r\n", 4);
        if (end) {
            return (size_t)(end - p);
        }
    }
    return 0;
}

static void write_all(int fd, struct str s, int64_t deadline_us)
{
    while (s.n > 0 && wait_for(fd, POLLOUT, deadline_us)) {
        ssize_t sent = send(fd, s.p, s.n, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent <= 0) {
            return;
        }
        s = (struct str){ s.p + sent, s.n - (size_t)sent };
    }
}

static void handle_peer(int fd, scrape_write *write, void *ctx)
{
    char request[HEAD_MAX];
    struct buf out;
    int64_t deadline = clock_mono_us() + CONNECTION_US;
    size_t n = read_head(fd, request, sizeof request, deadline);
    buf_init(&out, TEXT_MAX + HEAD_MAX);
    if (n > 0) {
        scrape_answer(&out, (struct str){ request, n }, write, ctx);
    } else {
        problem(&out, 408, "Request timeout", "request_timeout", "");
    }
    if (!out.overflow) {
        write_all(fd, buf_str(&out), deadline);
    }
    buf_free(&out);
}

/* ---- the process ---- */

static volatile sig_atomic_t ending;

static void on_end(int sig)
{
    (void)sig;
    ending = 1;
}

static void signals_start(sigset_t *open)
{
    struct sigaction end = { .sa_handler = on_end };
    struct sigaction ignore = { .sa_handler = SIG_IGN };
    sigaction(SIGTERM, &end, NULL);
    sigaction(SIGINT, &end, NULL);
    sigaction(SIGHUP, &ignore, NULL);
    sigaction(SIGUSR1, &ignore, NULL);
    sigemptyset(open);
}

/* Signals come in during ppoll only, so none is lost between the test and the wait. */
static bool wait_peer(int listen_fd, const sigset_t *open)
{
    struct pollfd p = { .fd = listen_fd, .events = POLLIN };
    return ppoll(&p, 1, NULL, open) == 1;
}

int scrape_run(int listen_fd, pid_t parent, scrape_write *write, void *ctx)
{
    sigset_t open;
    signals_start(&open);
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent) {
        return EXIT_FAILURE;
    }
    while (!ending) {
        if (!wait_peer(listen_fd, &open)) {
            continue;
        }
        int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            handle_peer(fd, write, ctx);
            close(fd);
        } else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
            poll(NULL, 0, PAUSE_MS);
        }
    }
    return EXIT_SUCCESS;
}
