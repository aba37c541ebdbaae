/* Bump allocation in a chain of blocks; the first block lives as long as the arena. */
#include "base/arena.h"

#include "base/log.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Under AddressSanitizer everything not handed out is poisoned, so that overruns within a block are found. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONS 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISONS 1
#endif
#ifdef ARENA_POISONS
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n)   ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

#define ALIGNMENT _Alignof(max_align_t)

struct block {
    struct block *next; /* the one used before this one */
    size_t size, used;
    _Alignas(max_align_t) char data[];
};

struct deferred {
    struct deferred *next;
    void (*release)(void *);
    void *ptr;
};

struct arena {
    struct block *first, *current;
    struct deferred *deferred;
    size_t ceiling;
    size_t reserved; /* sum of all blocks' sizes */
    size_t used;
};

static void give_up(const char *message, const struct arena *a, size_t wanted)
{
    LOG(LOG_ERROR, message, LOG_NUM("wanted", wanted), LOG_NUM("reserved", a->reserved),
        LOG_NUM("ceiling", a->ceiling));
    abort();
}

static struct block *block_new(struct arena *a, size_t size)
{
    struct block *b = size <= SIZE_MAX - sizeof(*b) ? malloc(sizeof(*b) + size) : NULL;
    if (!b) {
        give_up("out of memory", a, size);
    }
    *b = (struct block){ .size = size };
    ASAN_POISON_MEMORY_REGION(b->data, size);
    a->reserved += size;
    return b;
}

static void block_free(struct arena *a, struct block *b)
{
    a->reserved -= b->size;
    ASAN_UNPOISON_MEMORY_REGION(b->data, b->size);
    free(b);
}

struct arena *arena_create(size_t block, size_t ceiling)
{
    struct arena *a = calloc(1, sizeof(*a));
    if (!a) {
        log_msg(LOG_ERROR, "out of memory");
        abort();
    }
    a->ceiling = ceiling;
    a->first = a->current = block_new(a, block);
    return a;
}

void arena_destroy(struct arena *a)
{
    if (!a) {
        return;
    }
    arena_reset(a);
    block_free(a, a->first);
    free(a);
}

/* A release function may still allocate and defer: what it defers is run too. */
static void release_deferred(struct arena *a)
{
    while (a->deferred) {
        struct deferred *d = a->deferred;
        a->deferred = d->next;
        d->release(d->ptr);
    }
}

void arena_reset(struct arena *a)
{
    release_deferred(a);
    while (a->current != a->first) {
        struct block *b = a->current;
        a->current = b->next;
        block_free(a, b);
    }
    a->first->used = 0;
    a->used = 0;
    ASAN_POISON_MEMORY_REGION(a->first->data, a->first->size);
}

/* Twice the newest block, so that few blocks serve a large request, but never past the ceiling. */
static void add_block(struct arena *a, size_t need)
{
    size_t room = a->ceiling > a->reserved ? a->ceiling - a->reserved : 0;
    if (need > room) {
        give_up("request memory ceiling passed", a, need);
    }
    size_t size = a->current->size > SIZE_MAX / 2 ? need : a->current->size * 2;
    size = size < need ? need : size > room ? room : size;
    struct block *b = block_new(a, size);
    b->next = a->current;
    a->current = b;
}

void *arena_alloc(struct arena *a, size_t size)
{
    if (size > SIZE_MAX - ALIGNMENT) {
        give_up("request memory ceiling passed", a, size);
    }
    /* At least one unit, so that two allocations never share an address. */
    size_t need = size == 0 ? ALIGNMENT : (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (need > a->current->size - a->current->used) {
        add_block(a, need);
    }
    char *p = a->current->data + a->current->used;
    a->current->used += need;
    a->used += need;
    ASAN_UNPOISON_MEMORY_REGION(p, size);
    return memset(p, 0, size);
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        give_up("request memory ceiling passed", a, SIZE_MAX);
    }
    return arena_alloc(a, bytes);
}

char *arena_strdup(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n + 1);
    if (s.n > 0) {
        memcpy(p, s.p, s.n);
    }
    return p;
}

struct str arena_str(struct arena *a, struct str s)
{
    return s.p ? (struct str){ arena_strdup(a, s), s.n } : STR_NONE;
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
    char most[256]; /* room for nearly all, so that they are formatted once */
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(most, sizeof(most), fmt, ap);
    char *p = arena_alloc(a, n < 0 ? 1 : (size_t)n + 1);
    if (n >= (int)sizeof(most)) {
        vsnprintf(p, (size_t)n + 1, fmt, again);
    } else if (n > 0) {
        memcpy(p, most, (size_t)n);
    }
    va_end(again);
    return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *p = arena_vprintf(a, fmt, ap);
    va_end(ap);
    return p;
}

void arena_defer(struct arena *a, void (*release)(void *), void *ptr)
{
    struct deferred *d = ARENA_NEW(a, struct deferred);
    *d = (struct deferred){ a->deferred, release, ptr };
    a->deferred = d;
}

size_t arena_used(const struct arena *a)
{
    return a->used;
}
