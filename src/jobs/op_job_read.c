/* GET /v1/admin/jobs/{id} */
#include "jobs/job_admin.h"

#include "query/plan.h"

static enum err job_read_prepare(struct request *rq, struct selection *sel);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_job_read = {
    .name = "job_read",
    .method = METHOD_GET,
    .path = "/v1/admin/jobs/{id}",
    .tag = "Administration",
    .summary = "Read a background job",
    .doc = "With its payload and everything it has failed with.",
    .perm = PERM_JOB_READ,
    .rate = RATE_READ,
    .flags = OP_ITEM,
    .in = &job_path_shape,
    .entity = &entity_job,
    .errors = errors,
    .prepare = job_read_prepare,
    .exec = read_exec,
};

/* Of one row also what lists leave out. */
static enum err job_read_prepare(struct request *rq, struct selection *sel)
{
    (void)rq;
    for (size_t i = 0; sel->named == 0 && i < sel->entity->field_count; i++) {
        sel->fields |= UINT64_C(1) << i;
    }
    return ERR_NONE;
}
