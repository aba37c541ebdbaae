/* The supervisor of nexus-jobs. */
#include "jobs/supervisor.h"

#include "base/clock.h"
#include "base/listen.h"
#include "base/log.h"
#include "base/notify.h"
#include "base/scrape.h"
#include "base/title.h"
#include "jobs/metrics.h"
#include "jobs/runner.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TICK_US     200000
#define BACKOFF_US  100000 /* before a child that has died is replaced: the first time */
#define BACKOFF_MAX 5000000
#define STABLE_US   10000000 /* whoever has lived so long has not died of the start */

struct child {
    enum job_role role;
    pid_t pid; /* 0: none */
    int number;
    int64_t born_us, again_us; /* monotonic */
    int64_t backoff_us;
    bool killed;
};

struct supervisor {
    const char *config;
    struct options *o;
    struct board *board;
    struct notify notify;
    struct listener metrics;
    struct child children[BOARD_SLOTS];
    size_t count;
    bool stopping, reload, draining; /* draining: children end to be replaced by those of other options */
    int64_t kill_us;                 /* what still lives then is killed */
    sigset_t open;
};

static volatile int stop;

static void on_stop(int sig)
{
    (void)sig;
    stop = 1;
}

static const int handled[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };

/* ---- a child ---- */

/* A signal only sets `stop`, which is looked at between two pieces of work; one that comes right before a
 * wait is seen after it, within a second. */
static void child_signals(sigset_t *open)
{
    struct sigaction ending = { .sa_handler = on_stop, .sa_flags = SA_RESTART },
                     nothing = { .sa_handler = SIG_IGN };
    sigaction(SIGTERM, &ending, NULL);
    sigaction(SIGINT, &ending, NULL);
    sigaction(SIGHUP, &nothing, NULL);
    signal(SIGCHLD, SIG_DFL);
    sigemptyset(open);
    sigprocmask(SIG_SETMASK, open, NULL);
}

static void serve_metrics(struct supervisor *s, struct jobs *j, pid_t parent)
{
    struct job_metrics m = { .board = s->board, .jobs = j };
    _exit(scrape_run(s->metrics.fd, parent, job_metrics_write, &m));
}

static void run_child(struct supervisor *s, size_t i, pid_t parent)
{
    struct child *c = &s->children[i];
    sigset_t open;
    char error[512], name[16];
    snprintf(name, sizeof(name), "jobs-%s", job_role_name(c->role));
    title_set(name, "nexus-jobs: %s%s%.0d", job_role_name(c->role), c->role == ROLE_RUNNER ? " " : "",
              c->role == ROLE_RUNNER ? c->number : 0);
    child_signals(&open);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) {
        _exit(EXIT_FAILURE);
    }
    struct jobs *j = jobs_create(s->o, error, sizeof(error));
    if (!j) {
        LOG(LOG_ERROR, "cannot start", LOG_TEXT("reason", error));
        _exit(EXIT_FAILURE);
    }
    struct job_process p = { .jobs = j,
                             .board = s->board,
                             .slot = &s->board->slots[i],
                             .stop = &stop,
                             .open = &open,
                             .no_bulk = c->role == ROLE_RUNNER && c->number == 1 && s->o->job_runners > 1 };
    if (c->role == ROLE_METRICS) {
        serve_metrics(s, j, parent);
    } else if (c->role == ROLE_SCHEDULER) {
        jobs_kinds_set(j);
        scheduler_run(&p);
    } else if (c->role == ROLE_RELAY) {
        relay_run(&p);
    } else {
        runner_run(&p);
    }
    jobs_free(j);
    _exit(EXIT_SUCCESS);
}

static void spawn(struct supervisor *s, size_t i)
{
    struct child *c = &s->children[i];
    struct board_slot *slot = &s->board->slots[i];
    pid_t self = getpid();
    c->born_us = clock_mono_us();
    c->killed = false;
    atomic_store(&slot->job, -1);
    atomic_store(&slot->deadline_us, 0);
    atomic_store(&slot->role, c->role);
    pid_t pid = fork();
    if (pid == 0) {
        run_child(s, i, self);
    }
    if (pid < 0) {
        LOG(LOG_ERROR, "cannot start a process", LOG_TEXT("reason", strerror(errno)));
        c->again_us = c->born_us + BACKOFF_MAX;
        return;
    }
    c->pid = pid;
    atomic_store(&slot->pid, pid);
}

/* ---- all of them ---- */

static void plan(struct supervisor *s)
{
    s->count = 0;
    s->children[s->count++] = (struct child){ .role = ROLE_SCHEDULER };
    if (s->metrics.fd >= 0) {
        s->children[s->count++] = (struct child){ .role = ROLE_METRICS };
    }
    if (s->o->broker[0]) {
        s->children[s->count++] = (struct child){ .role = ROLE_RELAY };
    }
    for (int i = 1; i <= s->o->job_runners; i++) {
        s->children[s->count++] = (struct child){ .role = ROLE_RUNNER, .number = i };
    }
}

static void spawn_due(struct supervisor *s, int64_t now)
{
    for (size_t i = 0; i < s->count && !s->stopping && !s->draining; i++) {
        if (s->children[i].pid == 0 && now >= s->children[i].again_us) {
            spawn(s, i);
        }
    }
}

/* Its rows are free again as soon as the scheduler has looked. */
static void ask_release(struct supervisor *s)
{
    atomic_fetch_add(&s->board->releases, 1);
}

