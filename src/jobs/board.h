/*
 * What the processes of nexus-jobs are doing and have done: memory they share. Each writes its own slot only;
 * whoever reads may be a few nanoseconds late. Counters outlive the process that counted.
 */
#ifndef NEXUS_JOBS_BOARD_H
#define NEXUS_JOBS_BOARD_H

#include "base/buf.h"
#include "jobs/internal.h"

#include <stdatomic.h>
#include <sys/types.h>

enum job_role { ROLE_SCHEDULER, ROLE_METRICS, ROLE_RELAY, ROLE_RUNNER };
const char *job_role_name(enum job_role role);

#define JOB_RUNNERS_MAX 64
#define BOARD_SLOTS     (JOB_RUNNERS_MAX + 3)
#define BOARD_WAITS     10

/* Upper ends of the buckets of the time a row has waited, in microseconds; the last has none. */
extern const int64_t board_waits_us[BOARD_WAITS];

struct board_job {
    _Atomic uint64_t outcomes[JOB_OUTCOMES];
    _Atomic uint64_t run_us;
    _Atomic uint64_t waits[BOARD_WAITS];
    _Atomic uint64_t wait_us;
};

enum relay_counter {
    RELAY_PUBLISHED,
    RELAY_CONFIRMED,
    RELAY_UNROUTABLE,
    RELAY_REFUSED,
    RELAY_CONNECTIONS,
    RELAY_LOST,      /* published anew, since nobody has run them */
    RELAY_DUPLICATE, /* messages whose row was done already */
    RELAY_COUNTERS
};

struct board_slot {
    _Atomic int32_t pid; /* 0: nobody */
    _Atomic int32_t role;
    _Atomic int32_t job;         /* index in job_registry, -1 while it waits */
    _Atomic int64_t since_us;    /* monotonic: what it does, since */
    _Atomic int64_t deadline_us; /* it is killed then; 0: never */
    struct board_job jobs[JOBS_MAX];
};

struct board {
    _Atomic uint64_t restarts; /* processes replaced because they had died */
    _Atomic uint64_t kills;    /* because they took too long */
    _Atomic uint64_t releases; /* asked of the scheduler: look for rows of those that died */
    _Atomic uint64_t leading;  /* 1 while the scheduler of this host leads */
    _Atomic uint64_t relay[RELAY_COUNTERS];
    struct board_slot slots[BOARD_SLOTS];
};

/* Shared with all children; ends with the last of them. NULL when there is no memory. */
struct board *board_create(void);
/* The job begins, having waited for so long; and how it has ended. */
void board_begin(struct board_slot *s, const struct job_row *row);
void board_end(struct board_slot *s, const struct job_row *row, enum job_outcome how, int64_t start_us);
/* Alive; to be killed when nothing is heard for so long. */
void board_beat(struct board_slot *s, int64_t patience_us);
/* Prometheus text of all of it. */
void board_write(struct buf *out, struct board *b);

#endif
