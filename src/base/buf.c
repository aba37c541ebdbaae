/* A byte buffer that doubles up to its ceiling. */
#include "base/buf.h"

#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST_SIZE 256

void buf_init(struct buf *b, size_t ceiling)
{
    *b = (struct buf){ .ceiling = ceiling };
}

void buf_reset(struct buf *b)
{
    b->n = 0;
    b->overflow = false;
}

void buf_free(struct buf *b)
{
    free(b->p);
    *b = (struct buf){ .ceiling = b->ceiling };
}

/* `need` is at most the ceiling. */
static void grow(struct buf *b, size_t need)
{
    size_t cap = b->cap ? b->cap : FIRST_SIZE;
    while (cap < need) {
        cap = cap > b->ceiling / 2 ? b->ceiling : cap * 2;
    }
    cap = cap > b->ceiling ? b->ceiling : cap;
    char *p = realloc(b->p, cap);
    if (!p) {
        LOG(LOG_ERROR, "out of memory", LOG_NUM("wanted", cap));
        abort();
    }
    b->p = p;
    b->cap = cap;
}

char *buf_reserve_more(struct buf *b, size_t extra)
{
    /* Once over, nothing more is taken: a shorter append must not leave a hole in the middle. */
    if (b->overflow || extra > b->ceiling - b->n || b->ceiling == 0) {
        b->overflow = true;
        return NULL;
    }
    grow(b, b->n + extra);
    return b->p + b->n;
}

void buf_adds(struct buf *b, struct str s)
{
    buf_add(b, s.p, s.n);
}

void buf_addz(struct buf *b, const char *z)
{
    buf_add(b, z, strlen(z));
}

void buf_addi(struct buf *b, int64_t v)
{
    char digits[20];
    size_t at = sizeof(digits);
    uint64_t rest = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (v < 0) {
        digits[--at] = '-';
    }
    buf_add(b, digits + at, sizeof(digits) - at);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    /* vsnprintf ends with a NUL, for which there must be room although it is not counted. */
    char *to = n < 0 ? NULL : buf_reserve(b, (size_t)n + 1);
    if (to) {
        vsnprintf(to, (size_t)n + 1, fmt, again);
        b->n += (size_t)n;
    }
    va_end(again);
    va_end(ap);
}

struct str buf_str(const struct buf *b)
{
    return (struct str){ b->p ? b->p : "", b->n };
}
