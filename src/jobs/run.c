/*
 * One attempt at a row: exec, then its end, in one transaction. Or, for a sweep, several transactions, each
 * with a piece of the work, of which all but the last keep the row.
 */
#include "jobs/internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "db/queries.h"
#include "http/access.h"
#include "http/idempotency.h"
#include "http/op.h"

#include <stdio.h>
#include <time.h>

#define TRIES_MAX      5 /* at a transaction that meets a deadlock */
#define PAUSE_FIRST_US 2000
#define STATE_LOST     "NX020"

static void pause_before(int number)
{
    struct uuid random = uuid_v4();
    struct timespec t = { .tv_nsec = (PAUSE_FIRST_US + random.b[0] * 16L) * number * 1000 };
    nanosleep(&t, NULL);
}

/* How the transaction of a piece ends. */
enum ending { END_ROW, KEEP_ROW, LEAVE_ROW };

static void add_ending(struct request *rq, struct db_batch *b, const struct job_row *row, enum ending how)
{
    struct arena *a = rq->arena;
    int32_t claims = row->claims;
    if (how == END_ROW) {
        (void)DB_ADD(b, &q_jobs_end, db_uuid_array(a, &row->id, 1), db_int4_array(a, &claims, 1));
    } else {
        (void)DB_ADD(b, &q_job_keep, db_uuid(&row->id), db_int4(a, claims),
                     how == KEEP_ROW ? db_int8(a, job_lease_us(row->job)) : db_null(DB_INT8));
    }
}

/* Ends the transaction exec has begun, or one of its own; one round trip. */
static enum err commit_piece(struct request *rq, const struct job_row *row, enum ending how, bool *lost)
{
    struct db_failure failure;
    struct db_batch *b = write_batch(rq);
    add_ending(rq, b, row, how);
    db_commit(b);
    rq->write = (struct write){ .atomic = true };
    enum err e = db_run(b, &failure);
    if (!e) {
        return ERR_NONE;
    }
    db_rollback(rq->db);
    *lost = strcmp(failure.sqlstate, STATE_LOST) == 0;
    rq->write.again = strcmp(failure.sqlstate, "40001") == 0 || strcmp(failure.sqlstate, "40P01") == 0;
    return fail_db(rq, &failure);
}

static enum err read_payload(struct request *rq, const struct job_row *row, struct job_run *run)
{
    if (!row->job->payload) {
        return ERR_NONE;
    }
    void *in = NULL;
    const char *why = NULL;
    struct str text = row->payload.p ? row->payload : STR("{}");
    enum err e =
        shape_decode(row->job->payload, rq->arena, text, NULL, 0, NULL, 0, &in, &rq->violations, &why);
    run->in = in;
    run->give_up = e != ERR_NONE;
    const struct violation *first = rq->violations.count > 0 ? &rq->violations.list[0] : NULL;
    return !e ? e
              : fail(rq, e, NULL, "payload: %s%s%s", first ? first->pointer : "", first ? ": " : "",
                     first ? first->detail
                     : why ? why
                           : "cannot be read");
}

struct attempt {
    struct request *rq;
    struct job_run run;
    enum err err;
    bool lost;
};

static void try_piece(struct jobs *j, const struct job_row *row, const struct op *op,
                      const volatile int *stop, struct attempt *t)
{
    const struct job *job = row->job;
    arena_reset(j->arena);
    struct request *rq = t->rq = job_request(j, op);
    t->run = (struct job_run){ .key = row->key,
                               .id = row->id,
                               .attempt = row->attempts,
                               .version = row->version,
                               .due_us = row->due_us };
    rq->write.atomic = true;
    t->lost = false;
    t->err = read_payload(rq, row, &t->run);
    if (!t->err) {
        enum err e = job->exec(rq, &t->run);
        t->err = e ? fail(rq, e, NULL, NULL) : rq->err;
    }
    if (!t->err) {
        rq->write.atomic = true; /* an exec with transactions of its own has ended them */
        t->err = commit_piece(rq, row,
                              t->run.done <= 0 ? END_ROW
                              : stop && *stop  ? LEAVE_ROW
                                               : KEEP_ROW,
                              &t->lost);
    }
    if (t->err) {
        write_abandon(rq);
    }
    access_settle(rq);
}

