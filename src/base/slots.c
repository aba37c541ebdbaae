/* A semaphore with owners. */
#include "base/slots.h"

#include "base/clock.h"

#include <limits.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static bool take_one(_Atomic uint32_t *places, unsigned count, uint32_t owner)
{
    for (unsigned i = 0; i < count && i < SLOTS_MAX; i++) {
        uint32_t none = 0;
        if (atomic_compare_exchange_strong(&places[i], &none, owner)) {
            return true;
        }
    }
    return false;
}

/* Whether there was one. */
static bool free_of(_Atomic uint32_t *places, uint32_t owner)
{
    bool found = false;
    for (unsigned i = 0; i < SLOTS_MAX; i++) {
        uint32_t held = owner;
        found = atomic_compare_exchange_strong(&places[i], &held, 0) || found;
    }
    return found;
}

static unsigned count_taken(const _Atomic uint32_t *places)
{
    unsigned n = 0;
    for (unsigned i = 0; i < SLOTS_MAX; i++) {
        n += atomic_load(&places[i]) != 0;
    }
    return n;
}

/* Until the turn is no longer `seen`, or the time is up, or a signal has come. */
static void futex_wait(_Atomic uint32_t *turn, uint32_t seen, int64_t us)
{
    struct timespec t = { .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };
    (void)syscall(SYS_futex, turn, FUTEX_WAIT, seen, &t, NULL, 0);
}

/* All are woken: they are few, and one that was killed cannot swallow the others' turn. */
static void next_turn(struct slots *s)
{
    atomic_fetch_add(&s->turn, 1);
    (void)syscall(SYS_futex, &s->turn, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static bool wait_for_one(struct slots *s, uint32_t owner, unsigned count, int64_t wait_us)
{
    int64_t deadline = clock_mono_us() + wait_us;
    for (;;) {
        uint32_t turn = atomic_load(&s->turn);
        if (take_one(s->owners, count, owner)) {
            return true;
        }
        int64_t left = deadline - clock_mono_us();
        if (left <= 0) {
            return false;
        }
        futex_wait(&s->turn, turn, left);
    }
}

bool slots_take(struct slots *s, uint32_t owner, unsigned count, unsigned waiting, int64_t wait_us)
{
    if (count_taken(s->waiters) == 0 && take_one(s->owners, count, owner)) {
        return true;
    }
    if (!take_one(s->waiters, waiting, owner)) {
        return false;
    }
    bool taken = wait_for_one(s, owner, count, wait_us);
    (void)free_of(s->waiters, owner);
    return taken;
}

void slots_free(struct slots *s, uint32_t owner)
{
    (void)free_of(s->waiters, owner);
    if (free_of(s->owners, owner)) {
        next_turn(s);
    }
}

unsigned slots_waiting(const struct slots *s)
{
    return count_taken(s->waiters);
}

unsigned slots_taken(const struct slots *s)
{
    return count_taken(s->owners);
}
