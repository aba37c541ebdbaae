/*
 * What a supervisor tells the program that replaces it (same process, execve): a text in a memfd whose number
 * is in the environment. Text, one "word values..." a line and unknown words skipped, so that two versions
 * understand each other.
 */
#ifndef NEXUS_API_HANDOVER_H
#define NEXUS_API_HANDOVER_H

#include "api/pool.h"
#include "base/listen.h"

#include <stdbool.h>
#include <stdint.h>

struct handover {
    uint32_t generation; /* of the program that hands over */
    bool again;          /* another reload was asked for meanwhile */
    struct listener api;
    struct listener metrics;
    int board_fd;           /* -1 = none */
    struct child *children; /* slots as indices in slot_of, since pointers mean nothing to the successor */
    unsigned *slot_of;      /* SCOREBOARD_SLOTS = no slot */
    size_t count;
};

#define HANDOVER_VARIABLE "NEXUS_HANDOVER_FD"

/*
 * Write the state and put its descriptor into the environment; all descriptors named in it lose
 * close-on-exec. False with errno. handover_cancel undoes it after an execve that failed.
 */
bool handover_offer(const struct handover *h, int *fd);
void handover_cancel(const struct handover *h, int fd);

/*
 * Read what the predecessor left; the variable leaves the environment and the descriptors get close-on-exec
 * back. False when there is nothing (a first start) or it cannot be understood. Free with handover_free.
 */
bool handover_accept(struct handover *h);
void handover_free(struct handover *h);

#endif
