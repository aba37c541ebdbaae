/* Waiting after failures. */
#include "base/backoff_table.h"

#include <xxhash.h>

#define WAYS       8 /* entries a key may be in */
#define COUNT_BITS 16

int64_t backoff_delay_ms(const struct backoff_policy *p, int64_t failures)
{
    if (p->free <= 0 || failures < p->free) {
        return 0;
    }
    int64_t ms = p->first_ms;
    for (int64_t i = p->free; i < failures && ms < p->most_ms; i++) {
        ms *= 2;
    }
    return ms < p->most_ms ? ms : p->most_ms;
}

int64_t backoff_wait_ms(const struct backoff_policy *p, struct backoff_count *c, int64_t now_ms)
{
    int64_t until = c->last_ms + backoff_delay_ms(p, c->failures);
    if (now_ms - until >= BACKOFF_FORGET_MS || c->last_ms > now_ms) { /* the latter: another boot's clock */
        *c = (struct backoff_count){ 0 };
        return 0;
    }
    return c->failures > 0 && until > now_ms ? until - now_ms : 0;
}

/* Packed, so that one exchange changes both. */
static uint64_t pack(struct backoff_count c)
{
    return (uint64_t)c.last_ms << COUNT_BITS | (uint64_t)c.failures;
}

static struct backoff_count unpack(uint64_t v)
{
    return (struct backoff_count){ .failures = (int64_t)(v & ((1u << COUNT_BITS) - 1)),
                                   .last_ms = (int64_t)(v >> COUNT_BITS) };
}

static uint64_t key_of(struct str key)
{
    uint64_t h = XXH3_64bits(key.p, key.n);
    return h ? h : 1;
}

/* The entry of the key: its own, an empty one, or the oldest of those it may be in. Two processes that bring
 * the same key for the first time may get two; the second is then found by nobody and grows old. */
static _Atomic uint64_t *find(struct backoff_table *t, uint64_t key, bool make)
{
    uint64_t first = key % (BACKOFF_ENTRIES / WAYS) * WAYS, oldest = first;
    for (uint64_t i = first; i < first + WAYS; i++) {
        uint64_t there = atomic_load(&t->entries[i].key);
        if (there == key) {
            return &t->entries[i].count;
        }
        if (atomic_load(&t->entries[i].count) < atomic_load(&t->entries[oldest].count)) {
            oldest = i;
        }
    }
    if (!make) {
        return NULL;
    }
    atomic_store(&t->entries[oldest].count, 0);
    atomic_store(&t->entries[oldest].key, key);
    return &t->entries[oldest].count;
}

int64_t backoff_table_begin(struct backoff_table *t, struct str key, const struct backoff_policy *p,
                            int64_t now_ms, struct backoff_count *before)
{
    _Atomic uint64_t *count = find(t, key_of(key), true);
    uint64_t found = atomic_load(count), next;
    do {
        *before = unpack(found);
        int64_t wait = backoff_wait_ms(p, before, now_ms);
        if (wait > 0) {
            return wait;
        }
        bool full = before->failures == BACKOFF_COUNT_MAX;
        next = pack((struct backoff_count){ before->failures + !full, now_ms });
    } while (!atomic_compare_exchange_weak(count, &found, next));
    return 0;
}

void backoff_table_undo(struct backoff_table *t, struct str key, int64_t now_ms,
                        const struct backoff_count *before)
{
    _Atomic uint64_t *count = find(t, key_of(key), false);
    uint64_t found = count ? atomic_load(count) : 0;
    while (count && unpack(found).failures > 0) {
        struct backoff_count c = unpack(found);
        bool alone = c.failures == before->failures + 1 && c.last_ms == now_ms;
        c = alone ? *before : (struct backoff_count){ c.failures - 1, c.last_ms };
        if (atomic_compare_exchange_weak(count, &found, pack(c))) {
            return;
        }
    }
}

void backoff_table_forget(struct backoff_table *t, struct str key)
{
    _Atomic uint64_t *count = find(t, key_of(key), false);
    if (count) {
        atomic_store(count, 0);
    }
}
