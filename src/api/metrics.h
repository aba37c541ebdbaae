/*
 * Prometheus metrics: a small process of its own, so that neither the supervisor nor a worker ever waits for
 * whoever scrapes. Answers GET and HEAD of /metrics on the local metrics socket from the scoreboard, nothing
 * else.
 */
#ifndef NEXUS_API_METRICS_H
#define NEXUS_API_METRICS_H

#include "base/buf.h"
#include "base/scoreboard.h"
#include "base/str.h"

#include <sys/types.h>

struct metrics_setup {
    int listen_fd;
    struct scoreboard *board;
    pid_t supervisor; /* parent; this process ends with it */
};

/* Run in a fresh child until SIGTERM. Returns the exit status. */
int metrics_run(const struct metrics_setup *setup);

/* The exposition text, format 0.0.4. Series are bounded by the scoreboard's table sizes. */
void metrics_write(struct buf *out, struct scoreboard *board);
/* A whole HTTP answer for a request head (up to and without the empty line). */
void metrics_answer(struct buf *out, struct str head, struct scoreboard *board);

#endif
