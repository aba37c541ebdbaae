/* GET /v1/admin/job-kinds */
#include "jobs/job_admin.h"

#include "query/plan.h"

const struct op op_job_kind_list = {
    .name = "job_kind_list",
    .method = METHOD_GET,
    .path = "/v1/admin/job-kinds",
    .tag = "Administration",
    .summary = "List which background jobs there are",
    .doc = "Each with how many of its rows wait, are due, are run, wait after a failure and were given up, "
           "for how long the oldest is due, and whether it is paused.",
    .perm = PERM_JOB_READ,
    .rate = RATE_READ,
    .flags = OP_LIST,
    .entity = &entity_job_kind,
    .exec = read_exec,
};
