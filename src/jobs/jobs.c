/* Jobs and how one runs. */
#include "jobs/jobs.h"

#include "base/clock.h"
#include "base/log.h"
#include "http/access.h"
#include "http/idempotency.h"
#include "http/op.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ARENA_BLOCK    (64 * 1024)
#define ATTEMPTS_MAX   5
#define PAUSE_FIRST_US 2000

#define JOB(id)        extern const struct job job_##id;
#include "jobs/jobs.def"
#undef JOB

const struct job *const job_registry[] = {
#define JOB(id) &job_##id,
#include "jobs/jobs.def"
#undef JOB
    NULL,
};

const struct job *job_find(struct str name)
{
    for (size_t i = 0; job_registry[i]; i++) {
        if (str_eqz(name, job_registry[i]->name)) {
            return job_registry[i];
        }
    }
    return NULL;
}

struct jobs {
    const struct options *options;
    struct db *db;
    struct cache *cache;
    struct arena *arena;
    struct buf out;
    struct str secret; /* malloc'd */
    struct merchants *merchants;
};

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
    buf_free(&j->out);
    free(j);
}

/* Nobody's request: what is written by it names no user. */
static struct request *start(struct jobs *j, const struct op *op)
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

static void pause_before(int number)
{
    struct uuid random = uuid_v4();
    struct timespec t = { .tv_nsec = (PAUSE_FIRST_US + random.b[0] * 16L) * number * 1000 };
    nanosleep(&t, NULL);
}

/* One piece, again after a deadlock, as requests do it. */
static enum err piece(struct jobs *j, const struct job *job, int64_t *done)
{
    const struct op op = { .name = job->name, .flags = OP_IDEMPOTENT };
    for (int number = 1;; number++) {
        arena_reset(j->arena);
        struct request *rq = start(j, &op);
        *done = 0;
        enum err e = job->exec(rq, done);
        e = e ? fail(rq, e, NULL, NULL) : rq->err ? rq->err : write_finish(rq);
        if (e) {
            write_abandon(rq);
        }
        access_settle(rq);
        bool again = rq->write.again && number < ATTEMPTS_MAX;
        if (e && !again) {
            LOG(LOG_WARN, "job failed", LOG_TEXT("job", job->name), LOG_TEXT("code", err_info(e)->code),
                LOG_TEXT("detail", rq->detail ? rq->detail : ""), LOG_TEXT("request_id", rq->id),
                LOG_TEXT("error", e == ERR_INTERNAL || e == ERR_UNAVAILABLE ? db_error(j->db) : ""));
        }
        if (!again) {
            return e;
        }
        pause_before(number);
    }
}

enum err job_run(struct jobs *j, const struct job *job, const volatile int *stop, int64_t *done)
{
    int64_t start_us = clock_mono_us(), some;
    enum err e;
    *done = 0;
    do {
        e = piece(j, job, &some);
        *done += e ? 0 : some;
    } while (!e && some > 0 && !(stop && *stop));
    if (*done > 0) {
        LOG(LOG_INFO, "job", LOG_TEXT("job", job->name), LOG_NUM("done", *done),
            LOG_NUM("us", clock_mono_us() - start_us));
    }
    arena_reset(j->arena);
    return e;
}

/* ---- the loop of nexus-jobs ---- */

#define JOBS_MAX    64
#define PAYLOAD_MAX 128
#define WAIT_MAX_US 5000000 /* between two looks at the connection */

static const struct db_statement statement_listen = { "jobs_listen", "listen " JOBS_CHANNEL, 0, true };

/* Again and again: it costs a round trip a wake-up and outlives a lost connection. */
static void listen_again(struct jobs *j)
{
    struct db_failure failure;
    struct db_batch *b = db_batch(j->db, j->arena);
    (void)db_add(b, &statement_listen, NULL, 0);
    if (db_run(b, &failure) != ERR_NONE) {
        LOG(LOG_DEBUG, "jobs are not told of", LOG_TEXT("code", err_info(failure.err)->code));
    }
    arena_reset(j->arena);
}

static void run_due(struct jobs *j, int64_t next[JOBS_MAX], const volatile int *stop)
{
    for (size_t i = 0; job_registry[i] && !*stop; i++) {
        if (clock_mono_us() >= next[i]) {
            int64_t done; /* what failed was logged, and is tried again when due */
            enum err e = job_run(j, job_registry[i], stop, &done);
            (void)e;
            next[i] = clock_mono_us() + job_registry[i]->every_us;
        }
    }
}

static int64_t until_next(const int64_t next[JOBS_MAX])
{
    int64_t now = clock_mono_us(), wait = WAIT_MAX_US;
    for (size_t i = 0; job_registry[i]; i++) {
        int64_t left = next[i] - now;
        wait = left < wait ? left : wait;
    }
    return wait > 0 ? wait : 0;
}

static void hurry(int64_t next[JOBS_MAX], const char *name)
{
    for (size_t i = 0; job_registry[i]; i++) {
        if (strcmp(job_registry[i]->name, name) == 0) {
            next[i] = 0;
        }
    }
}

void jobs_loop(struct jobs *j, const volatile int *stop, const sigset_t *open)
{
    _Static_assert(sizeof(job_registry) / sizeof(job_registry[0]) <= JOBS_MAX, "room for all jobs");
    int64_t next[JOBS_MAX] = { 0 };
    while (!*stop) {
        char told[PAYLOAD_MAX];
        listen_again(j);
        run_due(j, next, stop);
        for (int64_t wait = until_next(next); !*stop && db_await(j->db, wait, open, told, sizeof(told));
             wait = 0) {
            hurry(next, told);
        }
    }
}
