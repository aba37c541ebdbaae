/* Messages of nexus-fetch. */
#include "fetch/wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ABSENT UINT32_MAX

/* ---- fields ---- */

static void put_number(struct buf *out, int64_t v)
{
    buf_add(out, &v, sizeof(v));
}

/* With a NUL behind it, so that the reader can use it in place. */
static void put_text(struct buf *out, struct str text)
{
    uint32_t n = text.p ? (uint32_t)text.n : ABSENT;
    buf_add(out, &n, sizeof(n));
    if (text.p) {
        buf_adds(out, text);
        buf_addc(out, '\0');
    }
}

static int64_t get_number(struct str *rest)
{
    int64_t v = 0;
    if (rest->p && rest->n >= sizeof(v)) {
        memcpy(&v, rest->p, sizeof(v));
        *rest = str_skip(*rest, sizeof(v));
    } else {
        *rest = STR_NONE; /* and so is everything after it */
    }
    return v;
}

static struct str get_text(struct str *rest)
{
    uint32_t n = 0;
    if (!rest->p || rest->n < sizeof(n)) {
        *rest = STR_NONE;
        return STR_NONE;
    }
    memcpy(&n, rest->p, sizeof(n));
    *rest = str_skip(*rest, sizeof(n));
    if (n == ABSENT) {
        return STR_NONE;
    }
    if (n >= rest->n || rest->p[n] != '\0') {
        *rest = STR_NONE;
        return STR_NONE;
    }
    struct str text = { rest->p, n };
    *rest = str_skip(*rest, (size_t)n + 1);
    return text;
}

static const char *get_z(struct str *rest)
{
    return get_text(rest).p;
}

/* ---- messages ---- */

static void start(struct buf *out)
{
    uint32_t length = 0;
    buf_reset(out);
    buf_add(out, &length, sizeof(length));
}

static bool finish(struct buf *out)
{
    uint32_t length = (uint32_t)(out->n - sizeof(length));
    if (out->overflow || out->n > WIRE_MAX) {
        return false;
    }
    memcpy(out->p, &length, sizeof(length));
    return true;
}

bool wire_put_call(struct buf *out, const struct wire_call *c)
{
    start(out);
    put_number(out, c->timeout_us);
    put_text(out, str_from(c->issuer));
    put_text(out, str_from(c->ca));
    put_text(out, str_from(c->ask.url));
    put_text(out, c->ask.body);
    put_text(out, str_from(c->ask.type));
    put_text(out, str_from(c->ask.accept));
    put_text(out, str_from(c->ask.authorization));
    for (size_t i = 0, over = 0; i < FETCH_HEADERS_MAX; i++) {
        over = over || !c->ask.headers[i];
        put_text(out, over ? STR_NONE : str_from(c->ask.headers[i]));
    }
    put_number(out, c->ask.body_max);
    put_number(out, c->ask.redirects);
    return finish(out);
}

bool wire_get_call(struct str m, struct wire_call *out)
{
    *out = (struct wire_call){ .timeout_us = get_number(&m) };
    out->issuer = get_z(&m);
    out->ca = get_z(&m);
    out->ask.url = get_z(&m);
    out->ask.body = get_text(&m);
    out->ask.type = get_z(&m);
    out->ask.accept = get_z(&m);
    out->ask.authorization = get_z(&m);
    for (size_t i = 0; i < FETCH_HEADERS_MAX; i++) {
        out->ask.headers[i] = get_z(&m);
    }
    out->ask.body_max = get_number(&m);
    out->ask.redirects = (int)get_number(&m);
    return m.p && m.n == 0 && out->ask.url;
}

bool wire_put_answer(struct buf *out, const struct fetched *a, bool busy)
{
    start(out);
    put_number(out, busy);
    put_number(out, a->status);
    put_number(out, a->json);
    put_number(out, a->size);
    put_number(out, a->unsent);
    put_number(out, a->retry_after_us);
    put_number(out, a->retry);
    put_number(out, a->no_retry);
    put_number(out, a->fault);
    put_text(out, str_from(a->why));
    put_text(out, a->etag);
    put_text(out, a->last_modified);
    put_text(out, a->body);
    return finish(out);
}

bool wire_get_answer(struct str m, struct fetched *out, bool *busy)
{
    *busy = get_number(&m) != 0;
    *out = (struct fetched){ .status = (int)get_number(&m) };
    out->json = get_number(&m) != 0;
    out->size = get_number(&m);
    out->unsent = get_number(&m) != 0;
    out->retry_after_us = get_number(&m);
    out->retry = get_number(&m) != 0;
    out->no_retry = get_number(&m) != 0;
    out->fault = (enum fetch_fault)get_number(&m);
    out->why = get_z(&m);
    out->etag = get_text(&m);
    out->last_modified = get_text(&m);
    out->body = get_text(&m);
    return m.p && m.n == 0;
}

/* ---- the socket ---- */

union control {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr header; /* for its alignment */
};

/* The descriptor goes with the first byte. */
static ssize_t send_some(int socket, const char *p, size_t n, int fd)
{
    struct iovec part = { .iov_base = (void *)(uintptr_t)p, .iov_len = n };
    struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };
    union control control = { .bytes = { 0 } };
    if (fd > 0) {
        m.msg_control = control.bytes;
        m.msg_controllen = sizeof(control.bytes);
        struct cmsghdr *h = CMSG_FIRSTHDR(&m);
        h->cmsg_level = SOL_SOCKET;
        h->cmsg_type = SCM_RIGHTS;
        h->cmsg_len = CMSG_LEN(sizeof(fd));
        memcpy(CMSG_DATA(h), &fd, sizeof(fd));
    }
    ssize_t done;
    do {
        done = sendmsg(socket, &m, MSG_NOSIGNAL);
    } while (done < 0 && errno == EINTR);
    return done;
}

bool wire_send(int socket, const struct buf *message, int fd)
{
    for (size_t at = 0; at < message->n;) {
        ssize_t done = send_some(socket, message->p + at, message->n - at, at == 0 ? fd : 0);
        if (done <= 0) {
            return false;
        }
        at += (size_t)done;
    }
    return true;
}

static void take_descriptor(struct msghdr *m, int *fd)
{
    for (struct cmsghdr *h = CMSG_FIRSTHDR(m); h; h = CMSG_NXTHDR(m, h)) {
        if (h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_RIGHTS &&
            h->cmsg_len == CMSG_LEN(sizeof(int))) {
            int came;
            memcpy(&came, CMSG_DATA(h), sizeof(came));
            if (*fd > 0) {
                close(*fd);
            }
            *fd = came;
        }
    }
}

static bool receive_all(int socket, char *p, size_t n, int *fd)
{
    for (size_t at = 0; at < n;) {
        struct iovec part = { .iov_base = p + at, .iov_len = n - at };
        union control control;
        struct msghdr m = { .msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof(control.bytes) };
        ssize_t done = recvmsg(socket, &m, MSG_CMSG_CLOEXEC);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return false;
        }
        take_descriptor(&m, fd);
        at += (size_t)done;
    }
    return true;
}

bool wire_receive(int socket, struct arena *a, struct str *message, int *fd)
{
    uint32_t length = 0;
    *fd = 0;
    if (!receive_all(socket, (char *)&length, sizeof(length), fd) || length > WIRE_MAX) {
        return false;
    }
    char *bytes = arena_alloc(a, length > 0 ? length : 1);
    *message = (struct str){ bytes, length };
    return receive_all(socket, bytes, length, fd);
}
