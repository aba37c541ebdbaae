/* The supervisor's loop: signals, children, generations. */
#include "api/supervisor.h"

#include "api/handover.h"
#include "api/metrics.h"
#include "api/pool.h"
#include "api/tracker.h"
#include "api/worker.h"
#include "base/clock.h"
#include "base/listen.h"
#include "base/log.h"
#include "base/notify.h"
#include "base/scoreboard.h"
#include "base/title.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define SETTLE_US 10000000 /* a generation that is not complete by then goes on with what it has */
#define CHECK_US  10000000 /* and a check that takes longer has failed */

enum phase {
    PHASE_SETTLING, /* the workers of this generation are starting; earlier ones still serve */
    PHASE_RUNNING,
    PHASE_CHECKING, /* RUNNING or SETTLING, and the next generation's program and configuration are on trial
                     */
    PHASE_STOPPING,
};

struct supervisor {
    const struct supervisor_setup *setup;
    const struct options *o;
    pid_t pid;
    struct notify notify;
    struct listener api;
    struct listener metrics;
    struct scoreboard *board;
    int board_fd;
    int signal_fd;
    int ready_fd; /* eventfd: some worker has become ready */
    struct pool *pool;
    uint32_t generation;
    enum phase phase;
    enum phase checked_from; /* what to go back to when the check fails */
    int64_t settle_by_us;
    bool again; /* SIGHUP came while it could not be followed */
    pid_t check_pid;
    int check_fd; /* what the check says on stderr */
    int64_t check_by_us;
};

static const int handled_signals[] = { SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGCHLD };

/* ---- children ---- */

/* In the child: give up what only the supervisor needs. Descriptors are not inherited over an exec there is
 * not. */
static void close_unneeded(const struct supervisor *s, enum child_kind kind)
{
    struct notify n = s->notify;
    notify_close(&n);
    close(s->signal_fd);
    int others[] = { kind != CHILD_TRACKER ? s->board_fd : -1, kind != CHILD_METRICS ? s->metrics.fd : -1,
                     kind != CHILD_WORKER ? s->api.fd : -1 };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (others[i] >= 0) {
            close(others[i]);
        }
    }
    if (s->check_fd >= 0) {
        close(s->check_fd);
    }
}

static int run_child(void *ctx, const struct child *c, unsigned number)
{
    const struct supervisor *s = ctx;
    close_unneeded(s, c->kind);
    if (c->kind == CHILD_METRICS) {
        struct metrics_setup m = { .listen_fd = s->metrics.fd, .board = s->board, .supervisor = s->pid };
        return metrics_run(&m);
    }
    if (c->kind == CHILD_TRACKER) {
        struct tracker_setup t = { .options = s->o,
                                   .board = s->board,
                                   .board_fd = s->board_fd,
                                   .generation = c->generation,
                                   .supervisor = s->pid };
        return tracker_run(&t);
    }
    struct worker_setup w = { .options = s->o,
                              .board = s->board,
                              .slot = c->slot,
                              .listen_fd = s->api.fd,
                              .ready_fd = s->ready_fd,
                              .number = number,
                              .generation = c->generation,
                              .supervisor = s->pid };
    return worker_run(&w);
}

static void report_status(const struct supervisor *s)
{
    struct pool_count n = pool_count(s->pool);
    notify_status(&s->notify, "generation %u: %u of %u workers ready, %u of earlier generations draining",
                  s->generation, n.ready, n.wanted, n.old);
}

static void log_status(const struct supervisor *s)
{
    struct pool_count n = pool_count(s->pool);
    LOG(LOG_INFO, "status", LOG_NUM("generation", s->generation), LOG_NUM("workers", n.wanted),
        LOG_NUM("ready", n.ready), LOG_NUM("old", n.old), LOG_NUM("processes", n.living));
}

/* ---- the next generation ---- */

static void exec_check(const struct supervisor *s)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    int null = open("/dev/null", O_RDWR);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(s->check_fd, STDERR_FILENO);
    unsetenv("NOTIFY_SOCKET");
    const char *program = s->setup->program;
    if (s->setup->config) {
        execl(program, program, "--check", "-c", s->setup->config, (char *)NULL);
    } else {
        execl(program, program, "--check", (char *)NULL);
    }
    dprintf(STDERR_FILENO, "%s: %s", program, strerror(errno));
    _exit(EXIT_FAILURE);
}

