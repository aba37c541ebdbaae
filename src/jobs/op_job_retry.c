/* POST /v1/admin/jobs/{id}/retry */
#include "jobs/job_admin.h"

#include "db/queries.h"
#include "http/audit.h"
#include "http/idempotency.h"
#include "query/plan.h"

static enum err job_retry_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_CONFLICT, ERR_NONE };

const struct op op_job_retry = {
    .name = "job_retry",
    .method = METHOD_POST,
    .path = "/v1/admin/jobs/{id}/retry",
    .tag = "Administration",
    .summary = "Try a background job again",
    .doc = "A dead one begins with its first attempt again and keeps its history; one that waits is due at "
           "once. 409 while it is being run.",
    .perm = PERM_JOB_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT,
    .in = &job_path_shape,
    .entity = &entity_job,
    .errors = errors,
    .exec = job_retry_exec,
};

static enum err job_retry_exec(struct request *rq)
{
    const struct job_path_in *in = rq->in;
    const struct plan *plan;
    struct selection *sel;
    const char *before;
    bool replayed;
    int item;
    enum err e = job_act(rq, &in->id, &q_job_retry, &before, &replayed);
    if (e || replayed) {
        return e;
    }
    struct db_batch *b = write_batch(rq);
    audit_add(rq, b, AUDIT_JOB_RETRY, &in->id, before, "{\"state\":\"due\"}");
    if ((e = plan_add_item(rq, b, &entity_job, &in->id, &item, &plan, &sel)) ||
        (e = write_run(rq, b, &replayed))) {
        return e;
    }
    return plan_write(rq, plan, sel, db_result(b, item));
}
