/*
 * A worker: takes one connection at a time from the shared listening socket, lets libfcgi read the request
 * and the service answer it. It ends when told to (SIGTERM, SIGINT or SIGHUP: after the request in hand;
 * SIGUSR2: after what waits in the backlog too), when it has served its share or grown too big, and when its
 * supervisor is gone.
 */
#ifndef NEXUS_API_WORKER_H
#define NEXUS_API_WORKER_H

#include "base/options.h"
#include "base/scoreboard.h"

#include <sys/types.h>

enum worker_exit {
    WORKER_EXIT_DRAINED = 0,
    WORKER_EXIT_FAILED = 1,   /* could not start */
    WORKER_EXIT_RECYCLE = 10, /* retired by its limits: a successor is due at once */
};

struct worker_setup {
    const struct options *options;
    struct scoreboard *board;
    struct scoreboard_slot *slot;
    int listen_fd;   /* blocking, with an accept timeout */
    int ready_fd;    /* eventfd: written once the worker takes requests */
    unsigned number; /* for people: "worker 3" */
    uint32_t generation;
    pid_t supervisor; /* parent; when it is gone the worker drains */
};

/* Run in a fresh child with all signals blocked. Returns the exit status, an enum worker_exit. */
int worker_run(const struct worker_setup *setup);

/* ---- for tests ---- */
enum accept_verdict {
    ACCEPT_RETRY,   /* nothing wrong with us: again at once */
    ACCEPT_IDLE,    /* the accept timeout went by */
    ACCEPT_BACK_OFF /* out of resources: waiting helps, exiting does not */
};
enum accept_verdict worker_accept_verdict(int error);
/* Private (unshared) resident memory of this process in bytes, 0 when unknown. */
int64_t worker_private_bytes(void);

#endif