static void reload_start(struct supervisor *s)
{
    s->again = false;
    s->checked_from = s->phase;
    s->phase = PHASE_CHECKING;
    notify_reloading(&s->notify);
    s->check_fd = memfd_create("nexus-check", MFD_CLOEXEC);
    s->check_by_us = clock_mono_us() + CHECK_US;
    s->check_pid = fork();
    if (s->check_pid == 0) {
        exec_check(s);
    }
}

static void reload_refused(struct supervisor *s, const char *reason)
{
    scoreboard_pool_add(s->board, POOL_RELOAD_FAILURES, 1);
    LOG(LOG_ERROR, "reload refused, nothing has changed", LOG_TEXT("reason", reason),
        LOG_NUM("generation", s->generation));
    s->phase = s->checked_from;
    notify_ready(&s->notify);
    report_status(s);
}

static struct handover handover_collect(const struct supervisor *s)
{
    struct handover h = { .generation = s->generation,
                          .again = s->again,
                          .api = s->api,
                          .metrics = s->metrics,
                          .board_fd = s->board_fd };
    size_t n = pool_count(s->pool).living;
    h.children = calloc(n + 1, sizeof *h.children);
    h.slot_of = calloc(n + 1, sizeof *h.slot_of);
    for (; h.children && h.slot_of && h.count < n; h.count++) {
        const struct child *c = pool_child(s->pool, h.count);
        h.children[h.count] = *c;
        h.slot_of[h.count] = c->slot ? c->slot->index : SCOREBOARD_SLOTS;
    }
    return h;
}

/* Become the program on disk. Returns only on failure. */
static void reexec(struct supervisor *s)
{
    struct handover h = handover_collect(s);
    int fd;
    if (!handover_offer(&h, &fd)) {
        reload_refused(s, strerror(errno));
    } else {
        execv(s->setup->program, s->setup->argv);
        int saved = errno;
        handover_cancel(&h, fd);
        reload_refused(s, strerror(saved));
    }
    handover_free(&h);
}

/* First line of what the check printed. */
static void check_reason(const struct supervisor *s, int status, char *out, size_t n)
{
    ssize_t got = s->check_fd >= 0 ? pread(s->check_fd, out, n - 1, 0) : 0;
    out[got > 0 ? got : 0] = '\0';
    out[strcspn(out, "\n")] = '\0';
    if (out[0] == '\0' && WIFSIGNALED(status)) {
        snprintf(out, n, "the check ended with signal %d", WTERMSIG(status));
    } else if (out[0] == '\0') {
        snprintf(out, n, "the check ended with status %d", WEXITSTATUS(status));
    }
}

static void check_finished(struct supervisor *s, int status)
{
    char reason[512];
    check_reason(s, status, reason, sizeof reason);
    if (s->check_fd >= 0) {
        close(s->check_fd);
    }
    s->check_fd = -1;
    s->check_pid = 0;
    if (s->phase != PHASE_CHECKING) {
        return; /* told to stop meanwhile */
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS) {
        reexec(s);
    } else {
        reload_refused(s, reason);
    }
}

static void check_watch(struct supervisor *s, int64_t now_us)
{
    if (s->phase != PHASE_CHECKING) {
        return;
    }
    if (s->check_pid < 0) { /* fork failed */
        s->check_pid = 0;
        close(s->check_fd);
        s->check_fd = -1;
        reload_refused(s, "cannot start a process for the check");
    } else if (s->check_pid > 0 && now_us > s->check_by_us) {
        kill(s->check_pid, SIGKILL);
    }
}

/* The generation serves: earlier ones may go. */
static void settled(struct supervisor *s, int64_t now_us)
{
    struct pool_count n = pool_count(s->pool);
    s->phase = PHASE_RUNNING;
    LOG(LOG_INFO, "ready", LOG_NUM("generation", s->generation), LOG_NUM("workers", n.wanted),
        LOG_NUM("ready", n.ready), LOG_NUM("old", n.old));
    pool_retire_old(s->pool, now_us);
    notify_ready(&s->notify);
    report_status(s);
}

