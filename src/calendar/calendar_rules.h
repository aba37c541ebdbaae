/*
 * Ranges of a calendar change, laid over each other; pure. Ranges are half-open [from, to) and later ones win
 * over earlier ones, member by member.
 */
#ifndef NEXUS_CALENDAR_CALENDAR_RULES_H
#define NEXUS_CALENDAR_CALENDAR_RULES_H

#include "base/arena.h"
#include "base/date.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CALENDAR_KEEP  (-2) /* stays as it is */
#define CALENDAR_RESET (-1) /* what season, weekday or property say holds again */

enum calendar_block { CALENDAR_BLOCK_KEEP, CALENDAR_FREE, CALENDAR_BLOCKED };

/* What a night may say of its own. */
enum calendar_value {
    CALENDAR_PRICE,
    CALENDAR_MIN_NIGHTS,
    CALENDAR_MAX_NIGHTS,
    CALENDAR_CLOSED_TO_ARRIVAL, /* 0 or 1 */
    CALENDAR_CLOSED_TO_DEPARTURE,
    CALENDAR_VALUES
};

struct calendar_range {
    date_t from, to;
    int64_t value[CALENDAR_VALUES]; /* >= 0, CALENDAR_KEEP or CALENDAR_RESET */
    enum calendar_block block;
    int unit; /* index of the unit that block is about; -1: all */
};

/* What becomes of one night. Never all CALENDAR_KEEP. */
struct night_change {
    date_t night;
    int64_t value[CALENDAR_VALUES];
};

/* Nights in a row on one unit with the same new state. */
struct block_run {
    int unit;
    date_t from, to;
    bool blocked;
    int range; /* index of the range that decided it */
};

/* First and last day any range touches; count > 0. */
void calendar_span(const struct calendar_range *ranges, size_t count, date_t *from, date_t *to);

/* Nights of which a value changes, in order. Returns how many; memory in the arena. */
size_t calendar_night_changes(struct arena *a, const struct calendar_range *ranges, size_t count,
                              struct night_change **out);
/* Runs of nights to block or to free, by unit and day. */
size_t calendar_block_runs(struct arena *a, const struct calendar_range *ranges, size_t count, int units,
                           struct block_run **out);

#endif
