/*
 * A growing byte buffer with a ceiling. Appending past the ceiling sets `overflow` and drops the bytes, so
 * that writers check once at the end instead of at every append.
 */
#ifndef NEXUS_BASE_BUF_H
#define NEXUS_BASE_BUF_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct buf {
    char *p;
    size_t n;       /* bytes used */
    size_t cap;     /* bytes allocated */
    size_t ceiling; /* never grows beyond this */
    bool overflow;
};

/* Memory is malloc'd on first use and kept by buf_reset; buf_free gives it back. */
void buf_init(struct buf *b, size_t ceiling);
void buf_reset(struct buf *b);
void buf_free(struct buf *b);

/* Make room for `extra` bytes and return where to write them (then add to b->n), or NULL on overflow. Inline
 * where there is room already: answers are written in small pieces. */
char *buf_reserve_more(struct buf *b, size_t extra);
static inline char *buf_reserve(struct buf *b, size_t extra)
{
    return b->p && !b->overflow && extra <= b->cap - b->n ? b->p + b->n : buf_reserve_more(b, extra);
}

static inline void buf_add(struct buf *b, const void *p, size_t n)
{
    char *to = n > 0 ? buf_reserve(b, n) : NULL;
    if (to) {
        memcpy(to, p, n);
        b->n += n;
    }
}

static inline void buf_addc(struct buf *b, char c)
{
    char *to = buf_reserve(b, 1);
    if (to) {
        *to = c;
        b->n++;
    }
}

void buf_adds(struct buf *b, struct str s);
void buf_addz(struct buf *b, const char *z);
void buf_addi(struct buf *b, int64_t v);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
struct str buf_str(const struct buf *b);

#endif