/*
 * Complete: go on. Late, but some serve: go on with them. Late and none serves: the earlier generation stays,
 * and a reload that may cure it is let through.
 */
static void settle(struct supervisor *s, int64_t now_us)
{
    if (s->phase == PHASE_SETTLING) {
        struct pool_count n = pool_count(s->pool);
        bool late = now_us >= s->settle_by_us;
        if (n.ready >= n.wanted || (late && n.ready > 0)) {
            settled(s, now_us);
        } else if (late && s->again) {
            reload_start(s);
        }
    }
    if (s->phase == PHASE_RUNNING && s->again) {
        reload_start(s);
    }
}

/* ---- signals ---- */

/*
 * A socket systemd keeps goes on collecting connections for the next start. One of our own ends with us: no
 * new peer may come, and those in the backlog are served before the workers go.
 */
static void stop(struct supervisor *s, int64_t now_us)
{
    bool last_call = s->api.ino != 0;
    s->phase = PHASE_STOPPING;
    LOG(LOG_INFO, "stopping");
    notify_stopping(&s->notify);
    if (s->check_pid > 0) {
        kill(s->check_pid, SIGKILL);
    }
    if (last_call) {
        listen_unlink(&s->api);
        (void)fcntl(s->api.fd, F_SETFL, fcntl(s->api.fd, F_GETFL) | O_NONBLOCK);
    }
    pool_stop(s->pool, last_call ? SIGUSR2 : SIGTERM, now_us);
}

static void on_stop(struct supervisor *s, bool hard)
{
    if (s->phase == PHASE_STOPPING || hard) {
        s->phase = PHASE_STOPPING;
        LOG(LOG_WARN, "stopping at once");
        notify_stopping(&s->notify);
        pool_kill(s->pool);
    } else {
        stop(s, clock_mono_us());
    }
}

static void on_signal(struct supervisor *s, uint32_t sig)
{
    switch (sig) {
    case SIGTERM:
    case SIGINT:
        on_stop(s, false);
        break;
    case SIGQUIT:
        on_stop(s, true);
        break;
    case SIGHUP:
        s->again = s->phase != PHASE_STOPPING;
        break;
    case SIGUSR1:
        log_status(s);
        break;
    default: /* SIGCHLD: reaped after every wake-up */
        break;
    }
}

static void read_signals(struct supervisor *s)
{
    struct signalfd_siginfo info;
    while (read(s->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        on_signal(s, info.ssi_signo);
    }
}

static void reap(struct supervisor *s)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == s->check_pid) {
            check_finished(s, status);
        } else {
            pool_reap(s->pool, pid, status, clock_mono_us());
        }
    }
}

/* ---- starting ---- */

static bool signals_open(struct supervisor *s)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof handled_signals / sizeof handled_signals[0]; i++) {
        sigaddset(&set, handled_signals[i]);
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL); /* an inherited "ignore" would lose exit statuses */
    s->signal_fd =
        sigprocmask(SIG_SETMASK, &set, NULL) == 0 ? signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK) : -1;
    s->ready_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return s->signal_fd >= 0 && s->ready_fd >= 0;
}

static bool sockets_open(struct supervisor *s, char *error, size_t n)
{
    if (!listen_inherited(&s->api, &s->metrics, error, n)) {
        return false;
    }
    if (s->api.fd < 0 && !listen_unix(&s->api, s->o, error, n)) {
        return false;
    }
    if (s->metrics.fd < 0 && s->o->metrics_listen[0] != '\0' &&
        !listen_tcp(&s->metrics, s->o->metrics_listen, error, n)) {
        listen_unlink(&s->api);
        return false;
    }
    return true;
}

/* Settings that only a restart follows keep their old value, and somebody should know. */
static void warn_if_moved(const struct listener *l, const char *wanted, const char *option)
{
    if (l->address[0] != '\0' && strcmp(l->address, wanted) != 0) {
        LOG(LOG_WARN, "this setting needs a restart", LOG_TEXT("option", option),
            LOG_TEXT("in_use", l->address));
    }
}

static void take_over(struct supervisor *s, const struct handover *h)
{
    s->api = h->api;
    s->metrics = h->metrics;
    s->again = h->again;
    s->generation = h->generation + 1;
    warn_if_moved(&s->api, s->o->listen, "listen");
    warn_if_moved(&s->metrics, s->o->metrics_listen, "metrics_listen");
}

