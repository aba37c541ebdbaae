/* What the ops on jobs share. */
#include "jobs/job_admin.h"

#include "db/queries.h"
#include "http/audit.h"
#include "http/idempotency.h"
#include "jobs/jobs.h"
#include "query/plan.h"

#include <stddef.h>

#define NAME_MAX_LENGTH 60 /* as the tables have it */

static const struct shape_field id_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct job_path_in, id),
      .doc = "The row." },
};
const struct shape job_path_shape = { .name = "JobPath",
                                      .fields = id_fields,
                                      .count = SHAPE_COUNT(id_fields),
                                      .size = sizeof(struct job_path_in),
                                      .doc = "Which row." };

#define NAMED(text, sample)                                                                                  \
    {                                                                                                        \
        .name = "name", .type = SHAPE_STRING, .in = IN_PATH, .flags = SHAPE_REQUIRED,                        \
        .offset = offsetof(struct job_name_in, name), .min = 1, .max = NAME_MAX_LENGTH, .doc = text,         \
        .example = sample                                                                                    \
    }
static const struct shape_field kind_fields[] = { NAMED("The job.", "\"mail-send\"") };
const struct shape job_kind_path_shape = { .name = "JobKindPath",
                                           .fields = kind_fields,
                                           .count = SHAPE_COUNT(kind_fields),
                                           .size = sizeof(struct job_name_in),
                                           .doc = "Which job." };
static const struct shape_field schedule_fields[] = { NAMED("The schedule.", "\"payout\"") };
const struct shape schedule_path_shape = { .name = "SchedulePath",
                                           .fields = schedule_fields,
                                           .count = SHAPE_COUNT(schedule_fields),
                                           .size = sizeof(struct job_name_in),
                                           .doc = "Which schedule." };

enum err job_act(struct request *rq, const struct uuid *id, const struct db_statement *act,
                 const char **before, bool *replayed)
{
    struct db_param of = db_uuid(id);
    write_atomic(rq);
    struct db_batch *b = write_batch(rq);
    int held = DB_ADD(b, &q_job_hold, of);
    int done = db_add(b, act, &of, 1);
    enum err e = write_run(rq, b, replayed);
    if (e || *replayed) {
        return e;
    }
    if (db_is_null(db_result(b, held), 0, 0)) {
        return fail(rq, ERR_NOT_FOUND, NULL, "There is no such job: it is done, or there never was one.");
    }
    *before = arena_strdup(rq->arena, db_get_text(db_result(b, held), 0, 0));
    return db_get_bool(db_result(b, done), 0, 0)
               ? ERR_NONE
               : fail(rq, ERR_CONFLICT, NULL, "The job is being run; what is running is left alone.");
}

enum err job_kind_prepare(struct request *rq, struct selection *sel)
{
    const struct job_name_in *in = rq->in;
    struct db_param *key = ARENA_NEW(rq->arena, struct db_param);
    *key = db_text(in->name);
    sel->key_value = key;
    return ERR_NONE;
}

static enum err answer(struct request *rq, struct db_batch *b)
{
    const struct plan *plan;
    struct db_param *params;
    bool replayed;
    int nparams;
    struct selection *sel = selection_default(rq, &entity_job_kind, &(struct uuid){ 0 });
    enum err e = job_kind_prepare(rq, sel);
    if (e || (e = plan_make(rq, sel, &plan, &params, &nparams))) {
        return e;
    }
    int item = db_add(b, plan_statement(plan), params, nparams);
    e = write_run(rq, b, &replayed);
    return e ? e : plan_write(rq, plan, sel, db_result(b, item));
}

enum err job_kind_act(struct request *rq, const struct db_statement *act, enum audit_action action,
                      bool paused)
{
    static const char yes[] = "{\"paused\":true}", no[] = "{\"paused\":false}";
    const struct job_name_in *in = rq->in;
    struct db_param name = db_text(in->name);
    bool replayed;
    if (!job_find(in->name)) {
        return fail(rq, ERR_NOT_FOUND, NULL, "There is no such job.");
    }
    write_atomic(rq);
    struct db_batch *b = write_batch(rq);
    int changed = db_add(b, act, &name, 1);
    enum err e = write_run(rq, b, &replayed);
    if (e || replayed) {
        return e;
    }
    bool told = db_get_bool(db_result(b, changed), 0, 0);
    b = write_batch(rq);
    if (told) {
        audit_add_named(rq, b, action, in->name, paused ? no : yes, paused ? yes : no);
    }
    return answer(rq, b);
}
