/*
 * The accept loop.
 *
 * Signals that ask the worker to end are blocked except around accept(2), so no request is ever disturbed. A
 * signal that arrives between the test of the flag and accept(2) would be slept over; therefore the handler
 * arms a timer that interrupts accept(2) again and again until the loop has noticed.
 *
 * libfcgi is only given connections that are already accepted: its own accept loop has a window before
 * shutdown, no read deadline and gives up on EMFILE. With listen_sock -1 it cannot accept by itself, and
 * SO_RCVTIMEO bounds each of its reads.
 */
#include "api/worker.h"

#include "api/jitter.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/title.h"
#include "http/serve.h"

#include <errno.h>
#include <fastcgi.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define WAKE_INTERVAL_NS  50000000 /* how often a missed signal is repeated */
#define CLOSE_TIMEOUT_MS  "20"     /* how long libfcgi waits for the peer to close first; it needs not */
#define BACK_OFF_FIRST_US 5000
#define BACK_OFF_LAST_US  500000
#define COMPLAIN_EVERY_US 10000000 /* at most one log line about accept errors in this time */
#define MEASURE_EVERY     256      /* requests between two looks at memory */
#define RECYCLE_JITTER    10       /* percent */

struct worker {
    const struct worker_setup *setup;
    struct service *service;
    FCGX_Request fcgi;
    sigset_t closed; /* while a request is handled */
    sigset_t open;   /* while waiting for one */
    uint64_t served;
    uint64_t max_served; /* 0 = no limit */
    int64_t base_memory; /* private bytes when ready */
    int64_t back_off_us;
    int64_t complained_us;
    bool retire;
};

static volatile sig_atomic_t draining;
static volatile sig_atomic_t last_call; /* serve what waits in the backlog before going */
static timer_t wake_timer;

static const int drain_signals[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR2 };

/* ---- signals ---- */

static void on_drain(int sig)
{
    static const struct itimerspec again = { .it_value.tv_nsec = WAKE_INTERVAL_NS,
                                             .it_interval.tv_nsec = WAKE_INTERVAL_NS };
    if (sig == SIGUSR2) {
        last_call = 1;
    }
    draining = 1;
    timer_settime(wake_timer, 0, &again, NULL);
}

static void on_wake(int sig)
{
    (void)sig; /* interrupting accept(2) is all it is for */
}

static bool signals_start(struct worker *w)
{
    struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
    struct sigaction drain = { .sa_handler = on_drain };
    struct sigaction wake = { .sa_handler = on_wake };
    struct sigaction ignore = { .sa_handler = SIG_IGN };
    sigemptyset(&w->open);
    sigemptyset(&w->closed);
    sigaddset(&w->closed, SIGALRM);
    for (size_t i = 0; i < sizeof drain_signals / sizeof drain_signals[0]; i++) {
        sigaddset(&w->closed, drain_signals[i]);
    }
    if (timer_create(CLOCK_MONOTONIC, &e, &wake_timer) != 0 || sigaction(SIGALRM, &wake, NULL) != 0 ||
        sigaction(SIGPIPE, &ignore, NULL) != 0 || sigaction(SIGUSR1, &ignore, NULL) != 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof drain_signals / sizeof drain_signals[0]; i++) {
        if (sigaction(drain_signals[i], &drain, NULL) != 0) {
            return false;
        }
    }
    return sigprocmask(SIG_SETMASK, &w->closed, NULL) == 0;
}

/* The supervisor may have died before the death signal was asked for: then the parent is another one already.
 */
static bool orphan_guard(pid_t supervisor)
{
    return prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == supervisor;
}

/* ---- accepting ---- */

enum accept_verdict worker_accept_verdict(int error)
{
    switch (error) {
    case EAGAIN:
        return ACCEPT_IDLE;
    case EINTR:        /* a signal: the loop looks at its flag */
    case ECONNABORTED: /* the peer has gone again; so for the rest, accept(2) on Linux */
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ETIMEDOUT:
        return ACCEPT_RETRY;
    default: /* EMFILE, ENFILE, ENOMEM, ENOBUFS and what nobody foresaw */
        return ACCEPT_BACK_OFF;
    }
}