/* A handed-over board of another layout is left to the workers that go on counting there, unread. */
static bool board_open(struct supervisor *s, int inherited_fd)
{
    s->board_fd = inherited_fd;
    s->board = inherited_fd >= 0 ? scoreboard_attach(inherited_fd) : NULL;
    if (!s->board) {
        if (inherited_fd >= 0) {
            close(inherited_fd);
        }
        s->board = scoreboard_create(&s->board_fd);
        return false;
    }
    return true;
}

static struct pool *pool_open(struct supervisor *s)
{
    struct pool_config c = { .workers = options_workers(s->o),
                             .metrics = s->metrics.fd >= 0,
                             .tracker = true,
                             .generation = s->generation,
                             .request_deadline_us = s->o->request_deadline,
                             .drain_timeout_us = s->o->drain_timeout,
                             .board = s->board,
                             .run = run_child,
                             .ctx = s };
    return pool_create(&c);
}

static void adopt_children(struct supervisor *s, const struct handover *h, bool same_board)
{
    for (size_t i = 0; i < h->count; i++) {
        struct child c = h->children[i];
        c.slot = same_board ? scoreboard_slot(s->board, h->slot_of[i]) : NULL;
        pool_adopt(s->pool, &c);
    }
}

static bool supervisor_open(struct supervisor *s)
{
    struct handover h;
    char error[256] = "";
    s->generation = 1;
    if (handover_accept(&h)) {
        take_over(s, &h);
    } else if (!sockets_open(s, error, sizeof error)) {
        LOG(LOG_ERROR, "cannot listen", LOG_TEXT("reason", error));
        return false;
    }
    bool same_board = board_open(s, h.board_fd);
    bool ok = s->board && signals_open(s) && (s->pool = pool_open(s));
    if (ok) {
        adopt_children(s, &h, same_board);
    } else {
        LOG(LOG_ERROR, "cannot start", LOG_TEXT("reason", strerror(errno)));
    }
    handover_free(&h);
    return ok;
}

/* ---- the loop ---- */

static void wait_for_events(struct supervisor *s, int64_t now_us)
{
    struct pollfd fds[] = { { .fd = s->signal_fd, .events = POLLIN },
                            { .fd = s->ready_fd, .events = POLLIN } };
    int64_t wait_us = pool_next(s->pool, now_us) - now_us;
    int64_t ms = wait_us > 0 ? (wait_us + 999) / 1000 : 0;
    if (poll(fds, 2, (int)ms) <= 0) {
        return;
    }
    uint64_t ignored;
    (void)!read(s->ready_fd, &ignored, sizeof ignored);
    read_signals(s);
}

static void step(struct supervisor *s)
{
    int64_t now = clock_mono_us();
    pool_spawn(s->pool, now);
    pool_watch(s->pool, now);
    check_watch(s, now);
    settle(s, now);
    if (s->phase == PHASE_STOPPING || pool_progresses(s->pool, now)) {
        notify_watchdog(&s->notify, now);
    }
    wait_for_events(s, now);
    reap(s);
}

int supervisor_run(const struct supervisor_setup *setup)
{
    struct supervisor s = { .setup = setup,
                            .o = setup->options,
                            .pid = getpid(),
                            .api.fd = -1,
                            .metrics.fd = -1,
                            .board_fd = -1,
                            .signal_fd = -1,
                            .ready_fd = -1,
                            .check_fd = -1 };
    title_set("nexus-api", "nexus-api: supervisor");
    notify_open(&s.notify);
    if (!supervisor_open(&s)) {
        return EXIT_FAILURE;
    }
    s.settle_by_us = clock_mono_us() + SETTLE_US;
    scoreboard_pool_add(s.board, POOL_RELOADS, s.generation > 1);
    report_status(&s);
    while (s.phase != PHASE_STOPPING || pool_count(s.pool).living > 0) {
        step(&s);
    }
    listen_unlink(&s.api);
    LOG(LOG_INFO, "stopped");
    pool_destroy(s.pool);
    scoreboard_detach(s.board);
    return EXIT_SUCCESS;
}
