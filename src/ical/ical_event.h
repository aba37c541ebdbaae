/* One event of a calendar: values read by libical, recurrence and exceptions. Internal to src/ical. */
#ifndef NEXUS_ICAL_ICAL_EVENT_H
#define NEXUS_ICAL_ICAL_EVENT_H

#include "ical/ical.h"
#include "ical/ical_recur.h"

/* A value of time as it was given. */
struct ical_value {
    struct ical_time time;
    struct str tzid; /* "UTC", what TZID says, or empty */
};

struct ical_extra { /* of RDATE */
    struct ical_value start;
    struct ical_time end; /* a period's; day DATE_MAX: as long as the others */
};

struct ical_event {
    struct str uid, summary, tzid; /* tzid: of start and end */
    struct ical_time start, end;
    bool instance; /* with RECURRENCE-ID: in place of one of several */
    struct ical_value recurrence;
    int64_t sequence;
    bool free; /* cancelled or transparent */
    bool recurs;
    struct ical_rule rule;
    struct ical_value until; /* day DATE_MAX: no end */
    size_t except_count, extra_count;
    struct ical_value *except;
    struct ical_extra *extra;
};

/* What a parameter TZID is called in the text of an event. */
#define ICAL_TZID_NAME "X-NEXUS-TZID"

/* `text` is BEGIN:VEVENT to END:VEVENT with one property a line. ICAL_OK or what is wrong; *out is in the
 * arena, with its UID also when something is. */
enum ical_fault ical_event_read(struct arena *a, struct str text, struct ical_event *out);

#endif
