/* Making and inheriting listening sockets. */
#include "base/listen.h"

#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define LISTEN_FDS_START 3 /* SD_LISTEN_FDS_START */
#define LISTEN_FDS_MAX   64

static const struct listener none = { .fd = -1 };

static bool refuse(char *error, size_t n, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static bool refuse(char *error, size_t n, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(error, n, fmt, ap);
    va_end(ap);
    return false;
}

/* ---- handed over by systemd ---- */

static bool is_listening_stream(int fd)
{
    int accepting = 0;
    int type = 0;
    socklen_t size = sizeof(int);
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepting, &size) == 0 && accepting &&
           getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

static void set_accept_timeout(int fd)
{
    struct timeval t = { .tv_sec = LISTEN_ACCEPT_TIMEOUT_US / 1000000,
                         .tv_usec = LISTEN_ACCEPT_TIMEOUT_US % 1000000 };
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
}

static bool adopt(struct listener *l, int fd, char *error, size_t n)
{
    if (!is_listening_stream(fd)) {
        return refuse(error, n, "inherited descriptor %d is not a listening stream socket", fd);
    }
    int flags = fcntl(fd, F_GETFL);
    (void)fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    *l = (struct listener){ .fd = fd };
    return true;
}

/* The i-th of the colon-separated names is "metrics". */
static bool names_metrics(const char *names, int i)
{
    for (; names && i > 0; i--) {
        names = strchr(names, ':');
        names = names ? names + 1 : NULL;
    }
    return names && str_eq((struct str){ names, strcspn(names, ":") }, STR("metrics"));
}

static int listen_fds(void)
{
    const char *pid = getenv("LISTEN_PID");
    const char *fds = getenv("LISTEN_FDS");
    if (!pid || !fds || strtol(pid, NULL, 10) != (long)getpid()) {
        return 0;
    }
    long n = strtol(fds, NULL, 10);
    return n > 0 && n <= LISTEN_FDS_MAX ? (int)n : 0;
}

bool listen_inherited(struct listener *api, struct listener *metrics, char *error, size_t n)
{
    *api = none;
    *metrics = none;
    const char *names = getenv("LISTEN_FDNAMES");
    int count = listen_fds();
    bool ok = true;
    for (int i = 0; i < count && ok; i++) {
        struct listener *l = names_metrics(names, i) ? metrics : api;
        ok = l->fd < 0
                 ? adopt(l, LISTEN_FDS_START + i, error, n)
                 : refuse(error, n, "more than one socket of a kind was handed over (LISTEN_FDS=%d)", count);
    }
    if (ok && api->fd >= 0) {
        set_accept_timeout(api->fd);
    }
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    return ok;
}

/* ---- the Unix socket ---- */

static bool unix_address(struct sockaddr_un *a, const char *path)
{
    *a = (struct sockaddr_un){ .sun_family = AF_UNIX };
    size_t size = strlen(path);
    if (size == 0 || size >= sizeof a->sun_path) {
        return false;
    }
    memcpy(a->sun_path, path, size);
    return true;
}

static bool somebody_answers(const struct sockaddr_un *a)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return false;
    }
    bool up = connect(fd, (const struct sockaddr *)a, sizeof *a) == 0 || errno == EAGAIN;
    close(fd);
    return up;
}

/* A socket file nobody listens on is left from a crash. Anything else at this path is not ours to remove. */
static bool remove_stale(const struct sockaddr_un *a, char *error, size_t n)
{
    struct stat st;
    if (lstat(a->sun_path, &st) != 0) {
        return errno == ENOENT || refuse(error, n, "%s: %s", a->sun_path, strerror(errno));
    }
    if (!S_ISSOCK(st.st_mode)) {
        return refuse(error, n, "%s exists and is not a socket", a->sun_path);
    }
    if (somebody_answers(a)) {
        return refuse(error, n, "%s: another process is listening", a->sun_path);
    }
    if (unlink(a->sun_path) != 0 && errno != ENOENT) {
        return refuse(error, n, "%s: cannot remove the stale socket: %s", a->sun_path, strerror(errno));
    }
    return true;
}

static bool set_owner(const char *path, const struct options *o, char *error, size_t n)
{
    if (o->listen_group[0] != '\0') {
        struct group *g = getgrnam(o->listen_group);
        if (!g) {
            return refuse(error, n, "listen_group: no group \"%s\"", o->listen_group);
        }
        if (chown(path, (uid_t)-1, g->gr_gid) != 0) {
            return refuse(error, n, "%s: cannot set group %s: %s", path, o->listen_group, strerror(errno));
        }
    }
    if (chmod(path, (mode_t)o->listen_mode) != 0) {
        return refuse(error, n, "%s: cannot set mode: %s", path, strerror(errno));
    }
    return true;
}

