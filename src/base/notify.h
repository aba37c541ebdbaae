/*
 * Telling systemd how the service is: the datagram protocol of sd_notify(3), without libsystemd. Everything
 * is a no-op when NOTIFY_SOCKET is not set, and a failing send is ignored: a service must not die of its
 * supervisor.
 */
#ifndef NEXUS_BASE_NOTIFY_H
#define NEXUS_BASE_NOTIFY_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct notify {
    int fd; /* -1 when nobody wants to know */
    struct sockaddr_un address;
    socklen_t address_size;
    int64_t watchdog_us;   /* interval within which WATCHDOG=1 is expected; 0 = no watchdog */
    int64_t next_watchdog; /* clock_mono_us of the next one */
};

/* From NOTIFY_SOCKET (a path or an abstract name after @), WATCHDOG_USEC and WATCHDOG_PID. */
void notify_open(struct notify *n);
void notify_close(struct notify *n);

void notify_ready(const struct notify *n);
void notify_reloading(const struct notify *n); /* with MONOTONIC_USEC, as Type=notify-reload asks */
void notify_stopping(const struct notify *n);
void notify_status(const struct notify *n, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Send WATCHDOG=1 when half the interval has gone by. */
void notify_watchdog(struct notify *n, int64_t now_us);

#endif
