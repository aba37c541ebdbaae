/*
 * One connection to Redis. Sockets are driven with poll against one deadline per call instead of with
 * hiredis' own time-outs, which count per system call: a server that answers a byte at a time, or needs three
 * round trips, costs no more than one that does not answer at all.
 */
#include "cache/connection.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define COMMAND_MAX 8192 /* bytes; the longest holds a script */
#define READ_SIZE   1024

static const struct str unix_prefix = { "unix:", sizeof("unix:") - 1 };

static void set_error(struct cache *c, const char *what, const char *detail);
static void drop(struct cache *c);
static bool open_link(struct cache *c);
static const struct cache_reply *exchange(struct cache *c);

struct cache *cache_create(const struct options *o)
{
    struct cache *c = calloc(1, sizeof(*c));
    struct cache_shared *own = calloc(1, sizeof(*own));
    if (!c || !own) {
        abort();
    }
    c->options = o;
    c->shared = own;
    c->own_shared = true;
    buf_init(&c->out, COMMAND_MAX);
    return c;
}

static void shared_free(struct cache *c)
{
    if (c->own_shared) {
        free(c->shared);
    }
}

size_t cache_shared_size(void)
{
    return sizeof(struct cache_shared);
}

void cache_share(struct cache *c, void *memory)
{
    if (memory) {
        shared_free(c);
        c->shared = memory;
        c->own_shared = false;
    }
}

void cache_close(struct cache *c)
{
    if (c) {
        drop(c);
        shared_free(c);
        buf_free(&c->out);
        free(c);
    }
}

bool cache_configured(const struct cache *c)
{
    return c->options->redis[0] != '\0';
}

bool cache_usable(const struct cache *c)
{
    return cache_configured(c) && (c->link || clock_mono_us() >= c->retry_at_us);
}

const char *cache_error(const struct cache *c)
{
    return c->error;
}

bool cache_ping(struct cache *c)
{
    if (!cache_begin(c)) {
        return false;
    }
    cache_words(c, 1);
    cache_word(c, STR("PING"));
    const struct cache_reply *reply = cache_command(c);
    bool pong = reply && reply->value[0].type == REDIS_REPLY_STATUS;
    if (reply && !pong) {
        cache_reject(c, reply->value[0].type == REDIS_REPLY_ERROR ? reply->value[0].text.p
                                                                  : "unexpected answer to PING");
    }
    return pong;
}

bool cache_begin(struct cache *c)
{
    if (!cache_usable(c)) {
        return false;
    }
    c->deadline_us = clock_mono_us() + c->options->redis_timeout;
    return c->link || open_link(c);
}

const struct cache_reply *cache_command(struct cache *c)
{
    const struct cache_reply *reply = exchange(c);
    /* Redis closes idle connections and restarts; that is no reason to do without it. */
    if (!reply && c->link && c->link->err == REDIS_ERR_EOF) {
        struct buf kept = c->out; /* connecting may write a command of its own */
        buf_init(&c->out, COMMAND_MAX);
        drop(c);
        bool open = open_link(c);
        buf_free(&c->out);
        c->out = kept;
        reply = open ? exchange(c) : NULL;
    }
    if (!reply && c->link) {
        cache_reject(c, c->link->errstr);
    }
    return reply;
}

void cache_reject(struct cache *c, const char *why)
{
    set_error(c, "redis", why);
    drop(c);
    c->retry_at_us = clock_mono_us() + c->options->redis_retry;
}

/* A message may quote what the server sent: control characters are not let into the log. */
static void set_error(struct cache *c, const char *what, const char *detail)
{
    snprintf(c->error, sizeof(c->error), "%s: %s", what, detail);
    for (char *p = c->error; *p; p++) {
        *p = (unsigned char)*p < ' ' ? ' ' : *p;
    }
}

static void drop(struct cache *c)
{
    if (c->link) {
        redisFree(c->link);
        c->link = NULL;
    }
}

static int64_t remaining_us(const struct cache *c)
{
    int64_t left = c->deadline_us - clock_mono_us();
    return left > 0 ? left : 0;
}

/* The loss of a connection in the middle, in hiredis' own terms. */
static bool link_failed(redisContext *link, int kind, const char *why)
{
    link->err = kind;
    snprintf(link->errstr, sizeof(link->errstr), "%s", why);
    return false;
}

