/*
 * Calendars of others (iCalendar, RFC 5545): the nights they say are taken.
 *
 * What comes in may be anything, so it is never given to a library whole. A scanner of our own unfolds lines,
 * keeps the few properties of events that matter, and drops everything else (alarms, zone definitions,
 * attachments); libical reads the values of one event at a time; recurrences are expanded here, day by day,
 * within a budget of steps. ical_read does all that in a box (base/box.h).
 *
 * Times stay what the calendar says, on the clock of a named zone: only PostgreSQL turns them into nights.
 */
#ifndef NEXUS_ICAL_ICAL_H
#define NEXUS_ICAL_ICAL_H

#include "base/arena.h"
#include "base/date.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ICAL_BYTES_MAX       (5 * 1024 * 1024)
#define ICAL_COMPONENTS_MAX  10000  /* of a calendar, everything between BEGIN and END */
#define ICAL_DEPTH_MAX       8      /* of components in components */
#define ICAL_EVENT_MAX       65536  /* bytes of an event, of what matters in it */
#define ICAL_OCCURRENCES_MAX 1000   /* of recurring events, all together, within the window */
#define ICAL_STEPS_MAX       500000 /* days looked at for recurrences, all together */
#define ICAL_WINDOW_DAYS     731    /* from today, what is imported */
#define ICAL_ZONES_MAX       200
#define ICAL_CPU_US          200000
#define ICAL_UID_MAX         200 /* longer ones are cut, with a hash */
#define ICAL_SUMMARY_MAX     200 /* bytes */

/* FAULT(name, sentence): why a calendar is refused as a whole. Names are stable: hosts see them. */
#define ICAL_FAULTS(FAULT)                                                                                   \
    FAULT(OK, ok, "")                                                                                        \
    FAULT(NOT_CALENDAR, not_a_calendar, "It is not an iCalendar file.")                                      \
    FAULT(TOO_LARGE, too_large, "It is larger than 5 MB.")                                                   \
    FAULT(NOT_TEXT, not_text, "It is not UTF-8 text.")                                                       \
    FAULT(STRUCTURE, structure, "It is cut off, or its BEGIN and END do not match.")                         \
    FAULT(COMPONENTS, too_many_components, "It has more than 10,000 components, or they are too deep.")      \
    FAULT(EVENT_SIZE, event_too_large, "An event is larger than 64 KB.")                                     \
    FAULT(EVENT, event_unreadable, "An event has no readable start, or another time that is not readable.")  \
    FAULT(BACKWARDS, ends_before_start, "An event ends before it starts.")                                   \
    FAULT(RULE, recurrence_unsupported,                                                                      \
          "An event recurs in a way that is not supported: more often than daily, by hours, by numbers of "  \
          "weeks, or with exceptions by rule.")                                                              \
    FAULT(ZONES, zones_differ, "An event mixes time zones, so that its exceptions cannot be found.")         \
    FAULT(OCCURRENCES, too_many_occurrences, "Recurring events have more than 1,000 occurrences.")           \
    FAULT(STEPS, recurrence_too_costly, "Recurrences take too long to work out.")                            \
    FAULT(TIME, reading_too_costly, "It takes too long to read.")                                            \
    FAULT(CRASH, reader_failed, "It could not be read.")

enum ical_fault {
#define FAULT(id, name, sentence) ICAL_##id,
    ICAL_FAULTS(FAULT)
#undef FAULT
        ICAL_FAULT_COUNT
};
const char *ical_fault_name(enum ical_fault f);
const char *ical_fault_text(enum ical_fault f);

/* Wall-clock time; a day alone has second -1. */
struct ical_time {
    date_t day;
    int32_t second;
};

/* What takes nights. */
struct ical_stay {
    struct str key; /* UID, for one of several followed by / and the start it is known by */
    struct str summary;
    struct str zone; /* IANA name; empty: the property's own clock */
    struct ical_time start, end;
    /* Starts beyond this moment (UTC) do not count: the end of a recurrence whose start is on another clock.
     * day DATE_MAX: no end. */
    struct ical_time until;
};

struct ical_calendar {
    enum ical_fault fault;
    struct str about; /* with a fault in an event: its UID */
    size_t count;
    struct ical_stay *stays;
    int64_t events;      /* in the calendar, of whatever kind */
    int64_t own;         /* left out: what we have exported ourselves */
    int64_t free;        /* left out: cancelled, or does not take its time */
    int64_t zones_taken; /* zones nobody knows, taken for the property's own */
};

/*
 * What to look for: stays that reach into [from, to); events whose UID ends in `own` are ours.
 * timezone_exists (json/format.h) must have been called before in a process without files.
 */
struct ical_want {
    date_t from, to;
    struct str own; /* "@nexus.example.com"; empty: none is ours */
};

/* In this process; for the box, tests and fuzzers. *out is in the arena, and texts point into it. */
void ical_parse(struct arena *a, struct str text, const struct ical_want *want, struct ical_calendar *out);

/* The same in a box, in bounded time and memory, with everything checked that comes out of it. */
void ical_read(struct arena *a, struct str text, const struct ical_want *want, struct ical_calendar *out);

/* IANA name of a zone by its TZID: itself, what follows a vendor's prefix, or that of Windows. Absent: none.
 */
struct str ical_zone(struct str tzid);

#endif
