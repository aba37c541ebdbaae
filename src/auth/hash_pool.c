/* Turns at hashing. */
#include "auth/hash_pool.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

/* Below its worker: the computing thread gets about a tenth of what others do when both want the core. */
#define HASH_NICE 10

static struct {
    struct scoreboard *board;
    struct scoreboard_slot *slot;
} member;

struct job {
    void (*work)(void *arg);
    void *arg;
};

void hash_pool_join(struct scoreboard *board, struct scoreboard_slot *slot)
{
    member.board = board;
    member.slot = slot;
}

unsigned hash_pool_size(const struct options *o)
{
    unsigned half = options_cores() / 2;
    return o->hash_slots > 0 ? (unsigned)o->hash_slots : half > 0 ? half : 1;
}

unsigned hash_pool_queue(const struct options *o)
{
    unsigned quarter = options_workers(o) / 4;
    return quarter > 0 ? quarter : 1;
}

/* Linux has a priority for each thread. A sandbox may forbid to lower it; then it stays as it is. */
static void *compute(void *p)
{
    const struct job *job = p;
    (void)setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + HASH_NICE);
    job->work(job->arg);
    return NULL;
}

/* A thread of its own, because a priority once lowered cannot be raised again without privilege. Signals stay
 * with the thread that handles them. */
static void run_apart(struct job *job)
{
    sigset_t all, before;
    pthread_t thread;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&thread, NULL, compute, job);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error) {
        job->work(job->arg);
    } else {
        pthread_join(thread, NULL);
    }
}

bool hash_pool_full(const struct options *o)
{
    return member.board && slots_waiting(scoreboard_hashing(member.board)) >= hash_pool_queue(o);
}

enum err hash_pool_run(const struct options *o, void (*work)(void *arg), void *arg)
{
    struct job job = { work, arg };
    if (!member.board || !member.slot) {
        run_apart(&job);
        return ERR_NONE;
    }
    struct slots *slots = scoreboard_hashing(member.board);
    uint32_t owner = scoreboard_owner(member.slot);
    if (!slots_take(slots, owner, hash_pool_size(o), hash_pool_queue(o), o->hash_wait)) {
        scoreboard_count(member.slot, WORKER_REJECTED);
        return ERR_BUSY;
    }
    run_apart(&job);
    slots_free(slots, owner);
    return ERR_NONE;
}