static bool wait_for(struct cache *c, short events)
{
    for (;;) {
        struct pollfd p = { .fd = c->link->fd, .events = events };
        struct timespec left = { .tv_nsec = 0 };
        int64_t us = remaining_us(c);
        left.tv_sec = us / 1000000;
        left.tv_nsec = us % 1000000 * 1000;
        int n = ppoll(&p, 1, &left, NULL);
        if (n > 0) {
            return true;
        }
        if (n == 0) {
            return link_failed(c->link, REDIS_ERR_IO, "no answer in time");
        }
        if (errno != EINTR) {
            return link_failed(c->link, REDIS_ERR_IO, strerror(errno));
        }
    }
}

static bool send_all(struct cache *c, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(c->link->fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            p += sent;
            n -= (size_t)sent;
        } else if (errno == EPIPE || errno == ECONNRESET) {
            return link_failed(c->link, REDIS_ERR_EOF, "connection closed");
        } else if (errno != EINTR && errno != EAGAIN) {
            return link_failed(c->link, REDIS_ERR_IO, strerror(errno));
        } else if (!wait_for(c, POLLOUT)) {
            return false;
        }
    }
    return true;
}

/*
 * What the server sends next. The usual answer comes whole and soon: then one blocking call, bounded by the
 * socket's own time-out, does instead of a wait and a call.
 */
static bool feed(struct cache *c, bool first)
{
    char bytes[READ_SIZE];
    for (;;) {
        if (!first && !wait_for(c, POLLIN)) {
            return false;
        }
        ssize_t n = recv(c->link->fd, bytes, sizeof(bytes), first ? 0 : MSG_DONTWAIT);
        first = false;
        if (n > 0) {
            return redisReaderFeed(c->link->reader, bytes, (size_t)n) == REDIS_OK;
        }
        if (n == 0 || errno == ECONNRESET) {
            return link_failed(c->link, REDIS_ERR_EOF, "connection closed");
        }
        if (errno != EINTR && errno != EAGAIN) {
            return link_failed(c->link, REDIS_ERR_IO, strerror(errno));
        }
    }
}

static const struct cache_reply *receive(struct cache *c)
{
    void *reply = NULL;
    bool first = c->timed && remaining_us(c) > c->options->redis_timeout / 4 * 3;
    c->reply.array = c->reply.overflow = false;
    c->reply.count = c->reply.used = 0;
    while (redisGetReplyFromReader(c->link, &reply) == REDIS_OK && !reply) {
        if (!feed(c, first)) {
            break;
        }
        first = false;
    }
    return reply;
}

static const struct cache_reply *exchange(struct cache *c)
{
    if (c->out.overflow) {
        link_failed(c->link, REDIS_ERR_OTHER, "command too long");
        return NULL;
    }
    return send_all(c, c->out.p, c->out.n) ? receive(c) : NULL;
}

/* ---- commands: RESP, without the allocations of redisFormatCommandArgv ---- */

static void put_count(struct cache *c, char kind, size_t n)
{
    buf_addc(&c->out, kind);
    buf_addi(&c->out, (int64_t)n);
    buf_add(&c->out, "\r\n", 2);
}

void cache_words(struct cache *c, size_t count)
{
    buf_reset(&c->out);
    put_count(c, '*', count);
}

void cache_word(struct cache *c, struct str word)
{
    put_count(c, '$', word.n);
    buf_adds(&c->out, word);
    buf_add(&c->out, "\r\n", 2);
}

void cache_number(struct cache *c, int64_t number)
{
    char text[24];
    int n = snprintf(text, sizeof(text), "%" PRId64, number);
    cache_word(c, (struct str){ text, (size_t)n });
}

/* ---- replies: hiredis' parser with a fixed place for what it finds ---- */

static void *add_value(const redisReadTask *task, struct cache_value value)
{
    struct cache_reply *r = &((struct cache *)task->privdata)->reply;
    if (r->count == CACHE_VALUES_MAX) {
        r->overflow = true;
    } else {
        r->value[r->count++] = value;
    }
    return r;
}

