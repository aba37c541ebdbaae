/* nexusctl jobs retry, discard, pause and resume */
#include "base/uuid.h"
#include "ctl/audit.h"
#include "ctl/commands.h"
#include "ctl/pg.h"
#include "jobs/jobs.h"

static enum ctl_exit jobs_retry_run(struct ctl *ctl);
static enum ctl_exit jobs_discard_run(struct ctl *ctl);
static enum ctl_exit jobs_pause_run(struct ctl *ctl);
static enum ctl_exit jobs_resume_run(struct ctl *ctl);

static const struct ctl_option options[] = {
    { "dead", "NAME", "All dead ones of this job; no ID then." },
    { NULL, NULL, NULL },
};

const struct ctl_command ctl_jobs_retry = {
    .name = "jobs retry",
    .args = "[ID]",
    .example = "nexusctl jobs retry --dead mail-send",
    .summary = "Try a background job again, now",
    .doc = "A dead one begins with its first attempt again and keeps its history; one that waits for its "
           "next attempt "
           "is due at once. Prints how many. What is running is left alone.",
    .options = options,
    .max_args = 1,
    .run = jobs_retry_run,
};

const struct ctl_command ctl_jobs_discard = {
    .name = "jobs discard",
    .args = "[ID]",
    .example = "nexusctl jobs discard 0192f3a4-5b6c-7d8e-9f01-23456789abcd",
    .summary = "Throw a background job away",
    .doc = "It is not done, and cannot be brought back. Prints how many. What is running is left alone.",
    .options = options,
    .max_args = 1,
    .run = jobs_discard_run,
};

const struct ctl_command ctl_jobs_pause = {
    .name = "jobs pause",
    .args = "NAME",
    .example = "nexusctl jobs pause mail-send",
    .summary = "Let the rows of a job wait",
    .doc = "None of them is begun any more until nexusctl jobs resume; what is running comes to its end. "
           "Rows are added as "
           "always.",
    .min_args = 1,
    .max_args = 1,
    .run = jobs_pause_run,
};

const struct ctl_command ctl_jobs_resume = {
    .name = "jobs resume",
    .args = "NAME",
    .example = "nexusctl jobs resume mail-send",
    .summary = "Let a paused job go on",
    .doc = "Whether it was paused or not.",
    .min_args = 1,
    .max_args = 1,
    .run = jobs_resume_run,
};

struct change {
    const char *one, *dead; /* SQL: how many of $1 */
    enum audit_action action;
    const char *after; /* of one */
};

/* How it ends, once the transaction is committed or not. */
static enum ctl_exit finish(struct ctl *ctl, PGconn *c, bool done, const char *count)
{
    if (!done || !pg_exec(c, "commit")) {
        return pg_exit(c);
    }
    printf(ctl_json(ctl) ? "{\"count\":%s}\n" : "%s\n", count);
    return CTL_OK;
}

static enum ctl_exit change_one(struct ctl *ctl, PGconn *c, const char *id, const struct change *change)
{
    PGresult *was =
        pg_exec(c, "begin") ? pg_query_params(c, "select job_hold($1::uuid)::text", 1, &id) : NULL;
    PGresult *r = was ? pg_query_params(c, change->one, 1, &id) : NULL;
    enum ctl_exit exit = !r ? pg_exit(c) : CTL_OK;
    if (r && strcmp(PQgetvalue(r, 0, 0), "0") == 0) {
        exit = ctl_fail(CTL_NOT_FOUND, "no job %s that waits or is dead", id);
    } else if (r) {
        exit = finish(ctl, c, ctl_audit(c, change->action, id, PQgetvalue(was, 0, 0), change->after),
                      PQgetvalue(r, 0, 0));
    }
    PQclear(was);
    PQclear(r);
    return exit;
}

/* Those of a job, as many as there are; without any there is nothing to tell. */
static enum ctl_exit change_all(struct ctl *ctl, PGconn *c, const char *job, const struct change *change)
{
    char after[64];
    PGresult *r = pg_exec(c, "begin") ? pg_query_params(c, change->dead, 1, &job) : NULL;
    if (!r) {
        return pg_exit(c);
    }
    char *count = PQgetvalue(r, 0, 0);
    snprintf(after, sizeof(after), "{\"count\":%s}", count);
    bool told = strcmp(count, "0") == 0 || ctl_audit(c, change->action, job, NULL, after);
    enum ctl_exit exit = finish(ctl, c, told, count);
    PQclear(r);
    return exit;
}

static enum ctl_exit change_rows(struct ctl *ctl, const struct change *change)
{
    const char *id = ctl_arg(ctl, 0), *dead = ctl_value(ctl, "dead");
    struct uuid parsed;
    if ((id != NULL) == (dead != NULL)) {
        return ctl_fail(CTL_USAGE, "the ID of a job or --dead NAME, please");
    }
    if (id && !uuid_parse(str_from(id), &parsed)) {
        return ctl_fail(CTL_USAGE, "the id of a job is a UUID");
    }
    const struct options *o = ctl_options(ctl);
    enum ctl_exit exit = CTL_FAILED;
    PGconn *c = o ? pg_connect(o, &exit) : NULL;
    if (c) {
        exit = id ? change_one(ctl, c, id, change) : change_all(ctl, c, dead, change);
        pg_close(c);
    }
    return exit;
}

static enum ctl_exit jobs_retry_run(struct ctl *ctl)
{
    return change_rows(
        ctl, &(struct change){ .one = "select job_retry($1::uuid)::integer",
                               .dead = "select count(*) filter (where job_retry(id)) from"
                                       " (select id from jobs_dead where job = $1 order by number) d",
                               .action = AUDIT_JOB_RETRY,
                               .after = "{\"state\":\"due\"}" });
}

static enum ctl_exit jobs_discard_run(struct ctl *ctl)
{
    return change_rows(
        ctl, &(struct change){ .one = "select job_discard($1::uuid)::integer",
                               .dead = "with gone as (delete from jobs_dead where job = $1 returning 1)"
                                       " select count(*) from gone",
                               .action = AUDIT_JOB_DISCARD });
}

static enum ctl_exit change_kind(struct ctl *ctl, const char *sql, enum audit_action action, bool paused)
{
    static const char yes[] = "{\"paused\":true}", no[] = "{\"paused\":false}";
    const char *name = ctl_arg(ctl, 0);
    if (!job_find(str_from(name))) {
        return ctl_fail(CTL_NOT_FOUND, "no job '%.64s'; nexusctl jobs kinds shows them", name);
    }
    const struct options *o = ctl_options(ctl);
    enum ctl_exit exit = CTL_FAILED;
    PGconn *c = o ? pg_connect(o, &exit) : NULL;
    if (!c) {
        return exit;
    }
    PGresult *r = pg_exec(c, "begin") ? pg_query_params(c, sql, 1, &name) : NULL;
    char *count = r ? PQgetvalue(r, 0, 0) : NULL;
    bool told =
        r && (strcmp(count, "0") == 0 || ctl_audit(c, action, name, paused ? no : yes, paused ? yes : no));
    exit = r ? finish(ctl, c, told, count) : pg_exit(c);
    PQclear(r);
    pg_close(c);
    return exit;
}

static enum ctl_exit jobs_pause_run(struct ctl *ctl)
{
    return change_kind(ctl, "select job_pause($1)::integer", AUDIT_JOB_PAUSE, true);
}

static enum ctl_exit jobs_resume_run(struct ctl *ctl)
{
    return change_kind(ctl, "select job_resume($1)::integer", AUDIT_JOB_RESUME, false);
}
