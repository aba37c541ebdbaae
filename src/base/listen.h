/*
 * Listening sockets: the FastCGI socket of the workers and the metrics socket. They are made here, or handed
 * over by systemd (sd_listen_fds(3) protocol), or kept from the program this one replaced.
 */
#ifndef NEXUS_BASE_LISTEN_H
#define NEXUS_BASE_LISTEN_H

#include "base/options.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct listener {
    int fd;            /* blocking, close-on-exec; -1 = none */
    dev_t dev;         /* of the socket file, when this service made it and has to remove it */
    ino_t ino;         /* 0 = not ours to remove */
    char address[128]; /* path or host:port; "" for a socket that was handed over */
};

/* accept(2) on the FastCGI socket gives up after so long, which is how an idle worker shows that it is alive.
 */
#define LISTEN_ACCEPT_TIMEOUT_US 1000000

/*
 * Take the sockets of LISTEN_FDS if LISTEN_PID is this process: the one called "metrics" in LISTEN_FDNAMES
 * becomes *metrics, the first other one *api. The variables are removed from the environment. False with
 * error[] when what was handed over cannot be used; true with fd -1 when nothing was.
 */
bool listen_inherited(struct listener *api, struct listener *metrics, char *error, size_t n);
/* Make the Unix socket of the options: a stale file is replaced, a live server's is not. */
bool listen_unix(struct listener *l, const struct options *o, char *error, size_t n);
/*
 * For a program that serves others of this service: the socket systemd hands over, or one made at `path`, for
 * its owner alone. Close-on-exec. -1 with error[].
 */
int listen_private(const char *path, int backlog, char *error, size_t n);
/* "127.0.0.1:9464", "[::1]:9464": numbers only, so that no resolver is needed to start. */
bool listen_tcp(struct listener *l, const char *address, char *error, size_t n);
/* Connect to what listen_tcp listens on; each call of the socket fails after `timeout_ms`. -1 when nobody is
 * there. */
int listen_connect(const char *address, int timeout_ms);
/* Remove the socket file if it is still the one made here, so that no new peer comes. The socket stays open.
 */
void listen_unlink(struct listener *l);

#endif
