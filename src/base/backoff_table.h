/*
 * How long to wait after failures, and a table of counts in memory that processes share. Bounded: the count
 * whose last failure is longest ago gives way to a new one. Zeroed memory is an empty table; no process can
 * leave it in a state that hinders others.
 */
#ifndef NEXUS_BASE_BACKOFF_TABLE_H
#define NEXUS_BASE_BACKOFF_TABLE_H

#include "base/str.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define BACKOFF_FORGET_MS (60 * 60 * 1000) /* after the wait has ended */
#define BACKOFF_COUNT_MAX 10000

struct backoff_policy {
    int64_t free; /* failures in a row that cost nothing; 0: no limit at all */
    int64_t first_ms, most_ms;
};

struct backoff_count {
    int64_t failures, last_ms;
};

/* How long after the last of so many failures the next attempt has to wait. */
int64_t backoff_delay_ms(const struct backoff_policy *p, int64_t failures);
/* 0 when an attempt may be made, else in how long. Forgets what is long ago. */
int64_t backoff_wait_ms(const struct backoff_policy *p, struct backoff_count *c, int64_t now_ms);

#define BACKOFF_ENTRIES 4096

struct backoff_table {
    struct {
        _Atomic uint64_t key; /* 0: empty */
        _Atomic uint64_t count;
    } entries[BACKOFF_ENTRIES];
};

/* Count a failure of `key` unless it has to wait; *before is what stood there. Returns the wait. */
int64_t backoff_table_begin(struct backoff_table *t, struct str key, const struct backoff_policy *p,
                            int64_t now_ms, struct backoff_count *before);
/* It was none: take it back. */
void backoff_table_undo(struct backoff_table *t, struct str key, int64_t now_ms,
                        const struct backoff_count *before);
void backoff_table_forget(struct backoff_table *t, struct str key);

#endif
