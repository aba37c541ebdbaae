/*
 * The children of the supervisor: which are wanted, which live, when the next is due.
 *
 * A *seat* is a place that must be filled: one per worker, one for the metrics process, one
 * for the tracker. A *child* is a
 * process. A child of the current generation has a seat and is replaced when it dies; a child of an earlier
 * generation has none and is only waited for. Nothing here blocks; the supervisor calls in with the time of
 * its loop.
 */
#ifndef NEXUS_API_POOL_H
#define NEXUS_API_POOL_H

#include "base/scoreboard.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum child_kind { CHILD_WORKER, CHILD_METRICS, CHILD_TRACKER };

#define SEAT_NONE (-1)

struct child {
    pid_t pid;
    enum child_kind kind;
    int seat;                     /* index into seats, or SEAT_NONE */
    struct scoreboard_slot *slot; /* NULL: no worker, or a worker on a scoreboard this program cannot read */
    uint32_t generation;
    int64_t started_us;
    int64_t kill_at_us; /* 0 = not told to end; else when SIGKILL follows */
    bool ready;         /* takes requests */
    bool killed;        /* by the watchdog; waiting for the kernel */
};

struct seat {
    enum child_kind kind;
    unsigned number; /* for people, from 1 */
    bool taken;
    unsigned failures;   /* quick deaths in a row */
    int64_t spawn_at_us; /* not before */
};

struct pool;

/* Runs in the new process; its result is the exit status. Never returns into the supervisor's code. */
typedef int pool_run(void *ctx, const struct child *c, unsigned number);

struct pool_config {
    unsigned workers;
    bool metrics;
    bool tracker;
    uint32_t generation;
    int64_t request_deadline_us;
    int64_t drain_timeout_us;
    struct scoreboard *board;
    pool_run *run;
    void *ctx;
};

/* Deaths sooner than this after the start, or before being ready, count as quick. */
#define POOL_STABLE_US    1000000
#define POOL_BACK_OFF_US  100000 /* before the third attempt; doubles from there */
#define POOL_BACK_OFF_MAX 10000000
#define POOL_START_US     30000000 /* a worker may take so long to become ready */
#define POOL_IDLE_US      5000000  /* an idle worker shows itself every second */

struct pool *pool_create(const struct pool_config *c);
void pool_destroy(struct pool *p);

/* Take over a child started by the program this one replaced. */
void pool_adopt(struct pool *p, const struct child *c);

/* Start what is due. */
void pool_spawn(struct pool *p, int64_t now_us);
/* A child has ended. False when pid is not one of the pool's. */
bool pool_reap(struct pool *p, pid_t pid, int status, int64_t now_us);
/* Notice who is ready, kill who is stuck or has drained for too long. */
void pool_watch(struct pool *p, int64_t now_us);
/* Ask children without a seat (earlier generations) to end after the request in hand. */
void pool_retire_old(struct pool *p, int64_t now_us);
/* Start nobody any more and ask all to end. `sig` is sent to workers; others get SIGTERM. */
void pool_stop(struct pool *p, int sig, int64_t now_us);
void pool_kill(struct pool *p);

struct pool_count {
    unsigned wanted; /* workers */
    unsigned ready;  /* workers of this generation that take requests */
    unsigned old;    /* workers of earlier generations, draining or not */
    unsigned living; /* all children */
};
struct pool_count pool_count(const struct pool *p);
/* Some worker is idle and awake, or busy within its deadline. */
bool pool_progresses(const struct pool *p, int64_t now_us);
/* clock_mono_us when pool_spawn or pool_watch should be called next, whatever happens. */
int64_t pool_next(const struct pool *p, int64_t now_us);

/* Iterate over living children; NULL at the end. */
const struct child *pool_child(const struct pool *p, size_t i);

#endif
