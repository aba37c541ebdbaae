/*
 * The scoreboard: shared memory in which every worker says what it is doing and counts what it has done.
 *
 * One memfd holds a table of operation names, a few totals of the supervisor and one slot per worker. A slot
 * is written by its worker only, so workers never contend for a cache line; readers (supervisor, metrics) sum
 * over the slots. Everything is a relaxed C11 atomic: a reader may be a few nanoseconds late, never wrong for
 * good. Counters live as long as the memory: a successor in the same slot goes on counting where its
 * predecessor stopped, and a supervisor that replaces itself keeps the memory.
 *
 * Functions of the writing side take a NULL slot and then do nothing, so that tests and tools need no
 * scoreboard.
 */
#ifndef NEXUS_BASE_SCOREBOARD_H
#define NEXUS_BASE_SCOREBOARD_H

#include "base/backoff_table.h"
#include "base/blocklist.h"
#include "base/request_ring.h"
#include "base/slots.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SCOREBOARD_SLOTS      2048 /* two generations of 1024 workers */
#define SCOREBOARD_OPS        128  /* names; those that come too late are counted under op 0 */
#define SCOREBOARD_OP_NAME    48   /* bytes with NUL */
#define SCOREBOARD_CODES      40   /* HTTP status codes told apart; index 0 is "any other" */
#define SCOREBOARD_BUCKETS    18   /* latency buckets, the last one without upper bound */
#define SCOREBOARD_CACHE_SIZE (160 * 1024)
#define SCOREBOARD_OP_OTHER   0 /* what reached no operation: no such route, refused before routing */

enum worker_state {
    WORKER_FREE,     /* no process */
    WORKER_STARTING, /* forked, not ready for requests */
    WORKER_IDLE,     /* waiting for a connection */
    WORKER_READING,  /* has a connection, the request is not complete */
    WORKER_BUSY,     /* handling a request */
    WORKER_DRAINING, /* takes no more requests, is about to exit */
    WORKER_STATE_COUNT
};

/* What a worker counts beside requests per operation. */
enum worker_counter {
    WORKER_REQUESTS,        /* answered, all operations together */
    WORKER_REJECTED,        /* refused to protect the service: rate limits, sizes, overload */
    WORKER_ACCEPT_ERRORS,   /* accept(2) failed for lack of resources */
    WORKER_PROTOCOL_ERRORS, /* connections that brought no complete FastCGI request */
    WORKER_COUNTER_COUNT
};

/* What the supervisor counts. */
enum pool_counter {
    POOL_SPAWNS,
    POOL_RESPAWNS, /* spawns because a worker had died unasked */
    POOL_RECYCLES, /* spawns because a worker retired by its limits */
    POOL_WATCHDOG_KILLS,
    POOL_DRAIN_KILLS,
    POOL_RELOADS,
    POOL_RELOAD_FAILURES,
    POOL_COUNTER_COUNT
};

struct scoreboard_op_stats {
    _Atomic uint64_t codes[SCOREBOARD_CODES];
    _Atomic uint64_t buckets[SCOREBOARD_BUCKETS]; /* not cumulative */
    _Atomic uint64_t sum_us;
};

struct scoreboard_slot {
    _Atomic uint64_t now;          /* state, operation and since when: scoreboard_now */
    _Atomic int32_t pid;           /* 0 when the slot is free, -1 when taken and not begun */
    _Atomic uint32_t generation;   /* of the supervisor that started it */
    _Atomic uint64_t served;       /* requests of this process, not of its predecessors */
    _Atomic int64_t private_bytes; /* last measured private memory, 0 = not measured */
    uint32_t index;                /* of this slot in the board; constant */
    _Atomic uint64_t counters[WORKER_COUNTER_COUNT];
    struct scoreboard_op_stats ops[SCOREBOARD_OPS];
} __attribute__((aligned(4096)));

struct scoreboard;

/* What the request pipeline needs to report; either pointer may be NULL. */
struct service_stats {
    struct scoreboard *board;
    struct scoreboard_slot *slot;
};

