/* GET /v1/admin/job-kinds/{name} */
#include "jobs/job_admin.h"

#include "query/plan.h"

static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_job_kind_read = {
    .name = "job_kind_read",
    .method = METHOD_GET,
    .path = "/v1/admin/job-kinds/{name}",
    .tag = "Administration",
    .summary = "Read how a background job is doing",
    .doc = "How many rows it has, and whether it is paused.",
    .perm = PERM_JOB_READ,
    .rate = RATE_READ,
    .flags = OP_ITEM,
    .in = &job_kind_path_shape,
    .entity = &entity_job_kind,
    .errors = errors,
    .prepare = job_kind_prepare,
    .exec = read_exec,
};
