/* POST /v1/admin/job-kinds/{name}/pause */
#include "jobs/job_admin.h"

#include "db/queries.h"

static enum err job_kind_pause_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_job_kind_pause = {
    .name = "job_kind_pause",
    .method = METHOD_POST,
    .path = "/v1/admin/job-kinds/{name}/pause",
    .tag = "Administration",
    .summary = "Let the rows of a background job wait",
    .doc = "None of them is begun any more; what is running comes to its end, and rows are added as always.",
    .perm = PERM_JOB_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT,
    .in = &job_kind_path_shape,
    .entity = &entity_job_kind,
    .errors = errors,
    .exec = job_kind_pause_exec,
};

static enum err job_kind_pause_exec(struct request *rq)
{
    return job_kind_act(rq, &q_job_pause, AUDIT_JOB_PAUSE, true);
}
