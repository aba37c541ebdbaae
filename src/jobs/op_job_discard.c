/* POST /v1/admin/jobs/{id}/discard */
#include "jobs/job_admin.h"

#include "db/queries.h"
#include "http/audit.h"
#include "http/idempotency.h"

static enum err job_discard_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_CONFLICT, ERR_NONE };

const struct op op_job_discard = {
    .name = "job_discard",
    .method = METHOD_POST,
    .path = "/v1/admin/jobs/{id}/discard",
    .tag = "Administration",
    .summary = "Throw a background job away",
    .doc = "It is not done, and cannot be brought back. 409 while it is being run.",
    .perm = PERM_JOB_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT,
    .status = 204,
    .in = &job_path_shape,
    .errors = errors,
    .exec = job_discard_exec,
};

static enum err job_discard_exec(struct request *rq)
{
    const struct job_path_in *in = rq->in;
    const char *before;
    bool replayed;
    enum err e = job_act(rq, &in->id, &q_job_discard, &before, &replayed);
    if (e || replayed) {
        return e;
    }
    struct db_batch *b = write_batch(rq);
    audit_add(rq, b, AUDIT_JOB_DISCARD, &in->id, before, NULL);
    rq->res.status = 204;
    return write_run(rq, b, &replayed);
}
