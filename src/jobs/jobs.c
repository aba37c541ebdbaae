/* A process that runs jobs. */
#include "jobs/internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "db/queries.h"
#include "http/op.h"

#include <stdlib.h>

#define ARENA_BLOCK (64 * 1024)

struct jobs *jobs_create(const struct options *o, char *error, size_t error_size)
{
    size_t size = 0;
    char *secret = o->secret_file[0] ? options_secret(o->secret_file, &size, error, error_size) : NULL;
    if (o->secret_file[0] && !secret) {
        return NULL;
    }
    struct jobs *j = calloc(1, sizeof(*j));
    if (!j) {
        abort();
    }
    j->options = o;
    j->merchants = merchants_load(o, error, error_size);
    j->secret = (struct str){ secret, size };
    j->db = db_create(o, DB_ROLE_API);
    j->cache = cache_create(o);
    j->arena = arena_create(ARENA_BLOCK, (size_t)o->request_memory);
    j->claims = arena_create(ARENA_BLOCK, (size_t)o->request_memory);
    buf_init(&j->out, (size_t)o->response_limit);
    if (!j->merchants) {
        jobs_free(j);
        return NULL;
    }
    return j;
}

void jobs_free(struct jobs *j)
{
    if (!j) {
        return;
    }
    db_close(j->db);
    cache_close(j->cache);
    if (j->secret.p) {
        explicit_bzero((char *)j->secret.p, j->secret.n);
        free((char *)j->secret.p);
    }
    merchants_free(j->merchants);
    arena_destroy(j->arena);
    arena_destroy(j->claims);
    buf_free(&j->out);
    free(j);
}

/* Nobody's request: what is written by it names no user. */
struct request *job_request(struct jobs *j, const struct op *op)
{
    struct request *rq = ARENA_NEW(j->arena, struct request);
    buf_reset(&j->out);
    rq->options = j->options;
    rq->db = j->db;
    rq->cache = j->cache;
    rq->arena = j->arena;
    rq->secret = j->secret;
    rq->merchants = j->merchants;
    rq->method = METHOD_POST;
    rq->op = op;
    rq->start_us = clock_mono_us();
    rq->now_us = clock_unix_us();
    rq->violations.arena = j->arena;
    rq->res.body = &j->out;
    struct uuid id = uuid_v7();
    uuid_format(rq->id, &id);
    return rq;
}

void job_report(struct jobs *j, struct request *rq, const struct job *job, enum err e)
{
    LOG(LOG_WARN, "job failed", LOG_TEXT("job", job->name), LOG_TEXT("code", err_info(e)->code),
        LOG_TEXT("detail", rq->detail ? rq->detail : ""), LOG_TEXT("request_id", rq->id),
        LOG_TEXT("error", e == ERR_INTERNAL || e == ERR_UNAVAILABLE ? db_error(j->db) : ""));
}

void jobs_kinds_set(struct jobs *j)
{
    struct db_failure failure;
    struct db_batch *b = db_batch(j->db, j->arena);
    (void)DB_ADD(b, &q_job_kinds_set, db_text(job_kinds(j->arena)));
    if (db_run(b, &failure) != ERR_NONE) {
        LOG(LOG_WARN, "the list of jobs could not be kept", LOG_TEXT("code", err_info(failure.err)->code));
    }
    arena_reset(j->arena);
}
