/* A private Redis for tests: own folder, own unix socket, no persistence. */
#include "cache/cache_tests.h"

#include <hiredis/hiredis.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/nexus-redis-XXXXXX";
static char address[64];
static char secret_path[64];
static pid_t server;
static struct options options;

bool redis_installed(void)
{
    return access("/usr/bin/redis-server", X_OK) == 0;
}

static const char *socket_path(void)
{
    return address + strlen("unix:");
}

static void run_server(pid_t parent, const char *password)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || !freopen("/dev/null", "w", stdout)) {
        _exit(1);
    }
    execl("/usr/bin/redis-server", "redis-server", "--port", "0", "--unixsocket", socket_path(), "--dir",
          folder, "--save", "", "--appendonly", "no", password ? "--requirepass" : NULL, password,
          (char *)NULL);
    _exit(1);
}

static bool try_ping(void)
{
    redisContext *link = redisConnectUnix(socket_path());
    bool up = link && !link->err;
    if (link) {
        redisFree(link);
    }
    return up;
}

static void write_secret(const char *password)
{
    FILE *f = fopen(secret_path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(fchmod(fileno(f), 0600), 0);
    fprintf(f, "%s\n", password);
    fclose(f);
}

void redis_start(const char *password)
{
    snprintf(folder, sizeof(folder), "/tmp/nexus-redis-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(address, sizeof(address), "unix:%s/redis.sock", folder);
    snprintf(secret_path, sizeof(secret_path), "%s/secret", folder);
    if (password) {
        write_secret(password);
    }
    pid_t self = getpid();
    server = fork();
    ck_assert_int_ge(server, 0);
    if (server == 0) {
        run_server(self, password);
    }
    for (int i = 0; i < 500 && !try_ping(); i++) {
        usleep(10000);
    }
    options = (struct options){ .redis = address,
                                .redis_password_file = password ? secret_path : "",
                                .redis_timeout = 2000000,
                                .redis_retry = 1000000,
                                .redis_prefix = "test:",
                                .workers = 4 };
}

void redis_stop(void)
{
    if (server > 0) {
        kill(server, SIGKILL);
        waitpid(server, NULL, 0);
        server = 0;
    }
    unlink(socket_path());
    unlink(secret_path);
    rmdir(folder);
}

void redis_signal(int signal)
{
    ck_assert_int_eq(kill(server, signal), 0);
}

struct options *redis_options(void)
{
    return &options;
}

bool redis_do(const char *fmt, ...)
{
    redisContext *link = redisConnectUnix(socket_path());
    ck_assert(link && !link->err);
    va_list ap;
    va_start(ap, fmt);
    redisReply *reply = redisvCommand(link, fmt, ap);
    va_end(ap);
    bool good = reply && reply->type != REDIS_REPLY_ERROR && reply->type != REDIS_REPLY_NIL &&
                !(reply->type == REDIS_REPLY_INTEGER && reply->integer < 0);
    freeReplyObject(reply);
    redisFree(link);
    return good;
}
