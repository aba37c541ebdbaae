/*
 * Recurrences (RFC 5545, 3.3.10), by the day. Every day from a start to an end is put to one predicate, so
 * the work is bounded by days looked at, whatever a rule says: rules that match nothing end with the window,
 * and rules that name millions of combinations cost what the plainest costs.
 */
#ifndef NEXUS_ICAL_ICAL_RECUR_H
#define NEXUS_ICAL_ICAL_RECUR_H

#include "base/date.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ical_freq { ICAL_DAILY, ICAL_WEEKLY, ICAL_MONTHLY, ICAL_YEARLY };

#define ICAL_SETPOS_MAX   64
#define ICAL_ORDINAL_MAX  53
#define ICAL_YEARDAY_SIZE 6 /* words of a set of 1 to 366 */

/* Sets are bits by number; "last" numbers from the end. */
struct ical_rule {
    enum ical_freq freq;
    int interval;                                           /* > 0 */
    int64_t count;                                          /* 0: no limit */
    uint32_t months;                                        /* 1 to 12; 0: any */
    uint32_t monthdays, last_monthdays;                     /* 1 to 31 */
    uint64_t yeardays[ICAL_YEARDAY_SIZE];                   /* 1 to 366 */
    uint64_t last_yeardays[ICAL_YEARDAY_SIZE];              /* YEARLY only */
    uint32_t weekdays;                                      /* 0 is Monday: every such day */
    uint64_t ordinal_weekdays[7], last_ordinal_weekdays[7]; /* 1 to 53; MONTHLY and YEARLY only */
    bool has_yeardays, has_monthdays, has_weekdays, has_ordinals;
    int setpos[ICAL_SETPOS_MAX];
    int setpos_count;
    int week_start; /* 0 is Monday */
};

/* Days found, in ascending order; `list` has room for `max`. */
struct ical_days {
    date_t *list;
    size_t count, max;
    int64_t steps; /* left, of all recurrences together */
    bool over;     /* more than max */
    bool costly;   /* no steps are left */
};

/*
 * Add the days in [from, to] on which something that started on `start` happens again: `start` itself, which
 * counts whatever the rule says, and days after it up to and including `until`.
 */
void ical_recur(const struct ical_rule *rule, date_t start, date_t until, date_t from, date_t to,
                struct ical_days *out);

#endif
