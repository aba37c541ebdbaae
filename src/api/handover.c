/* State across execve. */
#include "api/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CHILDREN_MAX (4 * SCOREBOARD_SLOTS)

static void keep_on_exec(int fd, bool keep)
{
    if (fd >= 0) {
        (void)fcntl(fd, F_SETFD, keep ? 0 : FD_CLOEXEC);
    }
}

static void keep_all(const struct handover *h, bool keep)
{
    keep_on_exec(h->api.fd, keep);
    keep_on_exec(h->metrics.fd, keep);
    keep_on_exec(h->board_fd, keep);
}

/* ---- offering ---- */

static void write_listener(FILE *f, const char *word, const struct listener *l)
{
    fprintf(f, "%s %d %ju %ju %s\n", word, l->fd, (uintmax_t)l->dev, (uintmax_t)l->ino, l->address);
}

static void write_state(FILE *f, const struct handover *h)
{
    fprintf(f, "generation %" PRIu32 "\nagain %d\nboard %d\n", h->generation, h->again, h->board_fd);
    write_listener(f, "api", &h->api);
    write_listener(f, "metrics", &h->metrics);
    for (size_t i = 0; i < h->count; i++) {
        const struct child *c = &h->children[i];
        fprintf(f, "child %d %d %u %" PRIu32 " %" PRId64 " %" PRId64 " %d\n", (int)c->pid, (int)c->kind,
                h->slot_of[i], c->generation, c->started_us, c->kill_at_us, c->ready);
    }
}

static bool write_memfd(int fd, const struct handover *h)
{
    int copy = dup(fd); /* fclose closes what it was given */
    FILE *f = copy >= 0 ? fdopen(copy, "w") : NULL;
    if (!f) {
        close(copy);
        return false;
    }
    write_state(f, h);
    return fclose(f) == 0;
}

bool handover_offer(const struct handover *h, int *fd)
{
    char number[16];
    *fd = memfd_create("nexus-handover", MFD_CLOEXEC);
    snprintf(number, sizeof number, "%d", *fd);
    if (*fd < 0 || !write_memfd(*fd, h) || setenv(HANDOVER_VARIABLE, number, 1) != 0) {
        close(*fd);
        return false;
    }
    keep_on_exec(*fd, true);
    keep_all(h, true);
    return true;
}

void handover_cancel(const struct handover *h, int fd)
{
    unsetenv(HANDOVER_VARIABLE);
    close(fd);
    keep_all(h, false);
}

/* ---- accepting ---- */

static bool read_listener(const char *values, struct listener *l)
{
    uintmax_t dev;
    uintmax_t ino;
    int at = 0;
    *l = (struct listener){ .fd = -1 };
    if (sscanf(values, "%d %ju %ju %n", &l->fd, &dev, &ino, &at) != 3 || at == 0) {
        return false;
    }
    l->dev = (dev_t)dev;
    l->ino = (ino_t)ino;
    snprintf(l->address, sizeof l->address, "%s", values + at);
    return true;
}

static bool read_child(const char *values, struct handover *h)
{
    struct child c = { .seat = SEAT_NONE };
    int pid;
    int kind;
    int ready;
    unsigned slot;
    if (h->count >= CHILDREN_MAX ||
        sscanf(values, "%d %d %u %" SCNu32 " %" SCNd64 " %" SCNd64 " %d", &pid, &kind, &slot, &c.generation,
               &c.started_us, &c.kill_at_us, &ready) != 7) {
        return false;
    }
    c.pid = pid;
    c.kind = kind == CHILD_METRICS || kind == CHILD_TRACKER ? (enum child_kind)kind : CHILD_WORKER;
    c.ready = ready != 0;
    h->children[h->count] = c;
    h->slot_of[h->count++] = slot;
    return true;
}

static bool read_line(const char *line, struct handover *h)
{
    char word[16];
    int at = 0;
    if (sscanf(line, "%15s %n", word, &at) != 1 || at == 0) {
        return false;
    }
    const char *values = line + at;
    if (strcmp(word, "generation") == 0) {
        return sscanf(values, "%" SCNu32, &h->generation) == 1;
    }
    if (strcmp(word, "again") == 0) {
        h->again = values[0] == '1';
        return true;
    }
    if (strcmp(word, "board") == 0) {
        return sscanf(values, "%d", &h->board_fd) == 1;
    }
    if (strcmp(word, "api") == 0) {
        return read_listener(values, &h->api);
    }
    if (strcmp(word, "metrics") == 0) {
        return read_listener(values, &h->metrics);
    }
    return strcmp(word, "child") != 0 || read_child(values, h);
}

static bool read_state(FILE *f, struct handover *h)
{
    char line[512];
    bool ok = true;
    while (ok && fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = '\0';
        ok = read_line(line, h);
    }
    return ok && h->api.fd >= 0;
}

static FILE *open_state(void)
{
    const char *number = getenv(HANDOVER_VARIABLE);
    if (!number) {
        return NULL;
    }
    int fd = (int)strtol(number, NULL, 10);
    unsetenv(HANDOVER_VARIABLE);
    if (fd <= STDERR_FILENO || lseek(fd, 0, SEEK_SET) != 0) {
        return NULL;
    }
    return fdopen(fd, "r");
}

bool handover_accept(struct handover *h)
{
    *h = (struct handover){ .api.fd = -1, .metrics.fd = -1, .board_fd = -1 };
    FILE *f = open_state();
    if (!f) {
        return false;
    }
    h->children = calloc(CHILDREN_MAX, sizeof *h->children);
    h->slot_of = calloc(CHILDREN_MAX, sizeof *h->slot_of);
    bool ok = h->children && h->slot_of && read_state(f, h);
    fclose(f);
    if (ok) {
        keep_all(h, false);
    } else {
        handover_free(h);
    }
    return ok;
}

void handover_free(struct handover *h)
{
    free(h->children);
    free(h->slot_of);
    h->children = NULL;
    h->slot_of = NULL;
    h->count = 0;
}
