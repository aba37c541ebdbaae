/* nexusctl jobs list, nexusctl jobs show */
#include "base/uuid.h"
#include "ctl/commands.h"
#include "ctl/pg.h"

static enum ctl_exit jobs_list_run(struct ctl *ctl);
static enum ctl_exit jobs_show_run(struct ctl *ctl);

static const struct ctl_option options[] = {
    { "job", "NAME", "Only rows of this job." },
    { "state", "STATE", "Only those that are waiting, due, running or dead." },
    { "limit", "N", "Show at most N rows, newest first (default 50, at most 100000)." },
    { NULL, NULL, NULL },
};

const struct ctl_command ctl_jobs_list = {
    .name = "jobs list",
    .args = "",
    .example = "nexusctl jobs list --state dead",
    .summary = "List background jobs that wait, run or are dead",
    .doc =
        "Id, state, job, key, attempts, when it is due or died, and what the last attempt failed with. Which "
        "jobs there are at all is said by nexusctl jobs kinds.",
    .options = options,
    .run = jobs_list_run,
};

const struct ctl_command ctl_jobs_show = {
    .name = "jobs show",
    .args = "ID",
    .example = "nexusctl jobs show 0192f3a4-5b6c-7d8e-9f01-23456789abcd",
    .summary = "Show one background job with its payload and history",
    .doc =
        "Prints all there is of it as JSON. In payloads texts that are no identifier are hidden, in errors "
        "addresses and URLs.",
    .min_args = 1,
    .max_args = 1,
    .run = jobs_show_run,
};

#define SELECT_ROWS                                                                                          \
    "select id, state, job, key, attempts, version, created_at, coalesce(died_at, run_at) as at,"            \
    "       error, number from job_rows"                                                                     \
    " where ($2::text is null or job = $2) and ($3::text is null or state = $3)"                             \
    " order by created_at desc, number desc limit $1::integer"

static const char *const table_sql =
    "select id, state, job, case key when '' then '-' else key end, attempts,"
    "       to_char(at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), coalesce(error, '') from "
    "(" SELECT_ROWS ") x";
static const char *const json_sql = "select coalesce(json_agg(x), '[]') from (" SELECT_ROWS ") x";
static const char *const show_sql =
    "select jsonb_pretty(to_jsonb(x) - 'number') from job_rows x where id = $1::uuid";

static enum ctl_exit jobs_list_run(struct ctl *ctl)
{
    static const char *const states[] = { "waiting", "due", "running", "dead", NULL };
    const char *state = ctl_value(ctl, "state");
    long limit;
    bool known = !state;
    for (int i = 0; !known && states[i]; i++) {
        known = strcmp(state, states[i]) == 0;
    }
    if (!known) {
        return ctl_fail(CTL_USAGE, "--state is waiting, due, running or dead");
    }
    if (!ctl_number(ctl, "limit", 50, 1, 100000, &limit)) {
        return CTL_USAGE;
    }
    char text[24];
    snprintf(text, sizeof(text), "%ld", limit);
    const char *params[] = { text, ctl_value(ctl, "job"), state };
    return pg_list(ctl, table_sql, json_sql, 3, params);
}

static enum ctl_exit jobs_show_run(struct ctl *ctl)
{
    struct uuid id;
    const char *name = ctl_arg(ctl, 0);
    if (!uuid_parse(str_from(name), &id)) {
        return ctl_fail(CTL_USAGE, "the id of a job is a UUID");
    }
    const struct options *o = ctl_options(ctl);
    enum ctl_exit exit = CTL_FAILED;
    PGconn *c = o ? pg_connect(o, &exit) : NULL;
    if (!c) {
        return exit;
    }
    PGresult *r = pg_query_params(c, show_sql, 1, &name);
    exit = !r ? pg_exit(c)
           : PQntuples(r) == 0
               ? ctl_fail(CTL_NOT_FOUND, "no job %s: it is done, or there never was one", name)
               : CTL_OK;
    if (exit == CTL_OK) {
        puts(PQgetvalue(r, 0, 0));
    }
    PQclear(r);
    pg_close(c);
    return exit;
}
