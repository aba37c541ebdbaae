/* POST /v1/admin/schedules/{name}/run */
#include "jobs/job_admin.h"

#include "http/audit.h"
#include "http/idempotency.h"
#include "jobs/schedule.h"

static enum err schedule_run_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_schedule_run = {
    .name = "schedule_run",
    .method = METHOD_POST,
    .path = "/v1/admin/schedules/{name}/run",
    .tag = "Administration",
    .summary = "Start what a schedule starts, now",
    .doc = "Adds a row of its job, as if it were due; its next run stays where it is.",
    .perm = PERM_JOB_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT,
    .status = 204,
    .in = &schedule_path_shape,
    .errors = errors,
    .exec = schedule_run_exec,
};

static enum err schedule_run_exec(struct request *rq)
{
    const struct job_name_in *in = rq->in;
    const struct schedule *s = schedule_find(in->name);
    bool replayed;
    if (!s) {
        return fail(rq, ERR_NOT_FOUND, NULL, "There is no such schedule.");
    }
    struct db_batch *b = write_batch(rq);
    const struct audit_text job = { "job", str_from(s->job->name) };
    job_add(rq, b, s->job, in->name, STR_NONE, 0);
    audit_add_named(rq, b, AUDIT_SCHEDULE_RUN, in->name, NULL, audit_texts(rq->arena, &job, 1));
    rq->res.status = 204;
    return write_run(rq, b, &replayed);
}
