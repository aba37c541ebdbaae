/*
 * A counting semaphore in memory shared by processes, whose places have owners: what a killed process held is
 * given back by who notices its death. Waiters are few, wait for a bounded time, and have places with owners
 * too. Zeroed memory is a semaphore of which nothing is taken.
 *
 * An owner is a number above 0 that stands for one process at a time and holds one place at most.
 */
#ifndef NEXUS_BASE_SLOTS_H
#define NEXUS_BASE_SLOTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define SLOTS_MAX 64

struct slots {
    _Atomic uint32_t owners[SLOTS_MAX];
    _Atomic uint32_t waiters[SLOTS_MAX];
    _Atomic uint32_t turn; /* changes when a place becomes free */
};

/*
 * Take one of the first `count` places for `owner`. When there is none, wait up to `wait_us` unless
 * `waiting` others do already. Who comes later does not overtake those who wait.
 */
bool slots_take(struct slots *s, uint32_t owner, unsigned count, unsigned waiting, int64_t wait_us);

/* Give back whatever the owner has; may be called for one that has nothing, and for one that is dead. */
void slots_free(struct slots *s, uint32_t owner);

/* Places taken, and owners that wait for one. */
unsigned slots_taken(const struct slots *s);
unsigned slots_waiting(const struct slots *s);

#endif
