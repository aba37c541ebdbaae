/* The scoreboard: memory layout, registration of operations, counting. */
#include "base/scoreboard.h"

#include "base/clock.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC         0x3145524f4353584eULL /* "NXSCORE1" in memory, little-endian */
#define LAYOUT        5u                    /* raise whenever struct scoreboard or what it holds changes */
#define NAME_IS_READY (-1)
#define SLOT_TAKEN    (-1) /* pid of a slot between taking it and the worker's first step */

/* Packed so that one store changes all three: a reader never sees a new state with an old start. */
#define NOW_STATE_BITS 8
#define NOW_OP_BITS    8
#define NOW_US_MASK    ((UINT64_C(1) << 48) - 1) /* 8.9 years of uptime */

struct op_entry {
    _Atomic int32_t owner; /* 0 free, NAME_IS_READY, else pid of who is writing the name */
    char name[SCOREBOARD_OP_NAME];
};

struct scoreboard {
    uint64_t magic;
    uint32_t layout;
    uint32_t pad;
    uint64_t size;
    _Atomic uint32_t slots_used;
    _Atomic uint64_t pool[POOL_COUNTER_COUNT];
    struct slots hashing, calling, waiting;
    struct backoff_table backoff;
    char cache[SCOREBOARD_CACHE_SIZE] __attribute__((aligned(64)));
    struct op_entry ops[SCOREBOARD_OPS];
    struct scoreboard_slot slots[SCOREBOARD_SLOTS];
    struct blocklist blocklist;
    struct request_ring rings[SCOREBOARD_SLOTS]; /* memory for those that are used only */
};

_Static_assert(SCOREBOARD_OPS <= 1 << NOW_OP_BITS, "an operation index must fit its bits");

static const int codes[] = { 0,   200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308,
                             400, 401, 403, 404, 405, 406, 408, 409, 410, 411, 412, 413,
                             414, 415, 422, 428, 429, 431, 499, 500, 501, 502, 503, 504 };
_Static_assert(sizeof codes / sizeof codes[0] <= SCOREBOARD_CODES, "too many status codes");

static const int64_t buckets[SCOREBOARD_BUCKETS] = {
    100,    250,    500,    1000,    2500,    5000,    10000,    25000,    50000,
    100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000, 30000000, INT64_MAX,
};

static const char *const state_names[WORKER_STATE_COUNT] = {
    "free", "starting", "idle", "reading", "busy", "draining",
};

static struct scoreboard *map(int fd)
{
    void *p = mmap(NULL, sizeof(struct scoreboard), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return p == MAP_FAILED ? NULL : p;
}

struct scoreboard *scoreboard_create(int *fd)
{
    int f = memfd_create("nexus-scoreboard", MFD_CLOEXEC);
    if (f < 0) {
        return NULL;
    }
    struct scoreboard *b = ftruncate(f, (off_t)sizeof(struct scoreboard)) == 0 ? map(f) : NULL;
    if (!b) {
        int saved = errno;
        close(f);
        errno = saved;
        return NULL;
    }
    b->magic = MAGIC;
    b->layout = LAYOUT;
    b->size = sizeof(struct scoreboard);
    memcpy(b->ops[SCOREBOARD_OP_OTHER].name, "none", sizeof "none");
    atomic_store(&b->ops[SCOREBOARD_OP_OTHER].owner, NAME_IS_READY);
    *fd = f;
    return b;
}

struct scoreboard *scoreboard_attach(int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || st.st_size != (off_t)sizeof(struct scoreboard)) {
        return NULL;
    }
    struct scoreboard *b = map(fd);
    if (b && (b->magic != MAGIC || b->layout != LAYOUT || b->size != sizeof(struct scoreboard))) {
        scoreboard_detach(b);
        b = NULL;
    }
    return b;
}

void scoreboard_detach(struct scoreboard *b)
{
    if (b) {
        munmap(b, sizeof(struct scoreboard));
    }
}

struct scoreboard_slot *scoreboard_slot(struct scoreboard *b, unsigned index)
{
    return b && index < SCOREBOARD_SLOTS ? &b->slots[index] : NULL;
}

