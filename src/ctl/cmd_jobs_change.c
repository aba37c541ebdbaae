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
};

static enum ctl_exit carry_out(struct ctl *ctl, PGconn *c, const char *sql, const char *target,
                               enum audit_action action, bool must)
{
    char after[64];
    PGresult *r = pg_exec(c, "begin") ? pg_query_params(c, sql, 1, &target) : NULL;
    if (!r) {
        return pg_exit(c);
    }
    char *count = PQgetvalue(r, 0, 0);
    snprintf(after, sizeof(after), "{\"count\":%s}", count);
    bool some = strcmp(count, "0") != 0;
    bool done = (!some || ctl_audit(c, action, target, NULL, after)) && pg_exec(c, "commit");
    if (done && (some || !must)) {
        printf(ctl_json(ctl) ? "{\"count\":%s}\n" : "%s\n", count);
    }
    PQclear(r);
    return !done           ? pg_exit(c)
           : some || !must ? CTL_OK
                           : ctl_fail(CTL_NOT_FOUND, "no job %s that waits or is dead", target);
}

static enum ctl_exit with_connection(struct ctl *ctl, const char *sql, const char *target,
                                     enum audit_action action, bool must)
{
    const struct options *o = ctl_options(ctl);
    enum ctl_exit exit = CTL_FAILED;
    PGconn *c = o ? pg_connect(o, &exit) : NULL;
    if (c) {
        exit = carry_out(ctl, c, sql, target, action, must);
        pg_close(c);
    }
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
    return with_connection(ctl, id ? change->one : change->dead, id ? id : dead, change->action, id != NULL);
}

static enum ctl_exit jobs_retry_run(struct ctl *ctl)
{
    return change_rows(
        ctl, &(struct change){ .one = "select job_retry($1::uuid)::integer",
                               .dead = "select count(*) filter (where job_retry(id)) from"
                                       " (select id from jobs_dead where job = $1 order by number) d",
                               .action = AUDIT_JOB_RETRY });
}

static enum ctl_exit jobs_discard_run(struct ctl *ctl)
{
    return change_rows(
        ctl, &(struct change){ .one = "select job_discard($1::uuid)::integer",
                               .dead = "with gone as (delete from jobs_dead where job = $1 returning 1)"
                                       " select count(*) from gone",
                               .action = AUDIT_JOB_DISCARD });
}

static enum ctl_exit change_kind(struct ctl *ctl, const char *sql, enum audit_action action)
{
    const char *name = ctl_arg(ctl, 0);
    if (!job_find(str_from(name))) {
        return ctl_fail(CTL_NOT_FOUND, "no job '%.64s'; nexusctl jobs kinds shows them", name);
    }
    return with_connection(ctl, sql, name, action, false);
}

static enum ctl_exit jobs_pause_run(struct ctl *ctl)
{
    return change_kind(
        ctl,
        "with p as (insert into job_pauses (job) values ($1) on conflict do nothing returning 1)"
        " select count(*) from p",
        AUDIT_JOB_PAUSE);
}

static enum ctl_exit jobs_resume_run(struct ctl *ctl)
{
    return change_kind(
        ctl,
        "with p as (delete from job_pauses where job = $1 returning pg_notify('nexus_jobs', ''))"
        " select count(*) from p",
        AUDIT_JOB_RESUME);
}
