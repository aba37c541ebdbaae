/* Prometheus text from the scoreboard. */
#include "api/metrics.h"

#include "base/scrape.h"
#include "base/title.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- the text ---- */

static const struct {
    enum pool_counter counter;
    const char *name;
    const char *help;
} pool_metrics[] = {
    { POOL_SPAWNS, "nexus_worker_spawns_total", "Workers started." },
    { POOL_RESPAWNS, "nexus_worker_respawns_total", "Workers replaced because they had died." },
    { POOL_RECYCLES, "nexus_worker_recycles_total", "Workers replaced because they had reached a limit." },
    { POOL_WATCHDOG_KILLS, "nexus_watchdog_kills_total", "Workers killed because they were stuck." },
    { POOL_DRAIN_KILLS, "nexus_drain_kills_total", "Processes killed because they did not end in time." },
    { POOL_RELOADS, "nexus_reloads_total", "Generations started by a reload." },
    { POOL_RELOAD_FAILURES, "nexus_reload_failures_total", "Reloads refused." },
};

static const struct {
    enum worker_counter counter;
    const char *name;
    const char *help;
} worker_metrics[] = {
    { WORKER_REJECTED, "nexus_http_rejected_total", "Requests refused to protect the service." },
    { WORKER_ACCEPT_ERRORS, "nexus_accept_errors_total", "Times accept failed for lack of resources." },
    { WORKER_PROTOCOL_ERRORS, "nexus_protocol_errors_total",
      "Connections without a complete FastCGI request." },
};

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static uint64_t load(const _Atomic uint64_t *v)
{
    return atomic_load_explicit(v, memory_order_relaxed);
}

static void write_build(struct buf *out)
{
    head(out, "nexus_build_info", "gauge", "Version of the running program; always 1.");
    buf_printf(out, "nexus_build_info{version=\"%s\"} 1\n", PACKAGE_VERSION);
}

static void write_pool(struct buf *out, struct scoreboard *b)
{
    for (size_t i = 0; i < sizeof pool_metrics / sizeof pool_metrics[0]; i++) {
        head(out, pool_metrics[i].name, "counter", pool_metrics[i].help);
        buf_printf(out, "%s %" PRIu64 "\n", pool_metrics[i].name,
                   scoreboard_pool(b, pool_metrics[i].counter));
    }
}

static void write_counters(struct buf *out, struct scoreboard *b)
{
    for (size_t i = 0; i < sizeof worker_metrics / sizeof worker_metrics[0]; i++) {
        uint64_t sum = 0;
        for (unsigned s = 0; s < scoreboard_slots_used(b); s++) {
            sum += load(&scoreboard_slot(b, s)->counters[worker_metrics[i].counter]);
        }
        head(out, worker_metrics[i].name, "counter", worker_metrics[i].help);
        buf_printf(out, "%s %" PRIu64 "\n", worker_metrics[i].name, sum);
    }
}

static void write_tracking(struct buf *out, struct scoreboard *b)
{
    uint64_t lost = 0, waiting = 0;
    for (unsigned i = 0; i < scoreboard_slots_used(b); i++) {
        const struct request_ring *r = scoreboard_ring(scoreboard_slot(b, i));
        lost += load(&r->lost);
        waiting += load(&r->written) - load(&r->read);
    }
    head(out, "nexus_request_log_lost_total", "counter",
         "Requests not logged because nobody took the notes in time.");
    buf_printf(out, "nexus_request_log_lost_total %" PRIu64 "\n", lost);
    head(out, "nexus_request_log_waiting", "gauge", "Requests noted and not written into the database yet.");
    buf_printf(out, "nexus_request_log_waiting %" PRIu64 "\n", waiting);
}

static void write_workers(struct buf *out, struct scoreboard *b)
{
    unsigned states[WORKER_STATE_COUNT] = { 0 };
    uint32_t generation = 0;
    int64_t bytes = 0;
    for (unsigned i = 0; i < scoreboard_slots_used(b); i++) {
        struct scoreboard_slot *s = scoreboard_slot(b, i);
        enum worker_state state = scoreboard_now(s).state;
        states[state < WORKER_STATE_COUNT ? state : WORKER_FREE]++;
        bytes += atomic_load_explicit(&s->private_bytes, memory_order_relaxed);
        uint32_t g = atomic_load_explicit(&s->generation, memory_order_relaxed);
        generation = g > generation ? g : generation;
    }
    head(out, "nexus_workers", "gauge", "Worker processes by what they do now.");
    for (unsigned i = WORKER_STARTING; i < WORKER_STATE_COUNT; i++) {
        buf_printf(out, "nexus_workers{state=\"%s\"} %u\n", worker_state_name((enum worker_state)i),
                   states[i]);
    }
    head(out, "nexus_worker_memory_bytes", "gauge", "Private memory of all workers together.");
    buf_printf(out, "nexus_worker_memory_bytes %" PRId64 "\n", bytes);
    head(out, "nexus_generation", "gauge", "Generation of the newest worker; each reload starts one.");
    buf_printf(out, "nexus_generation %" PRIu32 "\n", generation);
}