/* Wait for a connection with signals let in; errno tells why there is none. */
static int next_connection(struct worker *w)
{
    sigprocmask(SIG_SETMASK, &w->open, NULL);
    int fd = -1;
    errno = EINTR;
    if (!draining || last_call) {
        fd = accept4(w->setup->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    }
    int saved = errno;
    sigprocmask(SIG_SETMASK, &w->closed, NULL);
    errno = saved;
    return fd;
}

static void complain(struct worker *w, int error)
{
    int64_t now = clock_mono_us();
    scoreboard_count(w->setup->slot, WORKER_ACCEPT_ERRORS);
    if (w->complained_us == 0 || now - w->complained_us > COMPLAIN_EVERY_US) {
        LOG(LOG_WARN, "cannot accept connections, waiting", LOG_TEXT("reason", strerror(error)));
        w->complained_us = now;
    }
}

static void back_off(struct worker *w, int error)
{
    complain(w, error);
    w->back_off_us = w->back_off_us == 0 ? BACK_OFF_FIRST_US : w->back_off_us * 2;
    if (w->back_off_us > BACK_OFF_LAST_US) {
        w->back_off_us = BACK_OFF_LAST_US;
    }
    int64_t us = jitter(w->back_off_us, 50);
    struct timespec t = { .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };
    ppoll(NULL, 0, &t, &w->open);
}

static void idle(struct worker *w)
{
    if (draining) { /* last call, and nobody is left */
        w->retire = true;
        return;
    }
    scoreboard_worker_state(w->setup->slot, WORKER_IDLE, SCOREBOARD_OP_OTHER);
    service_idle(w->service);
}

static void no_connection(struct worker *w, int error)
{
    switch (worker_accept_verdict(error)) {
    case ACCEPT_RETRY:
        break;
    case ACCEPT_IDLE:
        idle(w);
        break;
    case ACCEPT_BACK_OFF:
        back_off(w, error);
        scoreboard_worker_state(w->setup->slot, WORKER_IDLE, SCOREBOARD_OP_OTHER);
        break;
    }
}

/* ---- one request ---- */

static void set_deadlines(int fd, int64_t us)
{
    struct timeval t = { .tv_sec = us / 1000000, .tv_usec = us % 1000000 };
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
}

/*
 * keepConnection keeps libfcgi from closing the connection as the end of a previous request, which there is
 * not. It takes any end of the parameters for the end of the parameters, be it a time-out or a protocol
 * error; the stream remembers which.
 */
static bool read_request(struct worker *w, int fd)
{
    w->fcgi.ipcFd = fd;
    w->fcgi.keepConnection = 1;
    return FCGX_Accept_r(&w->fcgi) == 0 && FCGX_GetError(w->fcgi.in) == 0 && w->fcgi.role == FCGI_RESPONDER;
}

/*
 * Before it closes a connection libfcgi waits for the peer to close, lest a reset destroy the answer. On a
 * Unix socket that can only happen while input is unread; otherwise the wait is a context switch for nothing.
 */
static void close_without_waiting(FCGX_Request *fcgi)
{
    if (FCGX_HasSeenEOF(fcgi->in) == EOF && FCGX_GetError(fcgi->in) == 0) {
        FCGX_Detach(fcgi);
    }
}

/* Whatever the peer asked for, the connection is closed: a kept one would pin this worker. */
static void answer_request(struct worker *w)
{
    scoreboard_worker_state(w->setup->slot, WORKER_BUSY, SCOREBOARD_OP_OTHER);
    service_handle(w->service, &w->fcgi);
    w->fcgi.keepConnection = 0;
    close_without_waiting(&w->fcgi);
    FCGX_Finish_r(&w->fcgi);
    w->served++;
}

/* No request, so no answer either; libfcgi may have closed the connection by itself. */
static void drop_request(struct worker *w)
{
    scoreboard_count(w->setup->slot, WORKER_PROTOCOL_ERRORS);
    if (w->fcgi.ipcFd >= 0) {
        FCGX_Free(&w->fcgi, 1);
    }
}

static void handle_connection(struct worker *w, int fd)
{
    struct scoreboard_slot *slot = w->setup->slot;
    scoreboard_worker_state(slot, WORKER_READING, SCOREBOARD_OP_OTHER);
    set_deadlines(fd, w->setup->options->read_timeout);
    if (read_request(w, fd)) {
        answer_request(w);
    } else {
        drop_request(w);
    }
    scoreboard_worker_state(slot, WORKER_IDLE, SCOREBOARD_OP_OTHER);
}

/* ---- limits ---- */

/* statm counts pages: size, resident, shared, ... What is resident and not shared is this worker's own. */
int64_t worker_private_bytes(void)
{
    FILE *f = fopen("/proc/self/statm", "re");
    if (!f) {
        return 0;
    }
    long long resident = 0;
    long long shared = 0;
    int got = fscanf(f, "%*s %lld %lld", &resident, &shared);
    fclose(f);
    return got == 2 ? (resident - shared) * (int64_t)sysconf(_SC_PAGESIZE) : 0;
}

static void check_limits(struct worker *w)
{
    const struct options *o = w->setup->options;
    if (w->max_served > 0 && w->served >= w->max_served) {
        w->retire = true;
    }
    if (w->served % MEASURE_EVERY != 0) {
        return;
    }
    int64_t bytes = worker_private_bytes();
    scoreboard_private_bytes(w->setup->slot, bytes);
    if (o->worker_max_growth > 0 && bytes - w->base_memory > o->worker_max_growth) {
        LOG(LOG_INFO, "worker has grown and retires", LOG_NUM("served", w->served),
            LOG_NUM("grown_bytes", bytes - w->base_memory));
        w->retire = true;
    }
}

/* ---- life ---- */

static bool worker_start(struct worker *w)
{
    const struct worker_setup *s = w->setup;
    char error[256] = "";
    setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", CLOSE_TIMEOUT_MS, 1);
    /* FCGX_Init puts handlers of its own where signals are default or ignored; ours come after. */
    if (FCGX_Init() != 0 || !signals_start(w) || !orphan_guard(s->supervisor) ||
        FCGX_InitRequest(&w->fcgi, -1, FCGI_FAIL_ACCEPT_ON_INTR) != 0) {
        LOG(LOG_ERROR, "worker cannot start", LOG_TEXT("reason", strerror(errno)));
        return false;
    }
    struct service_stats stats = { .board = s->board, .slot = s->slot };
    w->service = service_create(s->options, &stats, error, sizeof error);
    if (!w->service) {
        LOG(LOG_ERROR, "worker cannot start", LOG_TEXT("reason", error));
        return false;
    }
    w->max_served = (uint64_t)jitter(s->options->worker_max_requests, RECYCLE_JITTER);
    w->base_memory = worker_private_bytes();
    scoreboard_private_bytes(s->slot, w->base_memory);
    return true;
}

static void announce_ready(const struct worker *w)
{
    uint64_t one = 1;
    scoreboard_worker_state(w->setup->slot, WORKER_IDLE, SCOREBOARD_OP_OTHER);
    (void)!write(w->setup->ready_fd, &one, sizeof one); /* the supervisor looks again in a second anyway */
}

static void serve(struct worker *w)
{
    while (!w->retire && (!draining || last_call)) {
        int fd = next_connection(w);
        if (fd < 0) {
            no_connection(w, errno);
            continue;
        }
        w->back_off_us = 0;
        handle_connection(w, fd);
        check_limits(w);
    }
}

int worker_run(const struct worker_setup *setup)
{
    struct worker w = { .setup = setup };
    title_set("nexus-worker", "nexus-api: worker %u", setup->number);
    scoreboard_slot_begin(setup->slot, getpid(), setup->generation);
    if (!worker_start(&w)) {
        return WORKER_EXIT_FAILED;
    }
    announce_ready(&w);
    serve(&w);
    scoreboard_worker_state(setup->slot, WORKER_DRAINING, SCOREBOARD_OP_OTHER);
    service_destroy(w.service);
    return draining ? WORKER_EXIT_DRAINED : WORKER_EXIT_RECYCLE;
}
