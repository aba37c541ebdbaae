/* nexusctl jobs top: queues and workers, live. */
#include "ctl/commands.h"
#include "ctl/job_counts.h"
#include "ctl/pg.h"

#include <time.h>
#include <unistd.h>

static enum ctl_exit jobs_top_run(struct ctl *ctl);

static const struct ctl_option options[] = {
    { "once", NULL, "Print it once and end, as when the output is no terminal." },
    { "interval", "S", "Seconds between two looks (default 1, 1 to 3600)." },
    { NULL, NULL, NULL },
};

const struct ctl_command ctl_jobs_top = {
    .name = "jobs top",
    .args = "",
    .example = "nexusctl jobs top",
    .summary = "Watch the queues of background jobs and who works",
    .doc =
        "Of each job that has rows, is paused or has just run: how many wait, are due, are running, wait "
        "after "
        "a failure and are dead, for how many seconds the oldest is due; what nexus-jobs of this host does a "
        "second since the last look, and how many attempts have failed since it was started (- when it does "
        "not answer at jobs_metrics_listen). Then what is running, by which runner, since when. Ctrl-C ends "
        "it.",
    .options = options,
    .run = jobs_top_run,
};

static const char *const queue_sql = "select name, queue, waiting, due, running, failing, dead, oldest, case "
                                     "when paused_at is null then '' else 'yes' "
                                     "end from job_states order by name";
static const char *const running_sql =
    "select job, id, attempts, leased_by, extract(epoch from clock_timestamp() - started_at)::integer,"
    "       to_char(started_at at time zone 'UTC', 'HH24:MI:SS\"Z\"'), case key when '' then '-' else key end"
    "  from job_rows where state = 'running' order by leased_by, number limit 50";
static const char *const json_sql =
    "select json_build_object("
    " 'jobs', (select coalesce(json_agg(x), '[]') from (select name, queue, waiting, due, running, failing, "
    "dead,"
    "   oldest as oldest_seconds, paused_at is not null as paused from job_states order by name) x),"
    " 'running', (select coalesce(json_agg(x), '[]') from (select id, job, key, attempts, leased_by as "
    "runner,"
    "   started_at from job_rows where state = 'running') x))";

enum { NAME, QUEUE, WAITING, DUE, RUNNING, FAILING, DEAD, OLDEST, PAUSED };

/* What has come to its end since the look before, a second; below zero: nobody knows. */
static double rate_of(const struct job_counts *before, const struct job_counts *now, const char *name)
{
    int64_t us = now->at_us - before->at_us;
    if (before->at_us == 0 || now->at_us == 0 || us <= 0) {
        return -1;
    }
    int64_t done = job_counts_of(now, name).done - job_counts_of(before, name).done;
    return done < 0 ? -1 : (double)done * 1e6 / (double)us; /* below zero: it was started anew */
}

static void print_queue(const PGresult *r, int row, const struct job_counts *before,
                        const struct job_counts *now)
{
    const char *name = PQgetvalue(r, row, NAME);
    double rate = rate_of(before, now, name);
    bool idle = PQgetvalue(r, row, PAUSED)[0] == '\0' && rate <= 0;
    for (int k = WAITING; k <= DEAD; k++) {
        idle = idle && strcmp(PQgetvalue(r, row, k), "0") == 0;
    }
    if (idle) {
        return;
    }
    char done[16] = "-", failed[16] = "-";
    if (rate >= 0) {
        snprintf(done, sizeof(done), "%.1f", rate);
    }
    if (now->at_us > 0) {
        snprintf(failed, sizeof(failed), "%lld", (long long)job_counts_of(now, name).failed);
    }
    ctl_clean(PQgetvalue(r, row, NAME));
    printf("%-24s %-7s", name, PQgetvalue(r, row, QUEUE));
    for (int k = WAITING; k <= OLDEST; k++) {
        printf(" %8s", PQgetvalue(r, row, k));
    }
    printf(" %8s %8s %6s\n", done, failed, PQgetvalue(r, row, PAUSED));
}

static void print_running(const PGresult *r)
{
    static const char *const heads[] = { "RUNNING", "ID", "ATTEMPT", "RUNNER", "FOR (s)", "SINCE", "KEY" };
    static const int widths[] = { -24, -36, 8, 8, 8, 10, -1 };
    putchar('\n');
    for (int i = -1; i < PQntuples(r); i++) {
        for (int k = 0; k < PQnfields(r); k++) {
            char *text = i < 0 ? NULL : PQgetvalue(r, i, k);
            if (text) {
                ctl_clean(text);
            }
            printf("%s%*s", k > 0 ? " " : "", widths[k], text ? text : heads[k]);
        }
        putchar('\n');
    }
}

static bool print_tables(PGconn *c, const struct job_counts *before, const struct job_counts *now)
{
    PGresult *queues = pg_query(c, queue_sql), *running = queues ? pg_query(c, running_sql) : NULL;
    if (running) {
        printf("%-24s %-7s %8s %8s %8s %8s %8s %8s %8s %8s %6s\n", "JOB", "QUEUE", "WAITING", "DUE",
               "RUNNING", "FAILING", "DEAD", "LATE (s)", "DONE/s", "FAILED", "PAUSED");
        for (int i = 0; i < PQntuples(queues); i++) {
            print_queue(queues, i, before, now);
        }
    }
    if (running && PQntuples(running) > 0) {
        print_running(running);
    }
    bool fine = running != NULL;
    PQclear(queues);
    PQclear(running);
    return fine;
}

static bool print_json(PGconn *c)
{
    PGresult *r = pg_query(c, json_sql);
    if (r) {
        puts(PQgetvalue(r, 0, 0));
    }
    PQclear(r);
    return r != NULL;
}

static bool watch(PGconn *c, const char *metrics, long interval, bool once)
{
    static struct job_counts counts[2];
    bool fine;
    for (unsigned look = 0;; look++) {
        job_counts_read(metrics, &counts[look % 2]);
        if (!once) {
            fputs("\033[H\033[2J", stdout);
        }
        fine = print_tables(c, &counts[(look + 1) % 2], &counts[look % 2]);
        fflush(stdout);
        if (once || !fine) {
            return fine;
        }
        struct timespec t = { .tv_sec = interval };
        nanosleep(&t, NULL);
    }
}

static enum ctl_exit jobs_top_run(struct ctl *ctl)
{
    long interval;
    if (!ctl_number(ctl, "interval", 1, 1, 3600, &interval)) {
        return CTL_USAGE;
    }
    const struct options *o = ctl_options(ctl);
    enum ctl_exit exit = CTL_FAILED;
    PGconn *c = o ? pg_connect(o, &exit) : NULL;
    if (!c) {
        return exit;
    }
    bool once = ctl_given(ctl, "once") || !isatty(STDOUT_FILENO);
    bool fine = ctl_json(ctl) ? print_json(c) : watch(c, o->jobs_metrics_listen, interval, once);
    exit = fine ? CTL_OK : pg_exit(c);
    pg_close(c);
    return exit;
}
