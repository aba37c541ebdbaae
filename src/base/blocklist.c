/*
 * Networks by prefix are disjoint or one inside the other, so that disjoint ranges come out of one pass over
 * them in order, with a stack of those that are open. Where several hold the latest end counts.
 */
#include "base/blocklist.h"

#include <stdlib.h>

#define BITS 128

/* ---- asking ---- */

static uint64_t word(const uint8_t *b)
{
    uint64_t v;
    memcpy(&v, b, sizeof(v));
    return __builtin_bswap64(v);
}

static bool is_after(const struct blocklist_range *r, uint64_t high, uint64_t low)
{
    return r->high > high || (r->high == high && r->low > low);
}

/* The last that does not begin after the address; the first one begins at zero. */
static int64_t until(const struct blocklist_side *s, uint64_t high, uint64_t low)
{
    size_t from = 0, n = s->count < BLOCKLIST_RANGES ? s->count : BLOCKLIST_RANGES;
    if (n == 0) {
        return 0;
    }
    while (n > 1) {
        size_t half = n / 2;
        bool after = is_after(&s->ranges[from + half], high, low);
        from += after ? 0 : half;
        n = after ? half : n - half;
    }
    return s->ranges[from].until_us;
}

bool blocklist_has(const struct blocklist *b, const struct address *a, int64_t now_us)
{
    uint64_t before, after = atomic_load_explicit(&b->edition, memory_order_acquire);
    int64_t end;
    do {
        before = after;
        end = until(&b->side[before & 1], word(a->b), word(a->b + 8));
        atomic_thread_fence(memory_order_acquire);
        after = atomic_load_explicit(&b->edition, memory_order_relaxed);
    } while (after != before);
    return end > now_us;
}

/* ---- making ---- */

struct open {                     /* a network whose end has not been reached */
    uint64_t next_high, next_low; /* first address behind it */
    bool endless;                 /* there is none */
    int64_t until_us;             /* the latest of its own and of those around it */
};

struct maker {
    struct blocklist_side *side;
    struct open stack[BITS + 1];
    size_t depth;
};

static int compare(const void *va, const void *vb)
{
    const struct blocklist_network *a = va, *b = vb;
    int order = memcmp(&a->first, &b->first, sizeof(a->first));
    return order ? order : a->prefix < b->prefix ? -1 : a->prefix > b->prefix;
}

/* From this address on it is so; what began at the same address is replaced, what is no change left out. */
static void boundary(struct blocklist_side *s, uint64_t high, uint64_t low, int64_t until_us)
{
    struct blocklist_range *last = s->count > 0 ? &s->ranges[s->count - 1] : NULL;
    if (last && last->high == high && last->low == low) {
        last->until_us = until_us;
    } else if (!last || last->until_us != until_us) {
        s->ranges[s->count++] = (struct blocklist_range){ high, low, until_us };
    }
}

/* Leave those that end at or before the address; all of them with NULL. */
static void leave(struct maker *m, const struct address *a)
{
    while (m->depth > 0) {
        const struct open *o = &m->stack[m->depth - 1];
        uint64_t high = a ? word(a->b) : 0, low = a ? word(a->b + 8) : 0;
        bool ended =
            !a || (!o->endless && (o->next_high < high || (o->next_high == high && o->next_low <= low)));
        if (!ended) {
            return;
        }
        m->depth--;
        if (!o->endless) {
            boundary(m->side, o->next_high, o->next_low, m->depth > 0 ? m->stack[m->depth - 1].until_us : 0);
        }
    }
}

static struct open opened(const struct blocklist_network *n, int64_t around_us)
{
    uint64_t high = word(n->first.b), low = word(n->first.b + 8);
    struct open o = { .until_us = n->until_us > around_us ? n->until_us : around_us };
    if (n->prefix > 64) {
        uint64_t size = UINT64_C(1) << (BITS - n->prefix);
        o.next_low = low + size;
        o.next_high = high + (o.next_low < low);
        o.endless = o.next_low < low && high == UINT64_MAX;
    } else {
        uint64_t size = n->prefix > 0 ? UINT64_C(1) << (64 - n->prefix) : 0;
        o.next_high = high + size;
        o.endless = o.next_high <= high;
    }
    return o;
}

static void enter(struct maker *m, const struct blocklist_network *n)
{
    leave(m, &n->first);
    struct open o = opened(n, m->depth > 0 ? m->stack[m->depth - 1].until_us : 0);
    boundary(m->side, word(n->first.b), word(n->first.b + 8), o.until_us);
    m->stack[m->depth++] = o;
}

static bool is_same(const struct blocklist_network *a, const struct blocklist_network *b)
{
    return a->prefix == b->prefix && memcmp(&a->first, &b->first, sizeof(a->first)) == 0;
}

bool blocklist_replace(struct blocklist *b, struct blocklist_network *networks, size_t count)
{
    uint64_t edition = atomic_load_explicit(&b->edition, memory_order_relaxed);
    size_t taken = count < BLOCKLIST_MAX ? count : BLOCKLIST_MAX;
    struct maker m = { .side = &b->side[(edition + 1) & 1] };
    for (size_t i = 0; i < taken; i++) {
        address_mask(&networks[i].first, networks[i].prefix);
    }
    m.side->count = 0;
    if (taken > 0) {
        qsort(networks, taken, sizeof(*networks), compare);
        boundary(m.side, 0, 0, 0);
    }
    for (size_t i = 0; i < taken; i++) {
        struct blocklist_network n = networks[i];
        for (; i + 1 < taken && is_same(&n, &networks[i + 1]); i++) {
            n.until_us = networks[i + 1].until_us > n.until_us ? networks[i + 1].until_us : n.until_us;
        }
        enter(&m, &n);
    }
    leave(&m, NULL);
    atomic_store_explicit(&b->edition, edition + 1, memory_order_release);
    return taken == count;
}
