/* UUID versions 4 and 7 and their text. */
#include "base/uuid.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>

#define POOL_SIZE 256 /* most that the system gives whole */

/* Random bytes ahead: a system call for many identifiers. Each is given out once, in one process. */
static struct {
    unsigned char bytes[POOL_SIZE];
    size_t left;
    bool watched;
} pool;

static void pool_forget(void)
{
    explicit_bzero(pool.bytes, sizeof(pool.bytes));
    pool.left = 0;
}

static void fill(void *out, size_t n)
{
    /* Up to 256 bytes come whole once the pool is ready; before that the call may be interrupted. */
    ssize_t got;
    do {
        got = getrandom(out, n, 0);
    } while (got < 0 && errno == EINTR);
    if (got != (ssize_t)n) {
        log_msg(LOG_ERROR, "the system gives no randomness");
        abort();
    }
}

static void random_bytes(void *out, size_t n)
{
    if (!pool.watched) {
        pool.watched = pthread_atfork(NULL, NULL, pool_forget) == 0;
    }
    if (!pool.watched) {
        fill(out, n);
        return;
    }
    if (pool.left < n) {
        fill(pool.bytes, sizeof(pool.bytes));
        pool.left = sizeof(pool.bytes);
    }
    pool.left -= n;
    memcpy(out, pool.bytes + pool.left, n);
    explicit_bzero(pool.bytes + pool.left, n);
}

static void set_version(struct uuid *u, int version)
{
    u->b[6] = (uint8_t)((u->b[6] & 0x0F) | version << 4);
    u->b[8] = (uint8_t)((u->b[8] & 0x3F) | 0x80);
}

struct uuid uuid_v4(void)
{
    struct uuid u;
    random_bytes(u.b, sizeof(u.b));
    set_version(&u, 4);
    return u;
}

/*
 * RFC 9562, 6.2 method 1: rand_a is a 12-bit counter that starts in its lower half at random with every new
 * millisecond; when it runs over, the timestamp is advanced ahead of the clock. 62 fresh random bits follow,
 * so processes forked with the same counter do not clash.
 */
struct uuid uuid_v7(void)
{
    static int64_t last_ms;
    static unsigned counter;
    struct uuid u;
    random_bytes(u.b, sizeof(u.b));
    int64_t now_ms = clock_unix_us() / 1000;
    if (now_ms > last_ms || ++counter > 0xFFF) {
        last_ms = now_ms > last_ms ? now_ms : last_ms + 1;
        counter = (unsigned)(u.b[6] << 8 | u.b[7]) & 0x7FF;
    }
    for (int i = 0; i < 6; i++) {
        u.b[i] = (uint8_t)((uint64_t)last_ms >> (40 - 8 * i));
    }
    u.b[6] = (uint8_t)(counter >> 8);
    u.b[7] = (uint8_t)counter;
    set_version(&u, 7);
    return u;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_dash_place(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

bool uuid_parse(struct str s, struct uuid *out)
{
    if (s.n != UUID_TEXT_SIZE - 1) {
        return false;
    }
    struct uuid u;
    size_t at = 0;
    for (size_t i = 0; i < s.n;) {
        if (is_dash_place(i)) {
            if (s.p[i++] != '-') {
                return false;
            }
            continue;
        }
        int high = hex_value(s.p[i]), low = hex_value(s.p[i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        u.b[at++] = (uint8_t)(high << 4 | low);
        i += 2;
    }
    *out = u;
    return true;
}

void uuid_format(char out[UUID_TEXT_SIZE], const struct uuid *u)
{
    static const char hex[] = "0123456789abcdef";
    size_t at = 0;
    for (size_t i = 0; i < sizeof(u->b); i++) {
        if (is_dash_place(at)) {
            out[at++] = '-';
        }
        out[at++] = hex[u->b[i] >> 4];
        out[at++] = hex[u->b[i] & 15];
    }
    out[at] = '\0';
}

bool uuid_eq(const struct uuid *a, const struct uuid *b)
{
    return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

bool uuid_is_nil(const struct uuid *u)
{
    static const struct uuid nil;
    return uuid_eq(u, &nil);
}
