/* Seats and children. */
#include "api/pool.h"

#include "api/jitter.h"
#include "api/worker.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WATCH_EVERY_US   1000000 /* and more often when the request deadline is short */
#define WATCH_LEAST_US   25000
#define DRAIN_GRACE_US   1000000 /* between two SIGKILLs at the same child */
#define TRACKER_GRACE_US 2000000 /* beyond the workers, whose last requests it writes down */

struct pool {
    struct pool_config c;
    struct seat *seats; /* workers first, then metrics, then the tracker */
    size_t seat_count;
    struct child *children;
    size_t count;
    size_t capacity;
    int64_t watched_us; /* when pool_watch ran last */
    bool stopping;
};

/* ---- making ---- */

struct pool *pool_create(const struct pool_config *c)
{
    struct pool *p = calloc(1, sizeof *p);
    size_t seats = (size_t)c->workers + (c->metrics ? 1 : 0) + (c->tracker ? 1 : 0);
    if (!p || !(p->seats = calloc(seats + 1, sizeof *p->seats))) {
        free(p);
        return NULL;
    }
    p->c = *c;
    p->seat_count = seats;
    for (size_t i = 0; i < seats; i++) {
        p->seats[i].kind = i < c->workers                  ? CHILD_WORKER
                           : i == c->workers && c->metrics ? CHILD_METRICS
                                                           : CHILD_TRACKER;
        p->seats[i].number = (unsigned)i + 1;
    }
    return p;
}

void pool_destroy(struct pool *p)
{
    if (p) {
        free(p->children);
        free(p->seats);
        free(p);
    }
}

static bool children_grow(struct pool *p)
{
    if (p->count < p->capacity) {
        return true;
    }
    size_t capacity = p->capacity ? p->capacity * 2 : 64;
    struct child *grown = realloc(p->children, capacity * sizeof *grown);
    if (!grown) {
        return false;
    }
    p->children = grown;
    p->capacity = capacity;
    return true;
}

void pool_adopt(struct pool *p, const struct child *c)
{
    if (children_grow(p)) {
        p->children[p->count] = *c;
        p->children[p->count++].seat = SEAT_NONE;
    }
}

/* ---- starting ---- */

/*
 * The first quick death is answered at once, as any other; it may be one bad request. From the second on the
 * delay doubles, so that a worker that cannot live does not eat the machine.
 */
static int64_t seat_delay(unsigned failures)
{
    if (failures < 2) {
        return 0;
    }
    unsigned doublings = failures - 2 < 10 ? failures - 2 : 10;
    int64_t us = (int64_t)POOL_BACK_OFF_US << doublings;
    return jitter(us < POOL_BACK_OFF_MAX ? us : POOL_BACK_OFF_MAX, 20);
}

static void seat_failed(struct seat *s, int64_t now_us)
{
    s->failures++;
    s->spawn_at_us = now_us + seat_delay(s->failures);
}

static void child_main(struct pool *p, const struct child *c, unsigned number)
{
    exit(p->c.run(p->c.ctx, c, number));
}

static bool spawn(struct pool *p, size_t seat, int64_t now_us)
{
    struct child c = { .kind = p->seats[seat].kind, .seat = (int)seat, .generation = p->c.generation };
    c.started_us = now_us;
    if (!children_grow(p) || (c.kind == CHILD_WORKER && !(c.slot = scoreboard_slot_take(p->c.board)))) {
        return false;
    }
    c.pid = fork();
    if (c.pid == 0) {
        child_main(p, &c, p->seats[seat].number);
    }
    if (c.pid < 0) {
        LOG(LOG_ERROR, "cannot start a process", LOG_TEXT("reason", strerror(errno)));
        if (c.slot) {
            scoreboard_slot_end(c.slot);
        }
        return false;
    }
    p->children[p->count++] = c;
    p->seats[seat].taken = true;
    scoreboard_pool_add(p->c.board, POOL_SPAWNS, c.kind == CHILD_WORKER);
    return true;
}

void pool_spawn(struct pool *p, int64_t now_us)
{
    for (size_t i = 0; i < p->seat_count && !p->stopping; i++) {
        struct seat *s = &p->seats[i];
        if (!s->taken && s->spawn_at_us <= now_us && !spawn(p, i, now_us)) {
            seat_failed(s, now_us);
            s->spawn_at_us = now_us + POOL_BACK_OFF_US; /* a full table or no memory: not the seat's fault */
        }
    }
}

