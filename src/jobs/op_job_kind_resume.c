/* POST /v1/admin/job-kinds/{name}/resume */
#include "jobs/job_admin.h"

#include "db/queries.h"

static enum err job_kind_resume_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_job_kind_resume = {
    .name = "job_kind_resume",
    .method = METHOD_POST,
    .path = "/v1/admin/job-kinds/{name}/resume",
    .tag = "Administration",
    .summary = "Let a paused background job go on",
    .doc = "Its rows are run again, those that have waited first.",
    .perm = PERM_JOB_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT,
    .in = &job_kind_path_shape,
    .entity = &entity_job_kind,
    .errors = errors,
    .exec = job_kind_resume_exec,
};

static enum err job_kind_resume_exec(struct request *rq)
{
    return job_kind_act(rq, &q_job_resume, AUDIT_JOB_RESUME, false);
}
