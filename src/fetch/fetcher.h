/*
 * nexus-fetch: makes the calls of processes that may not reach the Internet. Each call has a process of its
 * own, which ends with it, so that what a hostile server does to one does nothing to the others; all the
 * parent does is to accept and to count.
 */
#ifndef NEXUS_FETCH_FETCHER_H
#define NEXUS_FETCH_FETCHER_H

#include "base/options.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* The socket systemd hands over, or one made at fetch_socket, for its owner alone. -1 with error[]. */
int fetcher_listen(const struct options *o, char *error, size_t error_size);

/* Until *stop is set; then the calls under way are waited for. `open`: the signal mask while waiting. */
void fetcher_loop(const struct options *o, int socket, const volatile int *stop, const sigset_t *open);

#endif
