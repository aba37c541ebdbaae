/* The sd_notify protocol: newline-separated assignments in one datagram. */
#include "base/notify.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void send_text(const struct notify *n, const char *text)
{
    if (n->fd >= 0) {
        (void)sendto(n->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
                     (const struct sockaddr *)&n->address, n->address_size);
    }
}

/* WATCHDOG_PID names the process that is asked; a child of it is not. */
static int64_t watchdog_interval(void)
{
    const char *usec = getenv("WATCHDOG_USEC");
    const char *pid = getenv("WATCHDOG_PID");
    if (!usec || (pid && strtol(pid, NULL, 10) != (long)getpid())) {
        return 0;
    }
    long long v = strtoll(usec, NULL, 10);
    return v > 0 ? v : 0;
}

void notify_open(struct notify *n)
{
    *n = (struct notify){ .fd = -1 };
    const char *name = getenv("NOTIFY_SOCKET");
    size_t size = name ? strlen(name) : 0;
    if (size < 2 || size >= sizeof n->address.sun_path || (name[0] != '/' && name[0] != '@')) {
        return;
    }
    n->address.sun_family = AF_UNIX;
    memcpy(n->address.sun_path, name, size);
    if (name[0] == '@') {
        n->address.sun_path[0] = '\0';
    }
    n->address_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
    n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    n->watchdog_us = watchdog_interval();
}

void notify_close(struct notify *n)
{
    if (n->fd >= 0) {
        close(n->fd);
        n->fd = -1;
    }
}

void notify_ready(const struct notify *n)
{
    send_text(n, "READY=1");
}

void notify_reloading(const struct notify *n)
{
    char text[64];
    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_mono_us());
    send_text(n, text);
}

void notify_stopping(const struct notify *n)
{
    send_text(n, "STOPPING=1");
}

void notify_status(const struct notify *n, const char *fmt, ...)
{
    char text[256] = "STATUS=";
    size_t prefix = strlen(text);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text + prefix, sizeof text - prefix, fmt, ap);
    va_end(ap);
    send_text(n, text);
}

void notify_watchdog(struct notify *n, int64_t now_us)
{
    if (n->watchdog_us > 0 && now_us >= n->next_watchdog) {
        send_text(n, "WATCHDOG=1");
        n->next_watchdog = now_us + n->watchdog_us / 2;
    }
}
