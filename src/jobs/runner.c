/* Runners: rows that are due, or whose messages come from the broker, are taken and run. */
#include "jobs/runner.h"

#include "base/clock.h"
#include "base/log.h"
#include "db/queries.h"
#include "jobs/sleeper.h"

#include <stdio.h>
#include <time.h>

#define QUICK_US  250000 /* a claim that took no longer may be twice as large the next time */
#define EXTRA_US  10000000
#define IDLE_US   30000000 /* a runner that is not heard of for so long while it runs nothing is stuck */
#define LISTEN_US 500000   /* for messages, before signals are looked at */
#define BROKER_US 500000   /* before a broker that is away is tried again */
#define PREFETCH  JOBS_CLAIM_MAX

struct runner {
    struct sleeper s;
    size_t size; /* of the next claim */
    struct mq *mq;
};

/* Whether the time left is enough to run it. */
static bool in_time(const struct job_row *row)
{
    return clock_unix_us() + job_timeout_us(row->job) < row->leased_until_us;
}

static void run_one(struct runner *r, const struct job_row *row)
{
    const struct job_process *p = r->s.p;
    int64_t start = clock_mono_us();
    if (*p->stop || !in_time(row)) {
        job_row_leave(p->jobs, row);
        return;
    }
    board_begin(p->slot, row);
    board_beat(p->slot, job_timeout_us(row->job) + EXTRA_US);
    board_end(p->slot, row, job_row_run(p->jobs, row, p->stop), start);
}

/* Rows of one job in one transaction; false when each has to be run by itself. */
static bool run_together(struct runner *r, const struct job_row *rows, size_t n)
{
    const struct job_process *p = r->s.p;
    int64_t start = clock_mono_us();
    if (n < 2 || *p->stop || !in_time(&rows[0])) {
        return false;
    }
    board_beat(p->slot, job_timeout_us(rows[0].job) + EXTRA_US);
    if (!job_rows_together(p->jobs, rows, n)) {
        return false;
    }
    int64_t each = (clock_mono_us() - start) / (int64_t)n;
    for (size_t i = 0; i < n; i++) {
        board_begin(p->slot, &rows[i]);
        board_end(p->slot, &rows[i], JOB_DONE, clock_mono_us() - each);
    }
    return true;
}

static void run_rows(struct runner *r, const struct job_row *rows, size_t n)
{
    int64_t begun = clock_mono_us();
    for (size_t i = 0, same; i < n; i += same) {
        for (same = 1; rows[i].job->together && i + same < n && rows[i + same].job == rows[i].job; same++) {
        }
        if (!run_together(r, &rows[i], same)) {
            for (size_t k = i; k < i + same; k++) {
                run_one(r, &rows[k]);
            }
        }
    }
    bool quick = clock_mono_us() - begun < QUICK_US;
    r->size = !quick ? 1 : r->size * 2 <= JOBS_CLAIM_MAX ? r->size * 2 : JOBS_CLAIM_MAX;
    r->s.worked_us = clock_mono_us();
}

/* ---- rows ---- */

/* Looks for rows and runs them; false when PostgreSQL is away. */
static bool look(struct runner *r, size_t *n)
{
    struct job_row rows[JOBS_CLAIM_MAX];
    const struct job_process *p = r->s.p;
    *n = 0;
    if (job_session(p->jobs, true) != ERR_NONE ||
        job_rows_claim(p->jobs, r->size, !p->no_bulk, rows, n) != ERR_NONE) {
        return false;
    }
    if (*n > 0) {
        sleeper_wake(&r->s);
        run_rows(r, rows, *n);
    }
    return true;
}

static void step(struct runner *r)
{
    size_t n;
    board_beat(r->s.p->slot, IDLE_US);
    bool up = look(r, &n);
    if (up && n == 0 && sleeper_tired(&r->s)) {
        up = look(r, &n);
        if (up && n == 0) {
            sleeper_sleep(&r->s);
        }
    }
    if (!up) {
        sleeper_await(&r->s, SLEEPER_AWAY_US);
    }
}

