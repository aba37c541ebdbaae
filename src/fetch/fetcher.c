/* The loop of nexus-fetch, and what one of its children does. */
#include "fetch/fetcher.h"

#include "base/clock.h"
#include "base/listen.h"
#include "base/log.h"
#include "fetch/call.h"
#include "fetch/url.h"
#include "fetch/wire.h"

#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define BACKLOG       512
#define ASK_US        5000000 /* in which the caller has to say what it wants */
#define TIMEOUT_MAX   INT64_C(120000000)
#define GRACE_US      1000000 /* after the deadline, before a call that hangs in a resolver is ended */
#define CPU_SECONDS   60
#define ARENA_BLOCK   (64 * 1024)
#define ARENA_CEILING (4 * 1024 * 1024)
#define PAUSE_MS      100 /* after accept has failed */

int fetcher_listen(const struct options *o, char *error, size_t error_size)
{
    return listen_private(o->fetch_socket, BACKLOG, error, error_size);
}

/* ---- one call ---- */

static void limit_time(int64_t us)
{
    struct itimerval t = { .it_value = { .tv_sec = us / 1000000, .tv_usec = us % 1000000 } };
    setitimer(ITIMER_REAL, &t, NULL); /* its signal ends the process */
}

static void tell_of_failure(const struct wire_call *call, const struct fetched *answer, int64_t us)
{
    struct url_place place = { .host = "" };
    (void)url_place(call->ask.url, &place);
    LOG(LOG_INFO, "no answer", LOG_TEXT("host", place.host), LOG_TEXT("why", answer->why), LOG_NUM("us", us));
}

static void make_call(const struct options *o, struct arena *a, const struct wire_call *call,
                      struct fetched *out)
{
    int64_t start = clock_mono_us();
    int64_t timeout = call->timeout_us < TIMEOUT_MAX ? call->timeout_us : TIMEOUT_MAX;
    struct call_way way = { .arena = a,
                            .issuer = call->issuer,
                            .ca = call->ca,
                            .deadline_us = start + timeout,
                            .inside = o->fetch_inside,
                            .resolve = true };
    limit_time((timeout > 0 ? timeout : 0) + GRACE_US);
    call_run(&way, &call->ask, out);
    if (out->status == 0) {
        tell_of_failure(call, out, clock_mono_us() - start);
    }
}

static bool answer(int peer, const struct fetched *said, bool busy)
{
    struct buf message;
    buf_init(&message, WIRE_MAX);
    bool sent = wire_put_answer(&message, said, busy) && wire_send(peer, &message, 0);
    buf_free(&message);
    return sent;
}

static int serve(const struct options *o, int peer)
{
    struct timeval t = { .tv_sec = ASK_US / 1000000 };
    struct arena *a = arena_create(ARENA_BLOCK, ARENA_CEILING);
    struct fetched said;
    struct wire_call call;
    struct str message;
    int file = 0;
    (void)setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
    (void)setsockopt(peer, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
    (void)setrlimit(RLIMIT_CPU, &(struct rlimit){ CPU_SECONDS, CPU_SECONDS });
    if (!wire_receive(peer, a, &message, &file) || !wire_get_call(message, &call)) {
        return EXIT_FAILURE;
    }
    call.ask.file = file;
    make_call(o, a, &call, &said);
    return answer(peer, &said, false) ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- the loop ---- */

static void child(const struct options *o, int socket, int peer)
{
    static const int plain[] = { SIGTERM, SIGINT, SIGALRM, SIGCHLD };
    sigset_t none;
    close(socket);
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        signal(plain[i], SIG_DFL);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    _exit(serve(o, peer));
}

static void take(const struct options *o, int socket, unsigned *calls)
{
    int peer = accept4(socket, NULL, NULL, SOCK_CLOEXEC);
    if (peer < 0) {
        bool usual = errno == EINTR || errno == EAGAIN || errno == ECONNABORTED;
        (void)(usual ? 0 : poll(NULL, 0, PAUSE_MS));
        return;
    }
    pid_t pid = *calls < (unsigned)o->fetch_calls ? fork() : -1;
    if (pid == 0) {
        child(o, socket, peer);
    }
    if (pid > 0) {
        (*calls)++;
    } else {
        (void)answer(peer, &(struct fetched){ .unsent = true }, true);
    }
    close(peer);
}

static void reap(unsigned *calls)
{
    int status;
    while (*calls > 0 && waitpid(-1, &status, WNOHANG) > 0) {
        (*calls)--;
        if (WIFSIGNALED(status)) {
            LOG(WTERMSIG(status) == SIGALRM ? LOG_INFO : LOG_ERROR, "a call was ended",
                LOG_NUM("signal", WTERMSIG(status)));
        }
    }
}

void fetcher_loop(const struct options *o, int socket, const volatile int *stop, const sigset_t *open)
{
    unsigned calls = 0;
    (void)curl_global_init(CURL_GLOBAL_DEFAULT); /* once, for all children */
    /* The resolver's own patience is longer than anybody's here. */
    (void)setenv("RES_OPTIONS", "timeout:2 attempts:2", 0);
    while (!*stop) {
        struct pollfd p = { .fd = socket, .events = POLLIN };
        int ready = ppoll(&p, 1, NULL, open); /* the end of a child interrupts it */
        reap(&calls);
        if (ready > 0 && !*stop) {
            take(o, socket, &calls);
        }
    }
    close(socket);
    while (calls > 0) {
        (void)ppoll(NULL, 0, NULL, open);
        reap(&calls);
    }
}
