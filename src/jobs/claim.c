/* Taking rows that are due. */
#include "jobs/internal.h"

#include "base/log.h"
#include "db/queries.h"

static void want(struct job_wanted *w, const struct job *job, size_t most)
{
    w->names[w->n] = str_from(job->name);
    w->versions[w->n] = job_version(job);
    w->leases[w->n] = job_lease_us(job);
    /* What may take long is taken one by one: a row taken ahead waits for nobody else. */
    w->most[w->n] = job->calls ? 1 : (int32_t)most;
    w->n++;
}

void job_wanted_all(struct job_wanted *w, size_t most, bool bulk, size_t turn)
{
    static const enum job_queue order[] = { JOBS_URGENT, JOBS_NORMAL, JOBS_BULK };
    size_t count = job_count();
    for (size_t q = 0; q < (bulk ? 3u : 2u); q++) {
        for (size_t i = 0; i < count; i++) {
            const struct job *job = job_registry[(i + turn) % count];
            if (job->queue == order[q]) {
                want(w, job, most);
            }
        }
    }
}

static struct str text_or_none(const PGresult *r, int row, int col)
{
    return db_is_null(r, row, col) ? STR_NONE : db_get_text(r, row, col);
}

void job_row_read(const PGresult *r, int i, struct job_row *row)
{
    *row = (struct job_row){ .id = db_get_uuid(r, i, 0),
                             .job = job_find(db_get_text(r, i, 1)),
                             .key = db_get_text(r, i, 2),
                             .payload = text_or_none(r, i, 3),
                             .version = db_get_int4(r, i, 4),
                             .claims = db_get_int4(r, i, 5),
                             .attempts = db_get_int4(r, i, 6),
                             .due_us = db_get_timestamptz(r, i, 7),
                             .leased_until_us = db_get_timestamptz(r, i, 8) };
    row->waited_us = db_get_timestamptz(r, i, 9) - row->due_us;
}

enum err job_rows_claim(struct jobs *j, size_t most, bool bulk, struct job_row *rows, size_t *n)
{
    static size_t turn;
    struct arena *a = j->claims;
    arena_reset(a);
    struct job_wanted *w = ARENA_NEW(a, struct job_wanted);
    job_wanted_all(w, most, bulk, turn++);
    struct db_failure failure;
    struct db_batch *b = db_batch(j->db, a);
    int at = DB_ADD(b, &q_jobs_claim, db_text_array(a, w->names, w->n), db_int4_array(a, w->versions, w->n),
                    db_int8_array(a, w->leases, w->n), db_int4_array(a, w->most, w->n),
                    db_int4(a, (int32_t)most), db_int4(a, j->runner));
    *n = 0;
    if (db_run(b, &failure) != ERR_NONE) {
        return failure.err;
    }
    const PGresult *r = db_result(b, at);
    for (int i = 0; i < PQntuples(r) && *n < most; i++) {
        job_row_read(r, i, &rows[(*n)++]);
    }
    return ERR_NONE;
}

enum err job_session(struct jobs *j, bool listen)
{
    static const struct db_statement statement_listen = { "jobs_listen", "listen " JOBS_CHANNEL, 0, true };
    struct db_failure failure;
    if (j->session != 0 && j->session == db_session(j->db)) {
        return ERR_NONE;
    }
    arena_reset(j->claims);
    struct db_batch *b = db_batch(j->db, j->claims);
    int at = db_add(b, &q_jobs_enter, NULL, 0);
    if (listen) {
        (void)db_add(b, &statement_listen, NULL, 0);
    }
    if (db_run(b, &failure) != ERR_NONE) {
        return failure.err;
    }
    j->runner = db_get_int4(db_result(b, at), 0, 0);
    j->session = db_session(j->db);
    return ERR_NONE;
}

int64_t job_rows_next(struct jobs *j, int64_t most_us)
{
    struct db_failure failure;
    arena_reset(j->claims);
    struct str *names = ARENA_ARRAY(j->claims, struct str, job_count());
    for (size_t i = 0; job_registry[i]; i++) {
        names[i] = str_from(job_registry[i]->name);
    }
    struct db_batch *b = db_batch(j->db, j->claims);
    int at = DB_ADD(b, &q_jobs_next, db_text_array(j->claims, names, job_count()));
    if (db_run(b, &failure) != ERR_NONE || db_is_null(db_result(b, at), 0, 0)) {
        return most_us;
    }
    int64_t next = db_get_int8(db_result(b, at), 0, 0);
    return next < 0 ? 0 : next < most_us ? next : most_us;
}

void job_row_leave(struct jobs *j, const struct job_row *row)
{
    struct db_failure failure;
    arena_reset(j->arena);
    struct db_batch *b = db_batch(j->db, j->arena);
    (void)DB_ADD(b, &q_job_keep, db_uuid(&row->id), db_int4(j->arena, row->claims), db_null(DB_INT8));
    if (db_run(b, &failure) != ERR_NONE) {
        LOG(LOG_DEBUG, "a job could not be given back", LOG_TEXT("job", row->job->name));
    }
}
