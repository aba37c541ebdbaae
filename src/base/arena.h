/*
 * Request memory: allocate by bumping a pointer, give everything back at once.
 *
 * One arena serves one request and is reset, not freed, afterwards. Allocation never returns NULL: when the
 * ceiling is passed or the system has no memory the process aborts (the supervisor starts another).
 * Foreign handles (PGresult, json_object, redisReply) are attached with arena_defer and released at reset,
 * latest first.
 */
#ifndef NEXUS_BASE_ARENA_H
#define NEXUS_BASE_ARENA_H

#include "base/str.h"

#include <stdarg.h>
#include <stddef.h>

struct arena;

/* `block` is the size of the first block, kept over resets; `ceiling` bounds all blocks together. Bytes. */
struct arena *arena_create(size_t block, size_t ceiling);
void arena_destroy(struct arena *a);

/* Run deferred releases, latest first, and forget all allocations. Blocks beyond the first are freed. */
void arena_reset(struct arena *a);

/* Zeroed memory aligned for any type; valid until reset. */
void *arena_alloc(struct arena *a, size_t size) __attribute__((malloc, returns_nonnull));
/* `count` * `size` with overflow checked. */
void *arena_array(struct arena *a, size_t count, size_t size) __attribute__((malloc, returns_nonnull));
#define ARENA_NEW(a, type)          ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, count) ((type *)arena_array((a), (count), sizeof(type)))

/* NUL-terminated copies. */
char *arena_strdup(struct arena *a, struct str s) __attribute__((returns_nonnull));
struct str arena_str(struct arena *a, struct str s);
char *arena_printf(struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), returns_nonnull));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* Call release(ptr) at reset. */
void arena_defer(struct arena *a, void (*release)(void *), void *ptr);

/* Bytes handed out since the last reset. */
size_t arena_used(const struct arena *a);

#endif