/* ---- messages ---- */

static void pause_us(int64_t us)
{
    const struct timespec t = { .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };
    nanosleep(&t, NULL); /* ends early at a signal */
}

/* What has come already, the first waited for. */
static size_t gather(struct runner *r, struct mq_in *in)
{
    size_t n = 0;
    while (n < r->size && mq_next(r->mq, n == 0 ? LISTEN_US : 0, &in[n])) {
        n++;
    }
    return mq_is_open(r->mq) ? n : 0; /* without the connection they come again */
}

static enum err take(struct runner *r, const struct mq_in *in, size_t n, struct job_row *rows, size_t *taken)
{
    struct jobs *j = r->s.p->jobs;
    struct arena *a = j->claims;
    struct db_failure failure;
    enum err e = job_session(j, false);
    if (e) {
        return e;
    }
    arena_reset(a);
    struct job_wanted *w = ARENA_NEW(a, struct job_wanted);
    struct uuid *ids = ARENA_ARRAY(a, struct uuid, n);
    size_t known = 0;
    job_wanted_all(w, 1, true, 0);
    for (size_t i = 0; i < n; i++) { /* what is no message of ours has no id */
        known += uuid_parse(str_from(in[i].id), &ids[known]);
    }
    struct db_batch *b = db_batch(j->db, a);
    int at =
        DB_ADD(b, &q_jobs_take, db_uuid_array(a, ids, known), db_text_array(a, w->names, w->n),
               db_int4_array(a, w->versions, w->n), db_int8_array(a, w->leases, w->n), db_int4(a, j->runner));
    if (db_run(b, &failure) != ERR_NONE) {
        return failure.err;
    }
    const PGresult *rows_of = db_result(b, at);
    for (*taken = 0; *taken < (size_t)PQntuples(rows_of) && *taken < n; ++*taken) {
        job_row_read(rows_of, (int)*taken, &rows[*taken]);
    }
    return ERR_NONE;
}

/* Messages are acknowledged after the commit. What could not be taken is no longer the broker's business: it
 * is done, or run by somebody else, or will be published again. */
static void handle(struct runner *r, const struct mq_in *in, size_t n)
{
    struct job_row rows[JOBS_CLAIM_MAX];
    size_t taken = 0;
    while (take(r, in, n, rows, &taken) != ERR_NONE) {
        if (*r->s.p->stop) {
            return;
        }
        board_beat(r->s.p->slot, IDLE_US);
        pause_us(SLEEPER_AWAY_US);
    }
    atomic_fetch_add(&r->s.p->board->relay[RELAY_DUPLICATE], n - taken);
    run_rows(r, rows, taken);
    for (size_t i = 0; i < n && mq_is_open(r->mq); i++) {
        (void)mq_ack(r->mq, in[i].tag);
    }
}

static void step_broker(struct runner *r)
{
    struct mq_in in[JOBS_CLAIM_MAX];
    board_beat(r->s.p->slot, IDLE_US);
    if (!mq_is_open(r->mq) && !(mq_open(r->mq) && mq_consume(r->mq, !r->s.p->no_bulk, PREFETCH))) {
        LOG(LOG_WARN, "the broker cannot be reached", LOG_TEXT("reason", mq_error(r->mq)));
        mq_close(r->mq);
        pause_us(BROKER_US);
        return;
    }
    size_t n = gather(r, in);
    if (n > 0) {
        handle(r, in, n);
    }
}

void runner_run(const struct job_process *p)
{
    struct runner r = { .s.p = p, .size = 1 };
    bool broker = p->jobs->options->broker[0] != '\0';
    if (broker) {
        r.mq = mq_create(p->jobs->options);
    }
    while (!*p->stop) {
        (broker ? step_broker : step)(&r);
    }
    mq_free(r.mq);
}
