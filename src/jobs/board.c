/* The shared memory of nexus-jobs. */
#include "jobs/board.h"

#include "base/clock.h"

#include <inttypes.h>
#include <sys/mman.h>

const int64_t board_waits_us[BOARD_WAITS] = { 10000,   50000,   100000,   250000,    500000,
                                              1000000, 5000000, 30000000, 300000000, INT64_MAX };

static const char *const outcome_names[JOB_OUTCOMES] = { "done", "left", "retry", "dead", "lost" };

const char *job_role_name(enum job_role role)
{
    static const char *const names[] = { "scheduler", "metrics", "relay", "runner" };
    return names[role];
}

struct board *board_create(void)
{
    void *p = mmap(NULL, sizeof(struct board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

static void add(_Atomic uint64_t *to, uint64_t n)
{
    atomic_fetch_add_explicit(to, n, memory_order_relaxed);
}

static int32_t index_of(const struct job *job)
{
    int32_t i = 0;
    while (job_registry[i] && job_registry[i] != job) {
        i++;
    }
    return i;
}

void board_begin(struct board_slot *s, const struct job_row *row)
{
    int32_t i = index_of(row->job);
    int64_t waited = row->waited_us > 0 ? row->waited_us : 0, now = clock_mono_us();
    size_t k = 0;
    while (waited > board_waits_us[k]) {
        k++;
    }
    add(&s->jobs[i].waits[k], 1);
    add(&s->jobs[i].wait_us, (uint64_t)waited);
    atomic_store(&s->since_us, now);
    atomic_store(&s->job, i);
}

void board_end(struct board_slot *s, const struct job_row *row, enum job_outcome how, int64_t start_us)
{
    struct board_job *job = &s->jobs[index_of(row->job)];
    int64_t now = clock_mono_us();
    add(&job->outcomes[how], 1);
    add(&job->run_us, (uint64_t)(now - start_us));
    atomic_store(&s->since_us, now);
    atomic_store(&s->job, -1);
}

void board_beat(struct board_slot *s, int64_t patience_us)
{
    atomic_store(&s->deadline_us, clock_mono_us() + patience_us);
}

/* ---- text ---- */

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static uint64_t load(const _Atomic uint64_t *v)
{
    return atomic_load_explicit(v, memory_order_relaxed);
}

struct job_sum {
    uint64_t outcomes[JOB_OUTCOMES], waits[BOARD_WAITS], run_us, wait_us;
};

static struct job_sum sum_of(const struct board *b, size_t job)
{
    struct job_sum sum = { .run_us = 0 };
    for (size_t s = 0; s < BOARD_SLOTS; s++) {
        const struct board_job *j = &b->slots[s].jobs[job];
        for (size_t i = 0; i < JOB_OUTCOMES; i++) {
            sum.outcomes[i] += load(&j->outcomes[i]);
        }
        for (size_t i = 0; i < BOARD_WAITS; i++) {
            sum.waits[i] += load(&j->waits[i]);
        }
        sum.run_us += load(&j->run_us);
        sum.wait_us += load(&j->wait_us);
    }
    return sum;
}

static void write_seconds(struct buf *out, const char *name, const char *job, uint64_t us)
{
    buf_printf(out, "%s{job=\"%s\"} %" PRIu64 ".%06" PRIu64 "\n", name, job, us / 1000000, us % 1000000);
}

static void write_runs(struct buf *out, const struct board *b)
{
    head(out, "nexus_job_runs_total", "counter", "Attempts at jobs, by how they ended.");
    for (size_t i = 0; job_registry[i]; i++) {
        struct job_sum sum = sum_of(b, i);
        for (size_t k = 0; k < JOB_OUTCOMES; k++) {
            buf_printf(out, "nexus_job_runs_total{job=\"%s\",outcome=\"%s\"} %" PRIu64 "\n",
                       job_registry[i]->name, outcome_names[k], sum.outcomes[k]);
        }
    }
    head(out, "nexus_job_run_seconds_total", "counter", "Time spent in attempts at jobs.");
    for (size_t i = 0; job_registry[i]; i++) {
        write_seconds(out, "nexus_job_run_seconds_total", job_registry[i]->name, sum_of(b, i).run_us);
    }
}

#define WAIT "nexus_job_wait_seconds"

static void write_wait(struct buf *out, const char *job, const struct job_sum *sum)
{
    uint64_t below = 0;
    for (size_t k = 0; k < BOARD_WAITS; k++) {
        below += sum->waits[k];
        if (k + 1 < BOARD_WAITS) {
            buf_printf(out, WAIT "_bucket{job=\"%s\",le=\"%g\"} %" PRIu64 "\n", job,
                       (double)board_waits_us[k] / 1e6, below);
        }
    }
    buf_printf(out, WAIT "_bucket{job=\"%s\",le=\"+Inf\"} %" PRIu64 "\n", job, below);
    write_seconds(out, WAIT "_sum", job, sum->wait_us);
    buf_printf(out, WAIT "_count{job=\"%s\"} %" PRIu64 "\n", job, below);
}

static void write_waits(struct buf *out, const struct board *b)
{
    head(out, WAIT, "histogram", "Time from when a job was due until an attempt began.");
    for (size_t i = 0; job_registry[i]; i++) {
        struct job_sum sum = sum_of(b, i);
        write_wait(out, job_registry[i]->name, &sum);
    }
}

static void write_processes(struct buf *out, struct board *b)
{
    unsigned busy = 0, idle = 0;
    for (size_t s = 0; s < BOARD_SLOTS; s++) {
        bool runs = atomic_load(&b->slots[s].pid) != 0 && atomic_load(&b->slots[s].role) == ROLE_RUNNER;
        busy += runs && atomic_load(&b->slots[s].job) >= 0;
        idle += runs && atomic_load(&b->slots[s].job) < 0;
    }
    head(out, "nexus_job_runners", "gauge", "Runners by what they do now.");
    buf_printf(out, "nexus_job_runners{state=\"busy\"} %u\nnexus_job_runners{state=\"idle\"} %u\n", busy,
               idle);
    head(out, "nexus_job_leader", "gauge", "1 where the scheduler leads.");
    buf_printf(out, "nexus_job_leader %" PRIu64 "\n", load(&b->leading));
    head(out, "nexus_job_process_restarts_total", "counter", "Processes replaced because they had died.");
    buf_printf(out, "nexus_job_process_restarts_total %" PRIu64 "\n", load(&b->restarts));
    head(out, "nexus_job_process_kills_total", "counter", "Processes killed because they took too long.");
    buf_printf(out, "nexus_job_process_kills_total %" PRIu64 "\n", load(&b->kills));
}

static void write_relay(struct buf *out, struct board *b)
{
    static const struct {
        const char *name, *help;
    } relay[RELAY_COUNTERS] = {
        { "nexus_job_relay_published_total", "Messages given to the broker." },
        { "nexus_job_relay_confirmed_total", "Messages the broker has confirmed." },
        { "nexus_job_relay_unroutable_total", "Messages that came back because there was no queue." },
        { "nexus_job_relay_refused_total", "Messages the broker has refused." },
        { "nexus_job_relay_connections_total", "Connections made to the broker." },
        { "nexus_job_relay_lost_total", "Messages published again because nobody had run them." },
        { "nexus_job_duplicates_total", "Messages whose job was done or was being done already." },
    };
    for (size_t i = 0; i < RELAY_COUNTERS; i++) {
        head(out, relay[i].name, "counter", relay[i].help);
        buf_printf(out, "%s %" PRIu64 "\n", relay[i].name, load(&b->relay[i]));
    }
}

void board_write(struct buf *out, struct board *b)
{
    write_processes(out, b);
    write_relay(out, b);
    write_runs(out, b);
    write_waits(out, b);
}