/* Sums over all slots, for one operation at a time. */
struct op_sum {
    uint64_t codes[SCOREBOARD_CODES];
    uint64_t buckets[SCOREBOARD_BUCKETS];
    uint64_t sum_us;
    uint64_t count;
};

static struct op_sum sum_op(struct scoreboard *b, unsigned op)
{
    struct op_sum sum = { .count = 0 };
    for (unsigned i = 0; i < scoreboard_slots_used(b); i++) {
        const struct scoreboard_op_stats *o = &scoreboard_slot(b, i)->ops[op];
        for (unsigned c = 0; c < SCOREBOARD_CODES; c++) {
            sum.codes[c] += load(&o->codes[c]);
        }
        for (unsigned k = 0; k < SCOREBOARD_BUCKETS; k++) {
            uint64_t n = load(&o->buckets[k]);
            sum.buckets[k] += n;
            sum.count += n;
        }
        sum.sum_us += load(&o->sum_us);
    }
    return sum;
}

static void write_codes(struct buf *out, const char *op, const struct op_sum *sum)
{
    for (unsigned c = 0; c < SCOREBOARD_CODES; c++) {
        if (sum->codes[c] == 0) {
            continue;
        }
        char code[8] = "other";
        if (scoreboard_code(c) != 0) {
            snprintf(code, sizeof code, "%d", scoreboard_code(c));
        }
        buf_printf(out, "nexus_http_requests_total{op=\"%s\",code=\"%s\"} %" PRIu64 "\n", op, code,
                   sum->codes[c]);
    }
}

#define DURATION "nexus_http_request_duration_seconds"

static void write_histogram(struct buf *out, const char *op, const struct op_sum *sum)
{
    uint64_t below = 0;
    for (unsigned k = 0; k + 1 < SCOREBOARD_BUCKETS; k++) {
        below += sum->buckets[k];
        buf_printf(out, DURATION "_bucket{op=\"%s\",le=\"%g\"} %" PRIu64 "\n", op,
                   (double)scoreboard_bucket_us(k) / 1e6, below);
    }
    buf_printf(out, DURATION "_bucket{op=\"%s\",le=\"+Inf\"} %" PRIu64 "\n", op, sum->count);
    buf_printf(out, DURATION "_sum{op=\"%s\"} %" PRIu64 ".%06" PRIu64 "\n", op, sum->sum_us / 1000000,
               sum->sum_us % 1000000);
    buf_printf(out, DURATION "_count{op=\"%s\"} %" PRIu64 "\n", op, sum->count);
}

static void write_ops(struct buf *out, struct scoreboard *b)
{
    struct op_sum sum;
    const char *name;
    head(out, "nexus_http_requests_total", "counter", "Requests answered, by operation and HTTP status.");
    for (unsigned op = 0; (name = scoreboard_op_name(b, op)); op++) {
        sum = sum_op(b, op);
        write_codes(out, name, &sum);
    }
    head(out, DURATION, "histogram", "Time from having read the request to having written the answer.");
    for (unsigned op = 0; (name = scoreboard_op_name(b, op)); op++) {
        sum = sum_op(b, op);
        if (sum.count > 0) {
            write_histogram(out, name, &sum);
        }
    }
}

void metrics_write(struct buf *out, struct scoreboard *board)
{
    write_build(out);
    write_workers(out, board);
    write_pool(out, board);
    write_counters(out, board);
    write_tracking(out, board);
    write_ops(out, board);
}

static void write_board(struct buf *out, void *board)
{
    metrics_write(out, board);
}

void metrics_answer(struct buf *out, struct str head_text, struct scoreboard *board)
{
    scrape_answer(out, head_text, write_board, board);
}

int metrics_run(const struct metrics_setup *setup)
{
    title_set("nexus-metrics", "nexus-api: metrics");
    return scrape_run(setup->listen_fd, setup->supervisor, write_board, setup->board);
}