/* A new scoreboard in a memfd (close-on-exec) whose number is put into *fd. NULL with errno on failure. */
struct scoreboard *scoreboard_create(int *fd);
/* Map one made by another process; NULL when it is not a scoreboard of exactly this layout. */
struct scoreboard *scoreboard_attach(int fd);
/* Unmap; the memfd stays open. */
void scoreboard_detach(struct scoreboard *b);

struct scoreboard_slot *scoreboard_slot(struct scoreboard *b, unsigned index);
/*
 * Take a free slot, low ones first; NULL when all are taken. The worker calls scoreboard_slot_begin as its
 * first step, the supervisor scoreboard_slot_end when the worker is gone.
 */
struct scoreboard_slot *scoreboard_slot_take(struct scoreboard *b);
/* One more than the highest slot ever taken: readers need not look further. */
unsigned scoreboard_slots_used(const struct scoreboard *b);

/* Turns at hashing passwords; what a worker has goes back with its slot. */
struct slots *scoreboard_hashing(struct scoreboard *b);
/* Failed log-ins while Redis is away. */
struct backoff_table *scoreboard_backoff(struct scoreboard *b);
/* SCOREBOARD_CACHE_SIZE bytes for cache_share (cache/cache.h), zeroed at first; NULL without a board. */
void *scoreboard_cache(struct scoreboard *b);
/* Networks that are blocked; NULL without a board. */
struct blocklist *scoreboard_blocklist(struct scoreboard *b);
/* Where the worker of a slot tells of its requests; NULL without a slot. */
struct request_ring *scoreboard_ring(struct scoreboard_slot *s);
/* The same of calls to other servers. */
struct slots *scoreboard_calling(struct scoreboard *b);
/* And of waiting for something to happen. */
struct slots *scoreboard_waiting(struct scoreboard *b);
/* The worker in a slot as the owner of a place. */
uint32_t scoreboard_owner(const struct scoreboard_slot *s);

/*
 * The index of the operation called `name`, registered if it is new. Safe from several processes at once,
 * also when one of them is killed meanwhile. SCOREBOARD_OP_OTHER when b is NULL, the table is full or the
 * name too long.
 */
unsigned scoreboard_op(struct scoreboard *b, const char *name);
/* NULL when nothing is registered under this index; index 0 is "none". */
const char *scoreboard_op_name(const struct scoreboard *b, unsigned op);

/* ---- the worker writes ---- */
void scoreboard_slot_begin(struct scoreboard_slot *s, pid_t pid, uint32_t generation);
void scoreboard_slot_end(struct scoreboard_slot *s);
/* Say what the worker does now; keeps the start of the request when going from READING to BUSY or BUSY to
 * BUSY. */
void scoreboard_worker_state(struct scoreboard_slot *s, enum worker_state state, unsigned op);
/* Count one answered request; `status` is the HTTP status sent. */
void scoreboard_op_done(struct scoreboard_slot *s, unsigned op, int status, int64_t duration_us);
void scoreboard_count(struct scoreboard_slot *s, enum worker_counter counter);
void scoreboard_private_bytes(struct scoreboard_slot *s, int64_t bytes);

/* ---- everybody reads ---- */
struct scoreboard_now {
    enum worker_state state;
    unsigned op;
    int64_t since_us; /* clock_mono_us when the state (for BUSY: the request) began */
};
struct scoreboard_now scoreboard_now(const struct scoreboard_slot *s);
uint64_t scoreboard_pool(const struct scoreboard *b, enum pool_counter c);
void scoreboard_pool_add(struct scoreboard *b, enum pool_counter c, uint64_t n);
/* HTTP status told apart at index i, 0 for "any other" or when i is beyond the last. */
int scoreboard_code(unsigned i);
/* Upper bound of a latency bucket in microseconds; INT64_MAX for the last. */
int64_t scoreboard_bucket_us(unsigned i);
const char *worker_state_name(enum worker_state s);

#endif
