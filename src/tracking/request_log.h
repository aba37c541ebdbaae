/* Writing the log of requests into the database, many at a time. */
#ifndef NEXUS_TRACKING_REQUEST_LOG_H
#define NEXUS_TRACKING_REQUEST_LOG_H

#include "base/request_ring.h"
#include "base/scoreboard.h"
#include "db/db.h"
#include "tracking/location.h"

#define REQUEST_LOG_BATCH 1000 /* notes at a time */

/*
 * Committed when it returns ERR_NONE. The same notes again change nothing, so that after any failure they may
 * be. Partitions that are missing are made.
 */
enum err request_log_write(struct db *db, struct arena *a, const struct scoreboard *board,
                           struct locations *l, const struct request_note *notes, size_t count) MUST_CHECK;

#endif