static void on_death(struct supervisor *s, size_t i, int status)
{
    struct child *c = &s->children[i];
    int64_t now = clock_mono_us();
    atomic_store(&s->board->slots[i].pid, 0);
    c->pid = 0;
    if (s->stopping || s->draining) {
        return;
    }
    c->backoff_us = now - c->born_us > STABLE_US || c->backoff_us == 0 ? BACKOFF_US : c->backoff_us * 2;
    c->backoff_us = c->backoff_us < BACKOFF_MAX ? c->backoff_us : BACKOFF_MAX;
    c->again_us = now + c->backoff_us;
    atomic_fetch_add(&s->board->restarts, 1);
    ask_release(s);
    LOG(LOG_WARN, "a process has ended and is replaced", LOG_TEXT("role", job_role_name(c->role)),
        LOG_NUM("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0),
        LOG_NUM("status", WIFEXITED(status) ? WEXITSTATUS(status) : 0));
}

static void reap(struct supervisor *s)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (size_t i = 0; i < s->count; i++) {
            if (s->children[i].pid == pid) {
                on_death(s, i, status);
            }
        }
    }
}

/* Whoever is past its deadline hangs. */
static void watch(struct supervisor *s, int64_t now)
{
    for (size_t i = 0; i < s->count; i++) {
        struct child *c = &s->children[i];
        int64_t deadline = atomic_load(&s->board->slots[i].deadline_us);
        if (c->pid > 0 && !c->killed && deadline > 0 && now > deadline) {
            int32_t job = atomic_load(&s->board->slots[i].job);
            LOG(LOG_ERROR, "a process has taken too long and is killed",
                LOG_TEXT("role", job_role_name(c->role)),
                LOG_TEXT("job", job >= 0 ? job_registry[job]->name : ""));
            atomic_fetch_add(&s->board->kills, 1);
            c->killed = kill(c->pid, SIGKILL) == 0;
        }
    }
}

static size_t living(const struct supervisor *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->count; i++) {
        n += s->children[i].pid > 0;
    }
    return n;
}

static void tell_all(struct supervisor *s, int sig)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->children[i].pid > 0) {
            kill(s->children[i].pid, sig);
        }
    }
}

static void end_children(struct supervisor *s)
{
    s->kill_us = clock_mono_us() + s->o->drain_timeout;
    tell_all(s, SIGTERM);
}

/* ---- signals ---- */

static void on_signal(struct supervisor *s, int sig)
{
    if (sig == SIGHUP) {
        s->reload = !s->stopping;
    } else if (sig == SIGTERM || sig == SIGINT) {
        if (s->stopping) {
            tell_all(s, SIGKILL);
        } else {
            log_msg(LOG_INFO, "jobs are ending");
            notify_stopping(&s->notify);
            s->stopping = true;
            end_children(s);
        }
    }
}

static void reload_start(struct supervisor *s)
{
    char error[512];
    const char *wrong = error;
    s->reload = false;
    struct options *o = options_load(s->config, error, sizeof(error));
    if (o && (wrong = jobs_possible(o, error, sizeof(error))) == NULL) {
        options_free(s->o);
        s->o = o;
        s->draining = true;
        notify_reloading(&s->notify);
        end_children(s);
        return;
    }
    LOG(LOG_ERROR, "reload refused, nothing has changed", LOG_TEXT("reason", wrong));
    if (o) {
        options_free(o);
    }
}

static void reload_end(struct supervisor *s)
{
    if (s->draining && living(s) == 0) {
        s->draining = false;
        plan(s);
        log_msg(LOG_INFO, "jobs go on with other settings");
        notify_ready(&s->notify);
    }
}

/* ---- the loop ---- */

static void step(struct supervisor *s)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++) {
        sigaddset(&set, handled[i]);
    }
    int64_t now = clock_mono_us();
    spawn_due(s, now);
    watch(s, now);
    notify_watchdog(&s->notify, now);
    if ((s->stopping || s->draining) && now > s->kill_us) {
        tell_all(s, SIGKILL);
    }
    const struct timespec most = { .tv_nsec = TICK_US * 1000L };
    int sig = sigtimedwait(&set, NULL, &most);
    if (sig > 0) {
        on_signal(s, sig);
    }
    reap(s);
    if (s->reload && !s->draining && !s->stopping) {
        reload_start(s);
    }
    reload_end(s);
}

static bool signals_close(struct supervisor *s)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++) {
        sigaddset(&set, handled[i]);
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    return sigprocmask(SIG_BLOCK, &set, &s->open) == 0;
}

const char *jobs_possible(const struct options *o, char *error, size_t size)
{
    const char *wrong = mq_wrong(o);
    struct jobs *j = wrong ? NULL : jobs_create(o, error, size);
    jobs_free(j);
    return wrong ? wrong : j ? NULL : error;
}

int jobs_supervise(const char *config, struct options *o)
{
    struct supervisor s = { .config = config, .o = o, .metrics.fd = -1 };
    char error[256] = "no memory";
    title_set("nexus-jobs", "nexus-jobs: supervisor");
    notify_open(&s.notify);
    s.board = board_create();
    bool ok =
        s.board && signals_close(&s) &&
        (!o->jobs_metrics_listen[0] || listen_tcp(&s.metrics, o->jobs_metrics_listen, error, sizeof(error)));
    if (!ok) {
        LOG(LOG_ERROR, "cannot start", LOG_TEXT("reason", error));
        options_free(o);
        return EXIT_FAILURE;
    }
    plan(&s);
    spawn_due(&s, clock_mono_us());
    log_msg(LOG_INFO, "jobs started");
    notify_ready(&s.notify);
    while (!s.stopping || living(&s) > 0) {
        step(&s);
    }
    log_msg(LOG_INFO, "jobs ended");
    options_free(s.o);
    return EXIT_SUCCESS;
}
