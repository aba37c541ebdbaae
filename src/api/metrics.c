/* Prometheus text from the scoreboard, and the very small HTTP server that hands it out. */
#include "api/metrics.h"

#include "api/title.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEAD_MAX 8192
#define TEXT_MAX (8u * 1024 * 1024)
#define CONNECTION_US                                                                                        \
    2000000         /* from accept to the last byte: one slow scraper must not keep others out for long */
#define PAUSE_MS 50 /* after accept failed for lack of resources */

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
    write_ops(out, board);
}

/* ---- HTTP ---- */

static void answer(struct buf *out, const char *status, const char *type, const char *more, struct str body,
                   bool with_body)
{
    buf_printf(out,
               "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nCache-Control: no-store\r\n%s"
               "Connection: close\r\n\r\n",
               status, type, body.n, more);
    if (with_body) {
        buf_adds(out, body);
    }
}

static void problem(struct buf *out, int status, const char *title, const char *code, const char *more)
{
    char line[64];
    char body[256];
    snprintf(line, sizeof line, "%d %s", status, title);
    snprintf(body, sizeof body, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"code\":\"%s\"}\n",
             title, status, code);
    answer(out, line, "application/problem+json", more, str_from(body), true);
}

/* Cut the next space-separated word off s. */
static struct str next_word(struct str *s)
{
    const char *space = memchr(s->p, ' ', s->n);
    struct str word = { s->p, space ? (size_t)(space - s->p) : s->n };
    size_t used = space ? word.n + 1 : word.n;
    *s = (struct str){ s->p + used, s->n - used };
    return word;
}

void metrics_answer(struct buf *out, struct str head_text, struct scoreboard *board)
{
    const char *end = memchr(head_text.p, '\r', head_text.n);
    struct str line = { head_text.p, end ? (size_t)(end - head_text.p) : head_text.n };
    struct str method = next_word(&line);
    struct str target = next_word(&line);
    if (!str_eqz(line, "HTTP/1.1") && !str_eqz(line, "HTTP/1.0")) {
        problem(out, 400, "Bad request", "bad_request", "");
        return;
    }
    const char *query = memchr(target.p, '?', target.n);
    struct str path = { target.p, query ? (size_t)(query - target.p) : target.n };
    bool get = str_eqz(method, "GET");
    if (!str_eqz(path, "/metrics")) {
        problem(out, 404, "Not found", "not_found", "");
    } else if (!get && !str_eqz(method, "HEAD")) {
        problem(out, 405, "Method not allowed", "method_not_allowed", "Allow: GET, HEAD\r\n");
    } else {
        struct buf text;
        buf_init(&text, TEXT_MAX);
        metrics_write(&text, board);
        answer(out, "200 OK", "text/plain; version=0.0.4; charset=utf-8", "", buf_str(&text), get);
        buf_free(&text);
    }
}

static bool wait_for(int fd, short events, int64_t deadline_us)
{
    struct pollfd p = { .fd = fd, .events = events };
    int64_t left = deadline_us - clock_mono_us();
    return left > 0 && poll(&p, 1, (int)(left / 1000) + 1) == 1;
}

/* The request head up to its empty line; 0 when the peer is slow, gone or too talkative. */
static size_t read_head(int fd, char *p, size_t size, int64_t deadline_us)
{
    size_t n = 0;
    while (n < size && wait_for(fd, POLLIN, deadline_us)) {
        ssize_t got = recv(fd, p + n, size - n, MSG_DONTWAIT);
        if (got <= 0) {
            return 0;
        }
        n += (size_t)got;
        const char *end = memmem(p, n, "\r\n\r\n", 4);
        if (end) {
            return (size_t)(end - p);
        }
    }
    return 0;
}

static void write_all(int fd, struct str s, int64_t deadline_us)
{
    while (s.n > 0 && wait_for(fd, POLLOUT, deadline_us)) {
        ssize_t sent = send(fd, s.p, s.n, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent <= 0) {
            return;
        }
        s = (struct str){ s.p + sent, s.n - (size_t)sent };
    }
}

static void handle_peer(int fd, struct scoreboard *board)
{
    char request[HEAD_MAX];
    struct buf out;
    int64_t deadline = clock_mono_us() + CONNECTION_US;
    size_t n = read_head(fd, request, sizeof request, deadline);
    buf_init(&out, TEXT_MAX + HEAD_MAX);
    if (n > 0) {
        metrics_answer(&out, (struct str){ request, n }, board);
    } else {
        problem(&out, 408, "Request timeout", "request_timeout", "");
    }
    if (!out.overflow) {
        write_all(fd, buf_str(&out), deadline);
    }
    buf_free(&out);
}

/* ---- the process ---- */

static volatile sig_atomic_t ending;

static void on_end(int sig)
{
    (void)sig;
    ending = 1;
}

static void signals_start(sigset_t *open)
{
    struct sigaction end = { .sa_handler = on_end };
    struct sigaction ignore = { .sa_handler = SIG_IGN };
    sigaction(SIGTERM, &end, NULL);
    sigaction(SIGINT, &end, NULL);
    sigaction(SIGHUP, &ignore, NULL);
    sigaction(SIGUSR1, &ignore, NULL);
    sigemptyset(open);
}

/* Signals come in during ppoll only, so none is lost between the test and the wait. */
static bool wait_peer(int listen_fd, const sigset_t *open)
{
    struct pollfd p = { .fd = listen_fd, .events = POLLIN };
    return ppoll(&p, 1, NULL, open) == 1;
}

int metrics_run(const struct metrics_setup *setup)
{
    sigset_t open;
    title_set("nexus-metrics", "nexus-api: metrics");
    signals_start(&open);
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != setup->supervisor) {
        return EXIT_FAILURE;
    }
    while (!ending) {
        if (!wait_peer(setup->listen_fd, &open)) {
            continue;
        }
        int fd = accept4(setup->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            handle_peer(fd, setup->board);
            close(fd);
        } else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
            poll(NULL, 0, PAUSE_MS);
        }
    }
    return EXIT_SUCCESS;
}
