/* Metrics of jobs. */
#include "jobs/metrics.h"

#include "db/queries.h"

#include <inttypes.h>

static const struct {
    const char *name, *help;
} gauges[] = {
    { "nexus_jobs_waiting", "Rows that wait, those included that are not due yet." },
    { "nexus_jobs_due", "Rows that wait and are due." },
    { "nexus_jobs_running", "Rows somebody has taken." },
    { "nexus_jobs_dead", "Jobs that were given up." },
    { "nexus_jobs_paused", "1 for jobs that are paused." },
    { "nexus_jobs_oldest_seconds", "How long the oldest row that waits is due." },
};
#define GAUGES (sizeof(gauges) / sizeof(gauges[0]))

static void write_queue(struct buf *out, const PGresult *r)
{
    for (size_t g = 0; g < GAUGES; g++) {
        buf_printf(out, "# HELP %s %s\n# TYPE %s gauge\n", gauges[g].name, gauges[g].help, gauges[g].name);
        for (int i = 0; i < PQntuples(r); i++) {
            struct str job = db_get_text(r, i, 0);
            buf_printf(out, "%s{job=\"" STR_FMT "\"} %" PRId64 "\n", gauges[g].name, STR_ARG(job),
                       db_get_int8(r, i, (int)g + 1));
        }
    }
}

void job_metrics_write(struct buf *out, void *ctx)
{
    const struct job_metrics *m = ctx;
    struct db_failure failure;
    board_write(out, m->board);
    arena_reset(m->jobs->arena);
    struct db_batch *b = db_batch(m->jobs->db, m->jobs->arena);
    int at = DB_ADD(b, &q_jobs_state, db_int4(m->jobs->arena, 0));
    if (db_run(b, &failure) == ERR_NONE) {
        write_queue(out, db_result(b, at));
    }
    arena_reset(m->jobs->arena);
}
