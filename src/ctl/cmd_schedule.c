/* nexusctl schedule list, nexusctl schedule run */
#include "ctl/audit.h"
#include "ctl/commands.h"
#include "ctl/pg.h"
#include "jobs/schedule.h"

static enum ctl_exit schedule_list_run(struct ctl *ctl);
static enum ctl_exit schedule_run_run(struct ctl *ctl);

const struct ctl_command ctl_schedule_list = {
    .name = "schedule list",
    .args = "",
    .example = "nexusctl schedule list",
    .summary = "List what is due by the calendar",
    .doc = "Name, cron expression, zone, job, what is done about runs that were missed, and the next and the "
           "last run.",
    .run = schedule_list_run,
};

const struct ctl_command ctl_schedule_run = {
    .name = "schedule run",
    .args = "NAME",
    .example = "nexusctl schedule run payout",
    .summary = "Start what a schedule starts, now",
    .doc = "Adds a row of its job, as if it were due; its next run stays where it is.",
    .min_args = 1,
    .max_args = 1,
    .run = schedule_run_run,
};

static const char *when(const PGresult *r, const char *name, int col)
{
    for (int i = 0; i < PQntuples(r); i++) {
        if (strcmp(PQgetvalue(r, i, 0), name) == 0 && !PQgetisnull(r, i, col)) {
            return PQgetvalue(r, i, col);
        }
    }
    return NULL;
}

static void print_json(const PGresult *r)
{
    for (const struct schedule *s = schedule_registry; s->name; s++) {
        const char *next = when(r, s->name, 1), *last = when(r, s->name, 2);
        printf("%s{\"name\":\"%s\",\"cron\":\"%s\",\"zone\":\"%s\",\"job\":\"%s\",\"missed\":\"%s\"",
               s == schedule_registry ? "[" : ",", s->name, s->cron, s->zone, s->job->name,
               catch_up_name(s->catch_up));
        printf(",\"next_at\":%s%s%s", next ? "\"" : "", next ? next : "null", next ? "\"" : "");
        printf(",\"last_at\":%s%s%s}", last ? "\"" : "", last ? last : "null", last ? "\"" : "");
    }
    puts("]");
}

static void print_lines(const PGresult *r)
{
    for (const struct schedule *s = schedule_registry; s->name; s++) {
        const char *next = when(r, s->name, 1), *last = when(r, s->name, 2);
        printf("%-24s %-16s %-16s %-5s next %-20s last %-20s %s\n", s->name, s->cron,
               s->zone[0] ? s->zone : "UTC", catch_up_name(s->catch_up), next ? next : "-", last ? last : "-",
               s->job->name);
    }
}

static enum ctl_exit schedule_list_run(struct ctl *ctl)
{
    const struct options *o = ctl_options(ctl);
    enum ctl_exit exit = CTL_FAILED;
    PGconn *c = o ? pg_connect(o, &exit) : NULL;
    if (!c) {
        return exit;
    }
#define UTC(column) "to_char(" column " at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
    PGresult *r = pg_query(c, "select name, " UTC("next_at") ", " UTC("last_at") " from job_schedules");
    if (r) {
        (ctl_json(ctl) ? print_json : print_lines)(r);
    }
    exit = r ? CTL_OK : pg_exit(c);
    PQclear(r);
    pg_close(c);
    return exit;
}

static enum ctl_exit schedule_run_run(struct ctl *ctl)
{
    const char *name = ctl_arg(ctl, 0);
    const struct schedule *s = schedule_find(str_from(name));
    if (!s) {
        return ctl_fail(CTL_NOT_FOUND, "no schedule '%.64s'; nexusctl schedule list shows them", name);
    }
    const struct options *o = ctl_options(ctl);
    enum ctl_exit exit = CTL_FAILED;
    PGconn *c = o ? pg_connect(o, &exit) : NULL;
    if (!c) {
        return exit;
    }
    const char *params[] = { s->job->name, name };
    char after[128];
    snprintf(after, sizeof(after), "{\"job\":\"%s\"}", s->job->name);
    PGresult *r = pg_exec(c, "begin") ? pg_query_params(c, "select job_add($1, $2, null)", 2, params) : NULL;
    bool done = r && ctl_audit(c, AUDIT_SCHEDULE_RUN, name, NULL, after) && pg_exec(c, "commit");
    exit = done ? CTL_OK : pg_exit(c);
    PQclear(r);
    pg_close(c);
    return exit;
}
