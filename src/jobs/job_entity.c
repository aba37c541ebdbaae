/* Rows of jobs, and jobs with how many rows they have, as administrators read them. */
#include "jobs/job_admin.h"

#include "jobs/jobs.h"
#include "query/plan.h"

static const char *const states[] = { "waiting", "due", "running", "dead", NULL };

static const struct shape_field attempt_fields[] = {
    { .name = "attempt",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED,
      .doc = "Which; 1 is the first, also after it was retried by hand.",
      .example = "1" },
    { .name = "at",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "When it failed.",
      .example = "\"2027-05-04T12:00:00Z\"" },
    { .name = "error",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_NULLABLE,
      .doc = "With what, addresses and URLs left out.",
      .example = "\"The server cannot be reached.\"" },
};
static const struct shape attempt_shape = { .name = "JobAttempt",
                                            .fields = attempt_fields,
                                            .count = SHAPE_COUNT(attempt_fields),
                                            .doc = "An attempt that failed." };
static const struct shape_field attempt_item = { .type = SHAPE_OBJECT, .sub = &attempt_shape };
static const struct shape_field history = {
    .name = "history", .type = SHAPE_LIST, .item = &attempt_item, .doc = "Attempts that failed."
};
static const struct field_json described[] = { { "history", &history }, { NULL, NULL } };

static const struct field fields[] = {
    { "id", FIELD_UUID, "{t}.id", NULL, FIELD_SORT, NULL, PERM_PUBLIC, NULL,
      "Identifies the row; ordered by when rows were added." },
    { "name", FIELD_TEXT, "{t}.job", NULL, FIELD_FILTER, NULL, PERM_PUBLIC, NULL, "Which job it is of." },
    { "queue", FIELD_ENUM, "{t}.queue", NULL, FIELD_FILTER, job_queue_names, PERM_PUBLIC, NULL,
      "What is urgent is run first." },
    { "state", FIELD_ENUM, "{t}.state", NULL, FIELD_FILTER, states, PERM_PUBLIC, NULL,
      "waiting: until run_at; dead: given up." },
    { "key", FIELD_TEXT, "{t}.key", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "What it is about: of ordered jobs rows of one key follow each other." },
    { "version", FIELD_INT, "{t}.version", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Of the payload; one that the running program does not know waits." },
    { "attempts", FIELD_INT, "{t}.attempts", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "How often it was begun, the one under way included." },
    { "created_at", FIELD_TIME, "{t}.created_at", NULL, 0, NULL, PERM_PUBLIC, NULL, "When it was added." },
    { "run_at", FIELD_TIME, "{t}.run_at", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "When it is due; null: it is dead." },
    { "died_at", FIELD_TIME, "{t}.died_at", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "When it was given up." },
    { "started_at", FIELD_TIME, "{t}.started_at", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "Since when it is run; of one that takes long: its present piece." },
    { "leased_until", FIELD_TIME, "{t}.leased_until", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "Until when the runner that has it may take; then another takes it." },
    { "runner", FIELD_INT, "{t}.leased_by", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "Number of the runner that has it." },
    { "error", FIELD_TEXT, "{t}.error", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "With what the last attempt failed, addresses and URLs left out." },
    { "payload", FIELD_TEXT, "{t}.payload::text", NULL, FIELD_NULLABLE | FIELD_HIDDEN, NULL, PERM_PUBLIC,
      NULL, "As JSON; (hidden) in place of texts that are no identifier." },
    { "history", FIELD_JSON, "{t}.history", NULL, FIELD_HIDDEN, NULL, PERM_PUBLIC, NULL,
      "All attempts that failed." },
};

static const struct field kind_fields[] = {
    { "name", FIELD_TEXT, "{t}.name", NULL, FIELD_SORT, NULL, PERM_PUBLIC, NULL, "Identifies the job." },
    { "doc", FIELD_TEXT, "{t}.doc", NULL, 0, NULL, PERM_PUBLIC, NULL, "What it does." },
    { "queue", FIELD_ENUM, "{t}.queue", NULL, 0, job_queue_names, PERM_PUBLIC, NULL,
      "What is urgent is run first." },
    { "ordered", FIELD_BOOL, "{t}.ordered", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Whether rows of one key follow each other." },
    { "paused", FIELD_BOOL, "{t}.paused_at is not null", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Whether none of its rows is begun." },
    { "paused_at", FIELD_TIME, "{t}.paused_at", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "Since when." },
    { "waiting", FIELD_INT, "{t}.waiting", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Rows that wait, those that are due included." },
    { "due", FIELD_INT, "{t}.due", NULL, 0, NULL, PERM_PUBLIC, NULL, "Rows that are due." },
    { "running", FIELD_INT, "{t}.running", NULL, 0, NULL, PERM_PUBLIC, NULL, "Rows that are being run." },
    { "failing", FIELD_INT, "{t}.failing", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Rows that wait after an attempt that failed." },
    { "dead", FIELD_INT, "{t}.dead", NULL, 0, NULL, PERM_PUBLIC, NULL, "Rows that were given up." },
    { "oldest_seconds", FIELD_INT, "{t}.oldest", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "For how long the oldest that waits is due." },
};

static void job_scope(struct plan_builder *b, const struct principal *who, const char *alias)
{
    (void)alias;
    if (!perm_has(who->perms, PERM_JOB_READ) && !perm_has(who->perms, PERM_JOB_MANAGE)) {
        plan_sql(b, " and false");
    }
}

const struct entity entity_job = {
    .name = "job",
    .type = "Job",
    .plural = "jobs",
    .table = "job_rows",
    .key = "id",
    .fields = fields,
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .json = described,
    .default_sort = "-id",
    .scope = job_scope,
    .doc = "A background job that waits, is run or was given up; what is done is no more.",
};

const struct entity entity_job_kind = {
    .name = "job_kind",
    .type = "JobKind",
    .plural = "job_kinds",
    .table = "job_states",
    .key = "name",
    .fields = kind_fields,
    .field_count = sizeof(kind_fields) / sizeof(kind_fields[0]),
    .default_sort = "name",
    .scope = job_scope,
    .doc = "A job there is, and how many rows it has.",
};
