/* The op itself, and the commit of what it did. */
#include "http/gates.h"

#include "http/access.h"
#include "http/audit.h"
#include "http/etag.h"
#include "http/idempotency.h"
#include "http/op.h"

#include <time.h>

static enum err run(struct request *rq);

const struct gate gate_exec = { .name = "exec", .run = run, .stage = STAGE_EXEC };

#define ATTEMPTS_MAX   5
#define PAUSE_FIRST_US 2000

/* The answer is complete: whatever is stored or compared later must be these bytes. */
static enum err seal(struct request *rq)
{
    struct response *res = &rq->res;
    if (res->body->overflow) {
        return fail(rq, ERR_INTERNAL, NULL, "The answer is larger than the server sends; ask for less.");
    }
    if (res->status == 0) {
        res->status = rq->op->status ? rq->op->status : 200;
    }
    if (res->body->n > 0 && res->etag[0] == 0 && !(rq->op->flags & (OP_SECRET | OP_NO_RATE))) {
        etag_make(res->etag, res->etag_version, buf_str(res->body));
    }
    return ERR_NONE;
}

static enum err attempt(struct request *rq)
{
    enum err e = rq->op->exec(rq);
    if (e == ERR_NONE && rq->err == ERR_NONE && !rq->write.replayed) {
        e = seal(rq);
    }
    if (e != ERR_NONE && rq->err == ERR_NONE) {
        return fail(rq, e, NULL, NULL);
    }
    return rq->err == ERR_NONE ? write_finish(rq) : rq->err;
}

/* Two that met in a deadlock must not meet again at once: a random pause that grows. */
static void pause_before(int number)
{
    struct uuid random = uuid_v4();
    long us = PAUSE_FIRST_US * number + random.b[0] * 16L * number;
    struct timespec t = { .tv_nsec = us * 1000 };
    nanosleep(&t, NULL);
}

static void forget(struct request *rq, const struct response *clean)
{
    rq->err = ERR_NONE;
    rq->detail = NULL;
    rq->violations.count = 0;
    rq->write.again = false;
    rq->write.atomic = false;
    rq->after = NULL;
    rq->res = *clean;
    buf_reset(rq->res.body);
}

static enum err run(struct request *rq)
{
    const struct response clean = rq->res;
    if (rq->db) { /* what was asked between requests is not counted */
        (void)db_statements(rq->db);
        (void)db_busy_us(rq->db);
    }
    if (audit_acting(rq) != ERR_NONE) {
        return rq->err;
    }
    for (int number = 1;; number++) {
        if (attempt(rq) == ERR_NONE) {
            break;
        }
        write_abandon(rq);
        if (!rq->write.again || number == ATTEMPTS_MAX) {
            break;
        }
        forget(rq, &clean);
        pause_before(number);
    }
    if (rq->dry_run) {
        rq->changes = (struct changes){ .all = false };
        rq->after = NULL;
        if (rq->err == ERR_NONE) {
            response_header(rq, "Preference-Applied", "dry-run");
        }
    }
    access_settle(rq);
    if (rq->err == ERR_NONE && rq->after && !rq->write.replayed) {
        rq->after(rq);
    }
    if (rq->db) {
        rq->statements += db_statements(rq->db);
        rq->stage_us[STAGE_DB] += db_busy_us(rq->db);
    }
    return rq->err;
}
