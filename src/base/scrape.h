/*
 * Prometheus metrics over HTTP: GET and HEAD of /metrics on a local socket, nothing else. For a small process
 * of its own, so that nobody who works ever waits for whoever scrapes.
 */
#ifndef NEXUS_BASE_SCRAPE_H
#define NEXUS_BASE_SCRAPE_H

#include "base/buf.h"
#include "base/str.h"

#include <sys/types.h>

/* Appends the exposition text, format 0.0.4. */
typedef void scrape_write(struct buf *out, void *ctx);

/* Run in a fresh child until SIGTERM or the end of its parent. Returns the exit status. */
int scrape_run(int listen_fd, pid_t parent, scrape_write *write, void *ctx);
/* A whole HTTP answer for a request head (up to and without the empty line). */
void scrape_answer(struct buf *out, struct str head, scrape_write *write, void *ctx);

#endif