static bool bind_and_listen(int fd, const struct sockaddr_un *a, const struct options *o, char *error,
                            size_t n)
{
    mode_t before = umask(0777); /* nobody may connect until group and mode are right */
    int rc = bind(fd, (const struct sockaddr *)a, sizeof *a);
    int saved = errno;
    umask(before);
    if (rc != 0) {
        return refuse(error, n, "%s: %s", a->sun_path, strerror(saved));
    }
    if (!set_owner(a->sun_path, o, error, n)) {
        unlink(a->sun_path);
        return false;
    }
    if (listen(fd, (int)o->listen_backlog) != 0) {
        return refuse(error, n, "%s: listen: %s", a->sun_path, strerror(errno));
    }
    return true;
}

static int inherited_private(char *error, size_t n)
{
    struct listener l = none;
    bool ok = listen_fds() == 0 || adopt(&l, LISTEN_FDS_START, error, n);
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    return ok ? l.fd : -1;
}

int listen_private(const char *path, int backlog, char *error, size_t n)
{
    struct sockaddr_un a;
    error[0] = '\0';
    int fd = inherited_private(error, n);
    if (fd >= 0 || error[0]) {
        return fd;
    }
    if (!unix_address(&a, path)) {
        (void)refuse(error, n, "\"%s\" is empty or too long for a socket", path);
        return -1;
    }
    if (!remove_stale(&a, error, n)) {
        return -1;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    mode_t before = umask(0177);
    bool ok = fd >= 0 && bind(fd, (const struct sockaddr *)&a, sizeof(a)) == 0 && listen(fd, backlog) == 0;
    (void)(ok || refuse(error, n, "%s: %s", path, strerror(errno)));
    umask(before);
    if (!ok && fd >= 0) {
        close(fd);
    }
    return ok ? fd : -1;
}

bool listen_unix(struct listener *l, const struct options *o, char *error, size_t n)
{
    *l = none;
    struct sockaddr_un a;
    if (!unix_address(&a, o->listen)) {
        return refuse(error, n, "listen: the path is empty or too long for a socket");
    }
    if (!remove_stale(&a, error, n)) {
        return false;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return refuse(error, n, "socket: %s", strerror(errno));
    }
    struct stat st;
    if (!bind_and_listen(fd, &a, o, error, n)) {
        close(fd);
        return false;
    }
    set_accept_timeout(fd);
    l->fd = fd;
    if (lstat(a.sun_path, &st) == 0) {
        l->dev = st.st_dev;
        l->ino = st.st_ino;
    }
    snprintf(l->address, sizeof l->address, "%s", a.sun_path);
    return true;
}

void listen_unlink(struct listener *l)
{
    struct stat st;
    if (l->ino != 0 && lstat(l->address, &st) == 0 && st.st_dev == l->dev && st.st_ino == l->ino) {
        unlink(l->address);
    }
    l->ino = 0;
}

/* ---- the metrics socket ---- */

/* Split "host:port" or "[host]:port". */
static bool split_host_port(const char *address, char *host, size_t host_size, const char **port)
{
    const char *colon = strrchr(address, ':');
    if (!colon || colon == address || colon[1] == '\0') {
        return false;
    }
    struct str h = { address, (size_t)(colon - address) };
    if (h.n >= 2 && h.p[0] == '[' && h.p[h.n - 1] == ']') {
        h = (struct str){ h.p + 1, h.n - 2 };
    }
    *port = colon + 1;
    return snprintf(host, host_size, STR_FMT, STR_ARG(h)) < (int)host_size;
}

/* NULL when it is no address in numbers; free with freeaddrinfo. */
static struct addrinfo *tcp_address(const char *address)
{
    char host[128];
    const char *port;
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
    struct addrinfo *found;
    bool known =
        split_host_port(address, host, sizeof host, &port) && getaddrinfo(host, port, &hints, &found) == 0;
    return known ? found : NULL;
}

int listen_connect(const char *address, int timeout_ms)
{
    struct addrinfo *found = tcp_address(address);
    struct timeval t = { .tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000 };
    if (!found) {
        return -1;
    }
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t) == 0 &&
              setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t) == 0 &&
              connect(fd, found->ai_addr, found->ai_addrlen) == 0;
    freeaddrinfo(found);
    if (!ok && fd >= 0) {
        close(fd);
    }
    return ok ? fd : -1;
}

bool listen_tcp(struct listener *l, const char *address, char *error, size_t n)
{
    *l = none;
    struct addrinfo *found = tcp_address(address);
    if (!found) {
        return refuse(error, n, "metrics_listen: \"%s\" is not ADDRESS:PORT in numbers", address);
    }
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    bool ok = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
              bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, 64) == 0;
    int saved = errno;
    freeaddrinfo(found);
    if (!ok) {
        if (fd >= 0) {
            close(fd);
        }
        return refuse(error, n, "metrics_listen %s: %s", address, strerror(saved));
    }
    l->fd = fd;
    snprintf(l->address, sizeof l->address, "%s", address);
    return true;
}