struct scoreboard_slot *scoreboard_slot_take(struct scoreboard *b)
{
    unsigned used = scoreboard_slots_used(b);
    for (unsigned i = 0; i < SCOREBOARD_SLOTS; i++) {
        if (i >= used) {
            atomic_store_explicit(&b->slots_used, i + 1, memory_order_relaxed);
        }
        b->slots[i].index = i;
        int32_t none = 0;
        if (atomic_compare_exchange_strong(&b->slots[i].pid, &none, SLOT_TAKEN)) {
            return &b->slots[i];
        }
    }
    return NULL;
}

unsigned scoreboard_slots_used(const struct scoreboard *b)
{
    unsigned n = atomic_load_explicit(&b->slots_used, memory_order_relaxed);
    return n < SCOREBOARD_SLOTS ? n : SCOREBOARD_SLOTS;
}

/* Make the entry readable or ours to write. False while a living process is writing it. */
static bool op_entry_settle(struct op_entry *e, int32_t *owner)
{
    *owner = atomic_load_explicit(&e->owner, memory_order_acquire);
    if (*owner == NAME_IS_READY) {
        return true;
    }
    if (*owner != 0 && *owner != (int32_t)getpid() && (kill(*owner, 0) == 0 || errno == EPERM)) {
        return false;
    }
    return atomic_compare_exchange_strong(&e->owner, owner, (int32_t)getpid());
}

unsigned scoreboard_op(struct scoreboard *b, const char *name)
{
    size_t n = strlen(name);
    if (!b || n == 0 || n >= SCOREBOARD_OP_NAME) {
        return SCOREBOARD_OP_OTHER;
    }
    for (unsigned i = 0; i < SCOREBOARD_OPS; i++) {
        struct op_entry *e = &b->ops[i];
        int32_t owner;
        while (!op_entry_settle(e, &owner)) {
            sched_yield(); /* the writer is a handful of instructions away from being done, or dead */
        }
        if (owner != NAME_IS_READY) {
            memcpy(e->name, name, n + 1);
            atomic_store_explicit(&e->owner, NAME_IS_READY, memory_order_release);
            return i;
        }
        if (strcmp(e->name, name) == 0) {
            return i;
        }
    }
    return SCOREBOARD_OP_OTHER;
}

const char *scoreboard_op_name(const struct scoreboard *b, unsigned op)
{
    if (op >= SCOREBOARD_OPS ||
        atomic_load_explicit(&b->ops[op].owner, memory_order_acquire) != NAME_IS_READY) {
        return NULL;
    }
    return b->ops[op].name;
}

static void now_store(struct scoreboard_slot *s, enum worker_state state, unsigned op, int64_t since_us)
{
    uint64_t packed = (((uint64_t)since_us & NOW_US_MASK) << (NOW_STATE_BITS + NOW_OP_BITS)) |
                      ((uint64_t)(op & 0xff) << NOW_STATE_BITS) | (uint64_t)state;
    atomic_store_explicit(&s->now, packed, memory_order_relaxed);
}

struct scoreboard_now scoreboard_now(const struct scoreboard_slot *s)
{
    uint64_t v = atomic_load_explicit(&s->now, memory_order_relaxed);
    return (struct scoreboard_now){ .state = (enum worker_state)(v & 0xff),
                                    .op = (unsigned)(v >> NOW_STATE_BITS) & 0xff,
                                    .since_us = (int64_t)(v >> (NOW_STATE_BITS + NOW_OP_BITS)) };
}

void scoreboard_slot_begin(struct scoreboard_slot *s, pid_t pid, uint32_t generation)
{
    now_store(s, WORKER_STARTING, SCOREBOARD_OP_OTHER, clock_mono_us());
    atomic_store_explicit(&s->served, 0, memory_order_relaxed);
    atomic_store_explicit(&s->private_bytes, 0, memory_order_relaxed);
    atomic_store_explicit(&s->generation, generation, memory_order_relaxed);
    atomic_store_explicit(&s->pid, (int32_t)pid, memory_order_relaxed);
}

struct slots *scoreboard_hashing(struct scoreboard *b)
{
    return &b->hashing;
}

struct backoff_table *scoreboard_backoff(struct scoreboard *b)
{
    return &b->backoff;
}