static void *create_string(const redisReadTask *task, char *text, size_t n)
{
    struct cache_reply *r = &((struct cache *)task->privdata)->reply;
    size_t room = sizeof(r->texts) - 1 - r->used;
    char *copy = r->texts + r->used;
    size_t kept = n < room ? n : room;
    r->overflow = r->overflow || kept < n;
    memcpy(copy, text, kept);
    copy[kept] = '\0';
    r->used += kept < room ? kept + 1 : kept;
    return add_value(task, (struct cache_value){ .type = task->type, .text = { copy, kept } });
}

static void *create_array(const redisReadTask *task, int count)
{
    struct cache_reply *r = &((struct cache *)task->privdata)->reply;
    r->overflow = r->overflow || task->parent != NULL;
    r->array = true;
    (void)count;
    return r;
}

static void *create_integer(const redisReadTask *task, long long number)
{
    return add_value(task, (struct cache_value){ .type = REDIS_REPLY_INTEGER, .integer = number });
}

static void *create_nil(const redisReadTask *task)
{
    return add_value(task, (struct cache_value){ .type = REDIS_REPLY_NIL });
}

static void free_nothing(void *reply)
{
    (void)reply;
}

static redisReplyObjectFunctions into_place = { create_string, create_array, create_integer, create_nil,
                                                free_nothing };

/* ---- connecting ---- */

/* HOST:PORT, [v6 address]:PORT. */
static redisContext *connect_tcp(const char *where, struct timeval timeout)
{
    const char *colon = strrchr(where, ':');
    int64_t port = 0;
    char host[256];
    struct str name = { where, colon ? (size_t)(colon - where) : 0 };
    if (name.n > 2 && name.p[0] == '[' && name.p[name.n - 1] == ']') {
        name = (struct str){ name.p + 1, name.n - 2 };
    }
    if (name.n == 0 || name.n >= sizeof(host) || !str_int64(str_from(colon + 1), &port) || port < 1 ||
        port > 65535) {
        return NULL;
    }
    memcpy(host, name.p, name.n);
    host[name.n] = '\0';
    return redisConnectWithTimeout(host, (int)port, timeout);
}

static redisContext *connect_to(const char *where, int64_t timeout_us)
{
    struct timeval timeout = { .tv_sec = timeout_us / 1000000, .tv_usec = timeout_us % 1000000 };
    struct str s = str_from(where);
    return str_starts(s, unix_prefix) ? redisConnectUnixWithTimeout(str_skip(s, unix_prefix.n).p, timeout)
                                      : connect_tcp(where, timeout);
}

/* NULL on success, else what is wrong; `why` has room for the message. */
static const char *authenticate(struct cache *c, char *why, size_t why_size)
{
    size_t size = 0;
    char *password = options_secret(c->options->redis_password_file, &size, why, why_size);
    if (!password) {
        return why;
    }
    cache_words(c, 2);
    cache_word(c, STR("AUTH"));
    cache_word(c, (struct str){ password, size });
    const struct cache_reply *reply = exchange(c);
    const char *wrong = NULL;
    if (!reply || reply->value[0].type != REDIS_REPLY_STATUS) {
        bool said = reply && reply->value[0].type == REDIS_REPLY_ERROR;
        snprintf(why, why_size, "%s", said ? reply->value[0].text.p : c->link->errstr);
        wrong = why;
    }
    explicit_bzero(c->out.p, c->out.n);
    explicit_bzero(password, size);
    free(password);
    return wrong;
}

static bool open_link(struct cache *c)
{
    char why[160];
    c->link = connect_to(c->options->redis, remaining_us(c) + 1);
    if (!c->link || c->link->err) {
        cache_reject(c, c->link ? c->link->errstr : "not unix:PATH or HOST:PORT");
        return false;
    }
    (void)fcntl(c->link->fd, F_SETFD, FD_CLOEXEC);
    struct timeval longest = { .tv_sec = c->options->redis_timeout / 1000000,
                               .tv_usec = c->options->redis_timeout % 1000000 };
    c->timed = setsockopt(c->link->fd, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof(longest)) == 0 &&
               fcntl(c->link->fd, F_SETFL, 0) == 0;
    c->link->reader->fn = &into_place;
    c->link->reader->privdata = c;
    c->returned = true;
    const char *wrong = c->options->redis_password_file[0] ? authenticate(c, why, sizeof(why)) : NULL;
    if (wrong) {
        cache_reject(c, wrong);
    }
    return !wrong;
}