/* ---- ending ---- */

static struct child *find(const struct pool *p, pid_t pid)
{
    for (size_t i = 0; i < p->count; i++) {
        if (p->children[i].pid == pid) {
            return &p->children[i];
        }
    }
    return NULL;
}

static const char *describe(int status, char *out, size_t n)
{
    if (WIFSIGNALED(status)) {
        snprintf(out, n, "signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    } else {
        snprintf(out, n, "exit status %d", WEXITSTATUS(status));
    }
    return out;
}

static bool retired_by_itself(const struct child *c, int status)
{
    return c->kind == CHILD_WORKER && WIFEXITED(status) && WEXITSTATUS(status) == WORKER_EXIT_RECYCLE;
}

/* A child with a seat has ended and nobody had asked it to. */
static void seat_vacate(struct pool *p, const struct child *c, int status, int64_t now_us)
{
    struct seat *s = &p->seats[c->seat];
    char how[64];
    s->taken = false;
    s->spawn_at_us = now_us;
    if (retired_by_itself(c, status)) {
        s->failures = 0;
        scoreboard_pool_add(p->c.board, POOL_RECYCLES, 1);
        return;
    }
    if (!c->ready || now_us - c->started_us < POOL_STABLE_US) {
        seat_failed(s, now_us);
    } else {
        s->failures = 0;
    }
    scoreboard_pool_add(p->c.board, POOL_RESPAWNS, c->kind == CHILD_WORKER);
    static const char *const died[] = { [CHILD_WORKER] = "worker died",
                                        [CHILD_METRICS] = "metrics process died",
                                        [CHILD_TRACKER] = "tracker died" };
    LOG(LOG_WARN, died[c->kind], LOG_NUM("child", c->pid), LOG_TEXT("how", describe(status, how, sizeof how)),
        LOG_NUM("lived_ms", (now_us - c->started_us) / 1000),
        LOG_NUM("next_in_ms", (s->spawn_at_us - now_us) / 1000));
}

bool pool_reap(struct pool *p, pid_t pid, int status, int64_t now_us)
{
    struct child *c = find(p, pid);
    if (!c) {
        return false;
    }
    if (c->slot) {
        c->ready = c->ready || c->slot->served > 0 || scoreboard_now(c->slot).state > WORKER_STARTING;
        scoreboard_slot_end(c->slot);
    }
    if (c->seat != SEAT_NONE && !p->stopping) {
        seat_vacate(p, c, status, now_us);
    }
    *c = p->children[--p->count];
    return true;
}

static void tell(struct child *c, int sig, int64_t kill_at_us)
{
    if (c->kill_at_us == 0) {
        c->kill_at_us = kill_at_us;
    }
    kill(c->pid, sig);
}

void pool_retire_old(struct pool *p, int64_t now_us)
{
    for (size_t i = 0; i < p->count; i++) {
        struct child *c = &p->children[i];
        if (c->seat == SEAT_NONE && c->kill_at_us == 0) {
            tell(c, SIGTERM, now_us + p->c.drain_timeout_us);
        }
    }
}

void pool_stop(struct pool *p, int sig, int64_t now_us)
{
    p->stopping = true;
    for (size_t i = 0; i < p->count; i++) {
        struct child *c = &p->children[i];
        int64_t grace = c->kind == CHILD_TRACKER ? TRACKER_GRACE_US : 0;
        tell(c, c->kind == CHILD_WORKER ? sig : SIGTERM, now_us + p->c.drain_timeout_us + grace);
    }
}

void pool_kill(struct pool *p)
{
    p->stopping = true;
    for (size_t i = 0; i < p->count; i++) {
        kill(p->children[i].pid, SIGKILL);
    }
}

/* ---- watching ---- */

/* How long a worker may stay in a state before it counts as stuck. */
static int64_t state_limit(const struct pool *p, enum worker_state s)
{
    int64_t deadline = p->c.request_deadline_us;
    switch (s) {
    case WORKER_STARTING:
        return POOL_START_US;
    case WORKER_IDLE:
        return deadline > POOL_IDLE_US ? deadline : POOL_IDLE_US;
    case WORKER_DRAINING:
        return deadline > p->c.drain_timeout_us ? deadline : p->c.drain_timeout_us;
    default:
        return deadline;
    }
}

static void watchdog_kill(struct pool *p, struct child *c, const struct scoreboard_now *now, int64_t age_us)
{
    c->killed = true;
    scoreboard_pool_add(p->c.board, POOL_WATCHDOG_KILLS, 1);
    const char *op = scoreboard_op_name(p->c.board, now->op);
    LOG(LOG_ERROR, "worker is stuck and gets killed", LOG_NUM("child", c->pid),
        LOG_TEXT("state", worker_state_name(now->state)), LOG_TEXT("op", op ? op : "none"),
        LOG_NUM("stuck_ms", age_us / 1000));
    kill(c->pid, SIGKILL);
}

static void watch_slot(struct pool *p, struct child *c, int64_t now_us, bool trust_ages)
{
    struct scoreboard_now now = scoreboard_now(c->slot);
    if (now.state == WORKER_FREE) { /* forked, not yet begun: judged by when it was */
        now.state = WORKER_STARTING;
        now.since_us = c->started_us;
    }
    c->ready = c->ready || now.state >= WORKER_IDLE;
    int64_t age = now_us - now.since_us;
    if (trust_ages && !c->killed && age > state_limit(p, now.state)) {
        watchdog_kill(p, c, &now, age);
    }
}

static void watch_drain(struct pool *p, struct child *c, int64_t now_us)
{
    if (c->kill_at_us == 0 || now_us < c->kill_at_us) {
        return;
    }
    LOG(LOG_WARN, "process did not end in time and gets killed", LOG_NUM("child", c->pid));
    scoreboard_pool_add(p->c.board, POOL_DRAIN_KILLS, 1);
    kill(c->pid, SIGKILL);
    c->kill_at_us = now_us + DRAIN_GRACE_US;
}

static int64_t watch_interval(const struct pool *p)
{
    int64_t us = p->c.request_deadline_us / 4;
    us = us < WATCH_EVERY_US ? us : WATCH_EVERY_US;
    return us > WATCH_LEAST_US ? us : WATCH_LEAST_US;
}

/*
 * If the supervisor itself was stopped (SIGSTOP, a frozen machine), the workers were too: their ages say
 * nothing until they had a chance to run.
 */
void pool_watch(struct pool *p, int64_t now_us)
{
    bool trust_ages = p->watched_us > 0 && now_us - p->watched_us < 2 * watch_interval(p) + WATCH_EVERY_US;
    p->watched_us = now_us;
    for (size_t i = 0; i < p->count; i++) {
        struct child *c = &p->children[i];
        if (c->slot) {
            watch_slot(p, c, now_us, trust_ages);
        }
        watch_drain(p, c, now_us);
    }
}

bool pool_progresses(const struct pool *p, int64_t now_us)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct child *c = &p->children[i];
        if (!c->slot || c->killed) {
            continue;
        }
        struct scoreboard_now now = scoreboard_now(c->slot);
        if (now.state >= WORKER_IDLE && now_us - now.since_us <= state_limit(p, now.state)) {
            return true;
        }
    }
    return false;
}

struct pool_count pool_count(const struct pool *p)
{
    struct pool_count n = { .wanted = p->c.workers, .living = (unsigned)p->count };
    for (size_t i = 0; i < p->count; i++) {
        const struct child *c = &p->children[i];
        n.ready += c->kind == CHILD_WORKER && c->seat != SEAT_NONE && c->ready;
        n.old += c->kind == CHILD_WORKER && c->seat == SEAT_NONE;
    }
    return n;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t pool_next(const struct pool *p, int64_t now_us)
{
    int64_t next = now_us + watch_interval(p);
    for (size_t i = 0; i < p->seat_count && !p->stopping; i++) {
        if (!p->seats[i].taken) {
            next = earlier(next, p->seats[i].spawn_at_us);
        }
    }
    for (size_t i = 0; i < p->count; i++) {
        if (p->children[i].kill_at_us > 0) {
            next = earlier(next, p->children[i].kill_at_us);
        }
    }
    return next;
}

const struct child *pool_child(const struct pool *p, size_t i)
{
    return i < p->count ? &p->children[i] : NULL;
}
