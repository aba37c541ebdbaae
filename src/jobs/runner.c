/*
 * A runner: takes rows that are due and runs them. While there is work it looks again at once or after a nap;
 * only when there has been none for a while it sleeps until it is told. Being told makes writers' commits go
 * one after the other, so it is not for times when rows come all the time.
 */
#include "jobs/runner.h"

#include "base/clock.h"
#include "base/log.h"
#include "db/queries.h"
#include "jobs/schedule.h"

#define NAP_US     20000
#define NAPPING_US 300000  /* after the last work */
#define SLEEP_US   1000000 /* at most */
#define AWAY_US    250000  /* before PostgreSQL is asked again */
#define QUICK_US   50000   /* a claim that took no longer may be twice as large the next time */
#define EXTRA_US   10000000
#define IDLE_US    30000000 /* a runner that is not heard of for so long while it runs nothing is stuck */
#define TOLD_MAX   64

struct runner {
    const struct job_process *p;
    size_t size; /* of the next claim */
    int64_t worked_us;
    bool bell;
};

static void await(struct runner *r, int64_t us)
{
    char told[TOLD_MAX];
    while (!*r->p->stop && db_await(r->p->jobs->db, us, r->p->open, told, sizeof(told))) {
        us = 0; /* what else there is of the same news */
    }
}

/* One statement that answers with one value; its result, or NULL. */
static const PGresult *ask(struct runner *r, const struct db_statement *s)
{
    struct db_failure failure;
    arena_reset(r->p->jobs->arena);
    struct db_batch *b = db_batch(r->p->jobs->db, r->p->jobs->arena);
    int at = db_add(b, s, NULL, 0);
    return db_run(b, &failure) == ERR_NONE ? db_result(b, at) : NULL;
}

static void wake(struct runner *r)
{
    if (r->bell) {
        r->bell = false;
        (void)ask(r, &q_jobs_wake);
    }
}

/* Whether the time left is enough to run it. */
static bool in_time(const struct job_row *row)
{
    return clock_unix_us() + job_timeout_us(row->job) < row->leased_until_us;
}

static void run_rows(struct runner *r, const struct job_row *rows, size_t n)
{
    const struct job_process *p = r->p;
    int64_t begun = clock_mono_us();
    for (size_t i = 0; i < n; i++) {
        int64_t start = clock_mono_us();
        if (*p->stop || !in_time(&rows[i])) {
            job_row_leave(p->jobs, &rows[i]);
            continue;
        }
        board_begin(p->slot, &rows[i]);
        board_beat(p->slot, job_timeout_us(rows[i].job) + EXTRA_US);
        board_end(p->slot, &rows[i], job_row_run(p->jobs, &rows[i], p->stop), start);
    }
    bool quick = clock_mono_us() - begun < QUICK_US;
    r->size = !quick ? 1 : r->size * 2 <= JOBS_CLAIM_MAX ? r->size * 2 : JOBS_CLAIM_MAX;
    r->worked_us = clock_mono_us();
}

/* Sleep until told, or until the next row is due. The bell is taken first, then looked again for rows. */
static void sleep_until_told(struct runner *r)
{
    struct job_row rows[JOBS_CLAIM_MAX];
    size_t n;
    if (!r->bell) {
        const PGresult *got = ask(r, &q_jobs_sleep);
        r->bell = got && db_get_bool(got, 0, 0);
    }
    if (job_rows_claim(r->p->jobs, r->size, !r->p->no_bulk, rows, &n) != ERR_NONE) {
        await(r, AWAY_US);
    } else if (n > 0) {
        wake(r);
        run_rows(r, rows, n);
    } else {
        int64_t next = job_rows_next(r->p->jobs, SLEEP_US);
        await(r, next);
    }
}

static void step(struct runner *r)
{
    struct job_row rows[JOBS_CLAIM_MAX];
    size_t n;
    board_beat(r->p->slot, IDLE_US);
    if (job_session(r->p->jobs, true) != ERR_NONE ||
        job_rows_claim(r->p->jobs, r->size, !r->p->no_bulk, rows, &n) != ERR_NONE) {
        r->bell = false; /* gone with the connection */
        await(r, AWAY_US);
    } else if (n > 0) {
        wake(r);
        run_rows(r, rows, n);
    } else if (clock_mono_us() - r->worked_us < NAPPING_US) {
        await(r, NAP_US);
    } else {
        sleep_until_told(r);
    }
}

void runner_run(const struct job_process *p)
{
    struct runner r = { .p = p, .size = 1 };
    while (!*p->stop) {
        unsigned session = p->jobs->session;
        step(&r);
        r.bell = r.bell && session == p->jobs->session;
    }
}

/* ---- the scheduler ---- */

#define TICK_US 1000000
#define LOOK_US (15 * INT64_C(1000000)) /* for rows of runners that died elsewhere */

static bool lead(struct runner *r)
{
    const PGresult *got = ask(r, &q_jobs_lead);
    return got && db_get_bool(got, 0, 0);
}

static void release(struct runner *r)
{
    const PGresult *freed = ask(r, &q_jobs_release);
    if (freed && db_get_int8(freed, 0, 0) > 0) {
        LOG(LOG_WARN, "jobs of runners that have died wait again", LOG_NUM("jobs", db_get_int8(freed, 0, 0)));
    }
}

void scheduler_run(const struct job_process *p)
{
    struct runner r = { .p = p };
    unsigned led = 0;
    uint64_t seen = 0;
    int64_t looked = 0;
    while (!*p->stop) {
        int64_t wait = TICK_US;
        board_beat(p->slot, 4 * TICK_US + p->jobs->options->database_timeout);
        if (db_session(p->jobs->db) == 0 || led != db_session(p->jobs->db)) {
            led = lead(&r) ? db_session(p->jobs->db) : 0;
            LOG(led ? LOG_INFO : LOG_DEBUG,
                led ? "leads the schedules" : "somebody else leads the schedules");
        }
        uint64_t asked = atomic_load(&p->board->releases);
        if (asked != seen || clock_mono_us() - looked > LOOK_US) {
            seen = asked;
            looked = clock_mono_us();
            release(&r);
        }
        if (led && schedules_tick(p->jobs, &wait) != ERR_NONE) {
            led = 0;
        }
        atomic_store(&p->board->leading, led != 0);
        await(&r, wait < TICK_US ? wait : TICK_US);
    }
}
