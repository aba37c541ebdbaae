/*
 * Jobs as administrators see and change them: rows, kinds, schedules. nexusctl does the same by the same
 * functions of the database (job_retry, job_discard, job_pause, job_resume, job_add).
 *
 * Payloads are shown without what may be about somebody or open something, see job_payload_shown in the
 * migration. Every change is in the audit log, with what was there before.
 */
#ifndef NEXUS_JOBS_JOB_ADMIN_H
#define NEXUS_JOBS_JOB_ADMIN_H

#include "audit/audit.h"
#include "http/op.h"
#include "query/entity.h"
#include "json/shape.h"

extern const struct entity entity_job, entity_job_kind;
extern const struct op op_job_list, op_job_read, op_job_retry, op_job_discard, op_job_kind_list,
    op_job_kind_read, op_job_kind_pause, op_job_kind_resume, op_schedule_list, op_schedule_run;

struct job_path_in {
    struct shape_seen seen;
    struct uuid id;
};
extern const struct shape job_path_shape;

/* {name} in the path: of a job, or of a schedule. */
struct job_name_in {
    struct shape_seen seen;
    struct str name;
};
extern const struct shape job_kind_path_shape, schedule_path_shape;

/*
 * job_retry or job_discard, begun: recorded are ERR_NOT_FOUND, and ERR_CONFLICT for a row that is being run.
 * *before is what it was, for the audit log. The request's writes are atomic from here on; *replayed as in
 * write_run.
 */
enum err job_act(struct request *rq, const struct uuid *id, const struct db_statement *act,
                 const char **before, bool *replayed) MUST_CHECK;
/* job_pause or job_resume, with its entry and its answer. */
enum err job_kind_act(struct request *rq, const struct db_statement *act, enum audit_action action,
                      bool paused) MUST_CHECK;
/* The key of an item op with {name} in its path. */
enum err job_kind_prepare(struct request *rq, struct selection *sel) MUST_CHECK;

#endif