void *scoreboard_cache(struct scoreboard *b)
{
    return b ? b->cache : NULL;
}

struct slots *scoreboard_waiting(struct scoreboard *b)
{
    return &b->waiting;
}

struct slots *scoreboard_calling(struct scoreboard *b)
{
    return &b->calling;
}

struct blocklist *scoreboard_blocklist(struct scoreboard *b)
{
    return b ? &b->blocklist : NULL;
}

uint32_t scoreboard_owner(const struct scoreboard_slot *s)
{
    return s->index + 1;
}

static struct scoreboard *board_of(struct scoreboard_slot *s)
{
    return (struct scoreboard *)((char *)(s - s->index) - offsetof(struct scoreboard, slots));
}

struct request_ring *scoreboard_ring(struct scoreboard_slot *s)
{
    return s ? &board_of(s)->rings[s->index] : NULL;
}

void scoreboard_slot_end(struct scoreboard_slot *s)
{
    slots_free(&board_of(s)->hashing, scoreboard_owner(s));
    slots_free(&board_of(s)->calling, scoreboard_owner(s));
    slots_free(&board_of(s)->waiting, scoreboard_owner(s));
    now_store(s, WORKER_FREE, SCOREBOARD_OP_OTHER, clock_mono_us());
    atomic_store_explicit(&s->private_bytes, 0, memory_order_relaxed);
    atomic_store_explicit(&s->pid, 0, memory_order_relaxed);
}

void scoreboard_worker_state(struct scoreboard_slot *s, enum worker_state state, unsigned op)
{
    if (!s) {
        return;
    }
    struct scoreboard_now now = scoreboard_now(s);
    bool same_request = state == WORKER_BUSY && (now.state == WORKER_READING || now.state == WORKER_BUSY);
    now_store(s, state, op, same_request ? now.since_us : clock_mono_us());
}

/* The slot has one writer, so a load and a store will do: no locked instruction on the way of a request. */
static void add(_Atomic uint64_t *counter, uint64_t n)
{
    uint64_t v = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, v + n, memory_order_relaxed);
}

static unsigned code_index(int status)
{
    for (unsigned i = 1; i < sizeof codes / sizeof codes[0]; i++) {
        if (codes[i] == status) {
            return i;
        }
    }
    return 0;
}

static unsigned bucket_index(int64_t us)
{
    unsigned i = 0;
    while (us > buckets[i]) {
        i++;
    }
    return i;
}

void scoreboard_op_done(struct scoreboard_slot *s, unsigned op, int status, int64_t duration_us)
{
    if (!s || op >= SCOREBOARD_OPS) {
        return;
    }
    struct scoreboard_op_stats *o = &s->ops[op];
    int64_t us = duration_us < 0 ? 0 : duration_us;
    add(&o->codes[code_index(status)], 1);
    add(&o->buckets[bucket_index(us)], 1);
    add(&o->sum_us, (uint64_t)us);
    add(&s->counters[WORKER_REQUESTS], 1);
    add(&s->served, 1);
}

void scoreboard_count(struct scoreboard_slot *s, enum worker_counter counter)
{
    if (s) {
        add(&s->counters[counter], 1);
    }
}

void scoreboard_private_bytes(struct scoreboard_slot *s, int64_t bytes)
{
    if (s) {
        atomic_store_explicit(&s->private_bytes, bytes, memory_order_relaxed);
    }
}

uint64_t scoreboard_pool(const struct scoreboard *b, enum pool_counter c)
{
    return atomic_load_explicit(&b->pool[c], memory_order_relaxed);
}

void scoreboard_pool_add(struct scoreboard *b, enum pool_counter c, uint64_t n)
{
    atomic_fetch_add_explicit(&b->pool[c], n, memory_order_relaxed);
}

int scoreboard_code(unsigned i)
{
    return i < sizeof codes / sizeof codes[0] ? codes[i] : 0;
}

int64_t scoreboard_bucket_us(unsigned i)
{
    return i < SCOREBOARD_BUCKETS ? buckets[i] : INT64_MAX;
}

const char *worker_state_name(enum worker_state s)
{
    return s >= 0 && s < WORKER_STATE_COUNT ? state_names[s] : "unknown";
}
