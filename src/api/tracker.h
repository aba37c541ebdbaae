/*
 * The tracker: one small process a host, beside the workers, that does what about addresses must not cost a
 * request any time. It writes what workers tell in their rings into the log of requests, and puts the
 * blocklist into the memory workers ask.
 *
 * After a reload the new one waits until the old one has gone: a lock on the scoreboard's file, which the
 * kernel gives back whatever happens to the holder.
 */
#ifndef NEXUS_API_TRACKER_H
#define NEXUS_API_TRACKER_H

#include "base/options.h"
#include "base/scoreboard.h"

#include <sys/types.h>

#define TRACKER_EVERY_US 200000 /* between two looks at the rings and at the edition of the blocklist */

struct tracker_setup {
    const struct options *options;
    struct scoreboard *board;
    int board_fd;
    uint32_t generation;
    pid_t supervisor; /* parent; this process ends with it */
};

/* Run in a fresh child until SIGTERM, and then until the workers have gone. Returns the exit status. */
int tracker_run(const struct tracker_setup *setup);

#endif
