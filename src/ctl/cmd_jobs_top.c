/* nexusctl jobs top: queues and workers, live. */
#include "ctl/commands.h"
#include "ctl/pg.h"

#include <time.h>
#include <unistd.h>

static enum ctl_exit jobs_top_run(struct ctl *ctl);

static const struct ctl_option options[] = {
    { "once", NULL, "Print it once and end, as when the output is no terminal." },
    { "interval", "S", "Seconds between two looks (default 2, 1 to 3600)." },
    { NULL, NULL, NULL },
};

const struct ctl_command ctl_jobs_top = {
    .name = "jobs top",
    .args = "",
    .example = "nexusctl jobs top",
    .summary = "Watch the queues of background jobs and who works",
    .doc = "Of each job that has rows or is paused: how many wait, are due, are running and dead, for how "
           "long the oldest is "
           "due, how fast rows go. Then what is running, by which runner, for how long. Ctrl-C ends it.",
    .options = options,
    .run = jobs_top_run,
};

static const char *const queue_sql =
    "select k.name, count(r.id) filter (where state in ('waiting', 'due')), count(r.id) filter (where state "
    "= 'due'),"
    "       count(r.id) filter (where state = 'running'), count(r.id) filter (where state = 'dead'),"
    "       coalesce(extract(epoch from nexus_now() - min(run_at) filter (where state = 'due'))::integer, 0),"
    "       exists (select from job_pauses p where p.job = k.name),"
    "       count(r.id) filter (where attempts > 1 and state <> 'dead')"
    "  from (select name from job_kinds union select job from job_rows) k left join job_rows r on r.job = "
    "k.name"
    " group by k.name having count(r.id) > 0 or exists (select from job_pauses p where p.job = k.name) order "
    "by 1";
static const char *const running_sql =
    "select job, id, attempts, leased_by, case key when '' then '-' else key end from job_rows"
    " where state = 'running' order by leased_by, number limit 50";
static const char *const json_sql =
    "select json_build_object("
    " 'jobs', (select coalesce(json_agg(x), '[]') from (select k.name,"
    "   count(r.id) filter (where state in ('waiting', 'due')) as waiting, count(r.id) filter (where state = "
    "'due') as due,"
    "   count(r.id) filter (where state = 'running') as running, count(r.id) filter (where state = 'dead') "
    "as dead,"
    "   exists (select from job_pauses p where p.job = k.name) as paused"
    "   from job_kinds k left join job_rows r on r.job = k.name group by k.name order by 1) x),"
    " 'running', (select coalesce(json_agg(x), '[]') from (select id, job, key, attempts, leased_by as runner"
    "   from job_rows where state = 'running') x))";

static void print_table(const char *const *heads, const PGresult *r)
{
    for (int k = 0; k < PQnfields(r); k++) {
        printf(k == 0 ? "%-24s" : " %9s", heads[k]);
    }
    putchar('\n');
    for (int i = 0; i < PQntuples(r); i++) {
        for (int k = 0; k < PQnfields(r); k++) {
            char *text = PQgetvalue(r, i, k);
            ctl_clean(text);
            printf(k == 0 ? "%-24s" : " %9s", text);
        }
        putchar('\n');
    }
}

static bool look(PGconn *c, bool json)
{
    static const char *const queues[] = { "JOB",  "WAITING",  "DUE",    "RUNNING",
                                          "DEAD", "LATE (s)", "PAUSED", "AGAIN" };
    static const char *const works[] = { "RUNNING", "ID", "ATTEMPT", "RUNNER", "KEY" };
    PGresult *r = pg_query(c, json ? json_sql : queue_sql);
    if (!r) {
        return false;
    }
    if (json) {
        puts(PQgetvalue(r, 0, 0));
        PQclear(r);
        return true;
    }
    print_table(queues, r);
    PQclear(r);
    r = pg_query(c, running_sql);
    if (r && PQntuples(r) > 0) {
        putchar('\n');
        print_table(works, r);
    }
    PQclear(r);
    return r != NULL;
}

static enum ctl_exit jobs_top_run(struct ctl *ctl)
{
    long interval;
    if (!ctl_number(ctl, "interval", 2, 1, 3600, &interval)) {
        return CTL_USAGE;
    }
    const struct options *o = ctl_options(ctl);
    enum ctl_exit exit = CTL_FAILED;
    PGconn *c = o ? pg_connect(o, &exit) : NULL;
    if (!c) {
        return exit;
    }
    bool once = ctl_given(ctl, "once") || ctl_json(ctl) || !isatty(STDOUT_FILENO);
    bool fine;
    do {
        if (!once) {
            fputs("\033[H\033[2J", stdout);
        }
        fine = look(c, ctl_json(ctl));
        fflush(stdout);
        struct timespec t = { .tv_sec = once ? 0 : interval };
        nanosleep(&t, NULL);
    } while (fine && !once);
    exit = fine ? CTL_OK : pg_exit(c);
    pg_close(c);
    return exit;
}
