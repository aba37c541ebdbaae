/* A view of bytes: pointer and length, never owning, not NUL-terminated unless said. */
#ifndef NEXUS_BASE_STR_H
#define NEXUS_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *p; /* NULL only when absent; an empty string has a non-NULL p */
    size_t n;
};

#define STR(literal) ((struct str){ (literal), sizeof(literal) - 1 })
#define STR_NONE     ((struct str){ NULL, 0 })
#define STR_FMT      "%.*s"
#define STR_ARG(s)   (int)(s).n, (s).p

static inline struct str str_from(const char *z)
{
    return (struct str){ z, z ? strlen(z) : 0 };
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_eqz(struct str a, const char *z)
{
    return str_eq(a, str_from(z));
}

static inline bool str_starts(struct str s, struct str prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

/* Without the first `n` bytes (all of them when n is more). */
static inline struct str str_skip(struct str s, size_t n)
{
    return n < s.n ? (struct str){ s.p + n, s.n - n } : (struct str){ s.n ? s.p + s.n : s.p, 0 };
}

/* Without blanks and tabs at either end. */
struct str str_trim(struct str s);

/*
 * Take what stands before the first `separator` off *rest into *item. Without a separator the item is all
 * that is left and *rest becomes absent. False when *rest is absent.
 */
bool str_split(struct str *rest, char separator, struct str *item);

/* A decimal integer: optional minus, digits, nothing else; false when it does not fit. */
bool str_int64(struct str s, int64_t *out);

/* Equal, ASCII letters of either case being the same. */
bool str_eq_nocase(struct str a, struct str b);

/* C0, DEL and C1 in UTF-8; newline and tab do not count in a text of several lines. */
bool str_has_control(struct str text, bool multiline);

#endif
