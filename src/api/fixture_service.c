/*
 * A service for tests of the supervisor: instead of the request pipeline it does what the query string says.
 *
 *   sleep=MS   answer after so many milliseconds       spin      never answer
 *   crash      abort                                   leak=N    keep N more bytes of memory
 *
 * Every answer is one line: pid, version, number of requests of this process. A worker refuses to start while
 * the file named by FIXTURE_REFUSE exists, which --check does not notice. Tests make a "new version" of the
 * program by changing the text below in a copy of it.
 */
#include "base/clock.h"
#include "base/scoreboard.h"
#include "http/serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char version[] = "fixture-version-1";

struct service {
    struct scoreboard_slot *slot;
    unsigned op;
    unsigned served;
};

struct service *service_create(const struct options *o, const struct service_stats *stats, char *error,
                               size_t error_size)
{
    const char *refuse = getenv("FIXTURE_REFUSE");
    if (stats && refuse && access(refuse, F_OK) == 0) {
        snprintf(error, error_size, "told to refuse");
        return NULL;
    }
    struct service *s = calloc(1, sizeof *s);
    if (stats) {
        s->slot = stats->slot;
        s->op = scoreboard_op(stats->board, "fixture_do");
    }
    return s;
}

void service_destroy(struct service *s)
{
    free(s);
}

void service_idle(struct service *s) {}

/* Value of "name=" at the start of the query string, or -1. */
static long argument(const char *query, const char *name)
{
    size_t n = strlen(name);
    return strncmp(query, name, n) == 0 && query[n] == '=' ? strtol(query + n + 1, NULL, 10) : -1;
}

static void leak(size_t n)
{
    static void *kept;
    char *p = malloc(n + sizeof kept);
    memset(p, 1, n + sizeof kept);
    memcpy(p, &kept, sizeof kept); /* still reachable: growth, not what a leak checker looks for */
    kept = p;
}

static void obey(const char *query)
{
    if (argument(query, "sleep") > 0) {
        usleep((useconds_t)argument(query, "sleep") * 1000);
    } else if (argument(query, "leak") > 0) {
        leak((size_t)argument(query, "leak"));
    } else if (strcmp(query, "crash") == 0) {
        abort();
    }
    while (strcmp(query, "spin") == 0) {
        usleep(1000);
    }
}

static void read_body(FCGX_Stream *in)
{
    char waste[4096];
    while (FCGX_GetStr(waste, sizeof waste, in) > 0) {
    }
}

void service_handle(struct service *s, FCGX_Request *fcgi)
{
    int64_t start = clock_mono_us();
    const char *query = FCGX_GetParam("QUERY_STRING", fcgi->envp);
    scoreboard_worker_state(s->slot, WORKER_BUSY, s->op);
    read_body(fcgi->in);
    obey(query ? query : "");
    s->served++;
    FCGX_FPrintF(fcgi->out, "Status: 200 OK\r\nContent-Type: text/plain\r\n\r\n%d %s %u\n", (int)getpid(),
                 version, s->served);
    scoreboard_op_done(s->slot, s->op, 200, clock_mono_us() - start);
}
