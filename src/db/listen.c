/* Waiting for notifications on the connection that runs batches. */
#include "db/internal.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>

static bool take_notification(struct db *db, char *payload, size_t size)
{
    PGnotify *n = db->conn ? PQnotifies(db->conn) : NULL;
    if (n) {
        snprintf(payload, size, "%s", n->extra);
        PQfreemem(n);
    }
    return n != NULL;
}

bool db_await(struct db *db, int64_t wait_us, const sigset_t *signals, char *payload, size_t size)
{
    if (take_notification(db, payload, size)) {
        return true;
    }
    bool up = db->state == DB_UP;
    struct pollfd fd = { .fd = up ? PQsocket(db->conn) : -1, .events = POLLIN };
    struct timespec most = { .tv_sec = wait_us / 1000000, .tv_nsec = wait_us % 1000000 * 1000 };
    if (ppoll(&fd, 1, &most, signals) <= 0 || !up) {
        return false;
    }
    if (!PQconsumeInput(db->conn) || PQstatus(db->conn) != CONNECTION_OK) {
        db_drop(db, false);
        return false;
    }
    return take_notification(db, payload, size);
}
