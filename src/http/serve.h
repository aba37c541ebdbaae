/* The pipeline as a worker sees it: one service per process, one call per request. */
#ifndef NEXUS_HTTP_SERVE_H
#define NEXUS_HTTP_SERVE_H

#include "base/options.h"

#include <fcgiapp.h>
#include <stddef.h>

struct service;
struct service_stats; /* base/scoreboard.h: where counts and latencies go; may be NULL */

/* Connects to nothing yet. `stats` is copied, `o` is borrowed. NULL with one line in error[]. */
struct service *service_create(const struct options *o, const struct service_stats *stats, char *error,
                               size_t error_size);
void service_destroy(struct service *s);

/* Runs the whole pipeline for an accepted request and writes the answer; the caller finishes the FastCGI
 * request. */
void service_handle(struct service *s, FCGX_Request *fcgi);

/* Called when there was no request for about a second: re-opens lost connections, measures dependencies. */
void service_idle(struct service *s);

#endif