/* What is kept with the row: no values of statements, which could be personal. */
static const char *reason(struct request *rq, enum err e)
{
    return arena_printf(rq->arena, "%s: %s", err_info(e)->code, rq->detail ? rq->detail : err_info(e)->title);
}

static int most_attempts(const struct job *job)
{
    return job->retry.attempts > 0 ? job->retry.attempts : JOB_ATTEMPTS;
}

static enum job_outcome give_back(struct jobs *j, const struct job_row *row, const struct attempt *t)
{
    const struct job *job = row->job;
    struct arena *a = j->arena;
    bool dead = t->run.give_up || row->attempts >= most_attempts(job);
    int64_t pause = t->run.pause_us > 0 ? t->run.pause_us : job_pause_us(job, row->attempts, uuid_v4().b[0]);
    struct db_failure failure;
    struct db_batch *b = db_batch(j->db, a);
    int at = DB_ADD(b, &q_job_fail, db_uuid(&row->id), db_int4(a, row->claims),
                    db_text(str_from(reason(t->rq, t->err))), dead ? db_null(DB_INT8) : db_int8(a, pause));
    if (db_run(b, &failure) != ERR_NONE) { /* its time runs out, then it is tried again */
        LOG(LOG_WARN, "a failed job could not be given back", LOG_TEXT("job", job->name),
            LOG_TEXT("code", err_info(failure.err)->code));
        return JOB_LOST;
    }
    if (!db_get_bool(db_result(b, at), 0, 0)) {
        return JOB_LOST;
    }
    if (dead) {
        char id[UUID_TEXT_SIZE];
        uuid_format(id, &row->id);
        LOG(LOG_ERROR, "a job is given up", LOG_TEXT("job", job->name), LOG_TEXT("id", id),
            LOG_NUM("attempts", row->attempts));
    }
    return dead ? JOB_DEAD : JOB_RETRY;
}

/* Each attempt so far has cost its process the life, else it would have been given up before. */
static enum job_outcome bury(struct jobs *j, const struct job_row *row)
{
    const struct op op = { .name = row->job->name };
    arena_reset(j->arena);
    struct attempt t = { .rq = job_request(j, &op), .run.give_up = true };
    t.err = fail(t.rq, ERR_INTERNAL, NULL, "No attempt came to an end: its process died or was killed.");
    return give_back(j, row, &t);
}

enum job_outcome job_row_run(struct jobs *j, const struct job_row *row, const volatile int *stop)
{
    const struct op op = { .name = row->job->name, .flags = OP_IDEMPOTENT };
    struct attempt t;
    if (row->attempts > most_attempts(row->job)) {
        return bury(j, row);
    }
    int number = 1;
    for (;;) {
        try_piece(j, row, &op, stop, &t);
        if (t.err && t.rq->write.again && !row->job->calls && number < TRIES_MAX) {
            pause_before(number++);
        } else if (t.err || t.run.done <= 0 || (stop && *stop)) {
            break;
        }
    }
    if (!t.err) {
        return t.run.done > 0 ? JOB_LEFT : JOB_DONE;
    }
    if (t.lost) {
        LOG(LOG_WARN, "a job was taken by somebody else meanwhile", LOG_TEXT("job", row->job->name));
        return JOB_LOST;
    }
    job_report(j, t.rq, row->job, t.err);
    return give_back(j, row, &t);
}

/* ---- together ---- */

/* One of them in the transaction that `write` stands for. */
static enum err one_of_many(struct jobs *j, const struct job_row *row, const struct op *op,
                            struct write *write, struct request **out)
{
    struct request *rq = *out = job_request(j, op);
    struct job_run run = { .key = row->key,
                           .id = row->id,
                           .attempt = row->attempts,
                           .version = row->version,
                           .due_us = row->due_us };
    rq->write = *write;
    enum err e = read_payload(rq, row, &run);
    e = e ? e : row->job->exec(rq, &run);
    *write = rq->write;
    return e ? e : rq->err ? rq->err : run.done > 0 ? ERR_INTERNAL : ERR_NONE;
}

