/* GET /v1/admin/jobs */
#include "jobs/job_admin.h"

#include "query/plan.h"

const struct op op_job_list = {
    .name = "job_list",
    .method = METHOD_GET,
    .path = "/v1/admin/jobs",
    .tag = "Administration",
    .summary = "List background jobs",
    .doc = "What waits, is run or was given up, the latest first. What is done is not kept. Payload and "
           "history are there when they are named in `fields`.",
    .perm = PERM_JOB_READ,
    .rate = RATE_READ,
    .flags = OP_LIST,
    .entity = &entity_job,
    .exec = read_exec,
};
