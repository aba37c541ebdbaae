/* GET /v1/admin/schedules */
#include "jobs/job_admin.h"

#include "db/queries.h"
#include "jobs/schedule.h"
#include "json/write.h"

static const char *const missed[] = { "once", "skip", "each", NULL };

static const struct shape_field item_fields[] = {
    { .name = "name",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "Identifies the schedule.",
      .example = "\"payout\"" },
    { .name = "cron",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "When it is due; six parts begin with seconds.",
      .example = "\"0 * * * *\"" },
    { .name = "zone",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "In which time zone.",
      .example = "\"UTC\"" },
    { .name = "job",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "Which job it starts.",
      .example = "\"payout\"" },
    { .name = "missed",
      .type = SHAPE_ENUM,
      .flags = SHAPE_REQUIRED,
      .values = missed,
      .doc = "What becomes of runs nobody was there to start: one for all, none, or each." },
    { .name = "next_at",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_NULLABLE,
      .doc = "When it is due next; null: nexus-jobs has never run.",
      .example = "\"2026-11-23T12:00:00Z\"" },
    { .name = "last_at",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_NULLABLE,
      .doc = "For what time it was started last; null: never.",
      .example = "\"2026-11-23T11:00:00Z\"" },
};
static const struct shape item_shape = { .name = "Schedule",
                                         .fields = item_fields,
                                         .count = SHAPE_COUNT(item_fields),
                                         .doc = "What is due by the calendar." };
static const struct shape_field item = { .type = SHAPE_OBJECT, .sub = &item_shape };
static const struct shape_field list_fields[] = {
    { .name = "data", .type = SHAPE_LIST, .flags = SHAPE_REQUIRED, .item = &item, .doc = "All schedules." },
};
static const struct shape list_shape = { .name = "Schedules",
                                         .fields = list_fields,
                                         .count = SHAPE_COUNT(list_fields),
                                         .doc = "What is due by the calendar." };

static enum err schedule_list_exec(struct request *rq);
static const enum err errors[] = { ERR_NONE };

const struct op op_schedule_list = {
    .name = "schedule_list",
    .method = METHOD_GET,
    .path = "/v1/admin/schedules",
    .tag = "Administration",
    .summary = "List what is due by the calendar",
    .doc = "Every schedule there is, with its next and its last run.",
    .perm = PERM_JOB_READ,
    .rate = RATE_READ,
    .flags = OP_RAW,
    .out = &list_shape,
    .errors = errors,
    .exec = schedule_list_exec,
};

static int row_of(const PGresult *r, const char *name)
{
    for (int i = 0; i < PQntuples(r); i++) {
        if (str_eqz(db_get_text(r, i, 0), name)) {
            return i;
        }
    }
    return -1;
}

static void write_time(struct json_writer *w, const char *name, const PGresult *r, int row, int col)
{
    json_write_key(w, str_from(name));
    if (row < 0 || db_is_null(r, row, col)) {
        json_write_null(w);
    } else {
        json_write_time(w, db_get_timestamptz(r, row, col));
    }
}

static enum err schedule_list_exec(struct request *rq)
{
    struct db_failure failure;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int index = DB_ADD(b, &q_schedules_list, db_int4(rq->arena, 0));
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    const PGresult *r = db_result(b, index);
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    json_write_key(&w, STR("data"));
    json_write_array(&w);
    for (const struct schedule *s = schedule_registry; s->name; s++) {
        int row = row_of(r, s->name);
        json_write_object(&w);
        JSON_MEMBER(&w, "name", strz, s->name);
        JSON_MEMBER(&w, "cron", strz, s->cron);
        JSON_MEMBER(&w, "zone", strz, s->zone[0] ? s->zone : "UTC");
        JSON_MEMBER(&w, "job", strz, s->job->name);
        JSON_MEMBER(&w, "missed", strz, catch_up_name(s->catch_up));
        write_time(&w, "next_at", r, row, 1);
        write_time(&w, "last_at", r, row, 2);
        json_write_object_end(&w);
    }
    json_write_array_end(&w);
    json_write_object_end(&w);
    return ERR_NONE;
}