bool job_rows_together(struct jobs *j, const struct job_row *rows, size_t n)
{
    const struct op op = { .name = rows[0].job->name, .flags = OP_IDEMPOTENT };
    struct write write = { .atomic = true };
    struct db_failure failure;
    struct request *rq = NULL;
    enum err e = ERR_NONE;
    arena_reset(j->arena);
    struct uuid *ids = ARENA_ARRAY(j->arena, struct uuid, n);
    int32_t *claims = ARENA_ARRAY(j->arena, int32_t, n);
    for (size_t i = 0; i < n && !e; i++) {
        ids[i] = rows[i].id;
        claims[i] = rows[i].claims;
        e = one_of_many(j, &rows[i], &op, &write, &rq);
    }
    if (e) {
        write_abandon(rq);
        return false;
    }
    struct db_batch *b = write_batch(rq);
    (void)DB_ADD(b, &q_jobs_end, db_uuid_array(j->arena, ids, n), db_int4_array(j->arena, claims, n));
    db_commit(b);
    e = db_run(b, &failure);
    if (e) {
        db_rollback(j->db);
    }
    return !e;
}

/* ---- by hand ---- */

/* One piece, again after a deadlock, as requests do it. */
static enum err sweep_piece(struct jobs *j, const struct job *job, int64_t *done)
{
    const struct op op = { .name = job->name, .flags = OP_IDEMPOTENT };
    for (int number = 1;; number++) {
        arena_reset(j->arena);
        struct request *rq = job_request(j, &op);
        struct job_run run = { .key = STR(""), .version = job->version, .due_us = rq->now_us };
        *done = 0;
        enum err e = job->exec(rq, &run);
        e = e ? fail(rq, e, NULL, NULL) : rq->err ? rq->err : write_finish(rq);
        if (e) {
            write_abandon(rq);
        }
        access_settle(rq);
        bool again = rq->write.again && !job->calls && number < TRIES_MAX;
        if (e && !again) {
            job_report(j, rq, job, e);
        }
        *done = run.done;
        if (!again) {
            return e;
        }
        pause_before(number);
    }
}

enum err job_sweep(struct jobs *j, const struct job *job, const volatile int *stop, int64_t *done)
{
    int64_t start_us = clock_mono_us(), some;
    enum err e;
    *done = 0;
    do {
        e = sweep_piece(j, job, &some);
        *done += e ? 0 : some;
    } while (!e && some > 0 && !(stop && *stop));
    if (*done > 0) {
        LOG(LOG_INFO, "job", LOG_TEXT("job", job->name), LOG_NUM("done", *done),
            LOG_NUM("us", clock_mono_us() - start_us));
    }
    arena_reset(j->arena);
    return e;
}

#define DRAIN_PAUSE_US 10000

/* Rows that are due or are run by others. */
static enum err left(struct jobs *j, int64_t *n)
{
    struct db_failure failure;
    arena_reset(j->arena);
    struct str *names = ARENA_ARRAY(j->arena, struct str, job_count());
    int32_t *versions = ARENA_ARRAY(j->arena, int32_t, job_count());
    for (size_t i = 0; job_registry[i]; i++) {
        names[i] = str_from(job_registry[i]->name);
        versions[i] = job_version(job_registry[i]);
    }
    struct db_batch *b = db_batch(j->db, j->arena);
    int at = DB_ADD(b, &q_jobs_left, db_text_array(j->arena, names, job_count()),
                    db_int4_array(j->arena, versions, job_count()));
    if (db_run(b, &failure) != ERR_NONE) {
        return failure.err;
    }
    *n = db_get_int8(db_result(b, at), 0, 0);
    return ERR_NONE;
}

enum err jobs_drain(struct jobs *j, int64_t patience_us, int64_t *ran, int64_t *failed)
{
    struct job_row rows[JOBS_CLAIM_MAX];
    int64_t idle_since = clock_mono_us(), others = 0;
    *ran = *failed = 0;
    do {
        size_t n;
        enum err e = job_session(j, false);
        e = e ? e : job_rows_claim(j, 1, true, rows, &n);
        if (e) {
            return e;
        }
        if (n > 0) {
            enum job_outcome how = job_row_run(j, &rows[0], NULL);
            ++*ran;
            *failed += how == JOB_RETRY || how == JOB_DEAD;
            idle_since = clock_mono_us();
            others = 1;
        } else if ((e = left(j, &others)) != ERR_NONE) {
            return e;
        } else if (others > 0) {
            struct timespec t = { .tv_nsec = DRAIN_PAUSE_US * 1000L };
            nanosleep(&t, NULL);
        }
    } while (others > 0 && clock_mono_us() - idle_since < patience_us);
    return others > 0 ? ERR_UNAVAILABLE : ERR_NONE;
}
