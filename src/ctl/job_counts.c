/* Reading counters of nexus-jobs. */
#include "ctl/job_counts.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/listen.h"
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TIMEOUT_MS 1000
#define ANSWER_MAX (1024 * 1024)

static bool ask(int fd, struct buf *answer)
{
    static const char request[] = "GET /metrics HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    char piece[4096];
    ssize_t n = send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL);
    if (n != (ssize_t)sizeof(request) - 1) {
        return false;
    }
    while ((n = read(fd, piece, sizeof(piece))) > 0) {
        buf_adds(answer, (struct str){ piece, (size_t)n });
    }
    return n == 0 && !answer->overflow;
}

static struct job_count *slot(struct job_counts *c, const char *name)
{
    for (int i = 0; i < c->count; i++) {
        if (strcmp(c->jobs[i].name, name) == 0) {
            return &c->jobs[i];
        }
    }
    if (c->count == JOB_COUNTS_MAX) {
        return NULL;
    }
    struct job_count *fresh = &c->jobs[c->count++];
    *fresh = (struct job_count){ .done = 0 };
    snprintf(fresh->name, sizeof(fresh->name), "%s", name);
    return fresh;
}

static void take_line(struct job_counts *c, const char *line)
{
    char name[64], outcome[16];
    long long value;
    if (sscanf(line, "nexus_job_runs_total{job=\"%63[^\"]\",outcome=\"%15[^\"]\"} %lld", name, outcome,
               &value) != 3) {
        return;
    }
    struct job_count *job = slot(c, name);
    if (job && strcmp(outcome, "done") == 0) {
        job->done += value;
    } else if (job && (strcmp(outcome, "retry") == 0 || strcmp(outcome, "dead") == 0)) {
        job->failed += value;
    }
}

bool job_counts_read(const char *address, struct job_counts *out)
{
    *out = (struct job_counts){ .at_us = 0 };
    int fd = address[0] ? listen_connect(address, TIMEOUT_MS) : -1;
    if (fd < 0) {
        return false;
    }
    struct buf answer;
    buf_init(&answer, ANSWER_MAX);
    bool read_all = ask(fd, &answer);
    close(fd);
    struct str rest = buf_str(&answer), line;
    while (read_all && str_split(&rest, '\n', &line)) {
        char text[256];
        snprintf(text, sizeof(text), STR_FMT, STR_ARG(line));
        take_line(out, text);
    }
    buf_free(&answer);
    out->at_us = read_all ? clock_mono_us() : 0;
    return read_all;
}

struct job_count job_counts_of(const struct job_counts *c, const char *name)
{
    for (int i = 0; i < c->count; i++) {
        if (strcmp(c->jobs[i].name, name) == 0) {
            return c->jobs[i];
        }
    }
    return (struct job_count){ .done = 0 };
}
