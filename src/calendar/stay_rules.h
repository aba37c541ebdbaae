/*
 * Whether a property offers a stay, with every reason why not; pure. Nights are half-open [check_in,
 * check_out) and days those of the property's zone. The database says the same in stay_offered() for
 * searches.
 */
#ifndef NEXUS_CALENDAR_STAY_RULES_H
#define NEXUS_CALENDAR_STAY_RULES_H

#include "base/arena.h"
#include "base/date.h"
#include "base/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stay {
    date_t check_in, check_out;
    int guests;
};

/* What a property says about any stay. */
struct stay_terms {
    struct uuid property;
    date_t today;          /* in the property's zone */
    date_t first_arrival;  /* >= today: with its advance notice */
    date_t last_departure; /* by its booking window; DATE_MAX: none */
    int capacity;
    int preparation_nights; /* after each stay */
};

/* Who decided: the first four as the *_source of stay_nights(). */
enum stay_source {
    STAY_BY_PROPERTY,
    STAY_BY_WEEKDAY,
    STAY_BY_SEASON,
    STAY_BY_NIGHT,
    STAY_BY_RULES,     /* GET /v1/properties/{id}/rules */
    STAY_BY_INVENTORY, /* a block or a stay */
    STAY_SOURCES
};
/* As in answers, NULL-terminated. */
extern const char *const stay_sources[];

/* One row of stay_nights(). */
struct stay_night {
    date_t night;
    int64_t price;
    int min_nights, max_nights;
    bool closed_to_arrival, closed_to_departure;
    struct uuid season; /* nil: none */
    enum stay_source min_source, max_source, arrival_source, departure_source;
};

enum stay_rule {
    STAY_PAST,
    STAY_ADVANCE_NOTICE,
    STAY_BOOKING_WINDOW,
    STAY_MIN_NIGHTS,
    STAY_MAX_NIGHTS,
    STAY_CLOSED_TO_ARRIVAL,
    STAY_CLOSED_TO_DEPARTURE,
    STAY_CAPACITY,
    STAY_BLOCKED,      /* by the host */
    STAY_BOOKED,       /* by another stay */
    STAY_PREPARATION,  /* before or after another stay */
    STAY_NO_UNIT,      /* every night has a free unit, but no unit has them all */
    STAY_TAKEN,        /* blocked or booked: said by what does not know which */
    STAY_NOT_OFFERED,  /* the property, to anybody */
    STAY_REQUEST_ONLY, /* the host wants to be asked: no hold */
    STAY_RULES
};

/* How a rule is told: member of the request, name and violation code. */
struct stay_rule_info {
    const char *pointer, *code;
};
extern const struct stay_rule_info stay_rule_info[STAY_RULES];
/* Their codes, NULL-terminated, in the order of the enum. */
extern const char *const stay_rule_names[];

struct stay_reason {
    enum stay_rule rule;
    enum stay_source source;
    struct uuid id;  /* of the season, block or booking that decided, or of the property; nil: not told */
    date_t from, to; /* nights it is about */
    int limit;       /* what the rule allows; -1: no number */
    struct str note; /* why the host blocks them; absent: not told */
};

/* Bounded: what does not fit is left out, the count of those told is never 0 for a stay that is refused. */
#define STAY_REASONS_MAX 40
struct stay_reasons {
    size_t count;
    struct stay_reason list[STAY_REASONS_MAX];
};

/*
 * Add the rules the stay breaks, inventory apart. nights[] has consecutive days, among them those from
 * check_in to check_out, the day of departure included. Returns how many it breaks.
 */
size_t stay_judge(const struct stay *stay, const struct stay_terms *terms, const struct stay_night *nights,
                  struct stay_reasons *out);

/* Nights of a unit that cannot be had. */
struct stay_taken {
    int unit; /* 0, 1, ...; rows are in this order */
    date_t from, to;
    date_t until;   /* nights from here on are preparation */
    bool block;     /* by the host */
    struct uuid id; /* nil: not to be told */
    struct str note;
};

/* Some unit is free from check_in until the preparation after check_out. */
bool stay_is_free(const struct stay *stay, const struct stay_terms *terms, int units,
                  const struct stay_taken *taken, size_t taken_count);
/* Add why none is; nothing when one is. */
void stay_judge_inventory(const struct stay *stay, const struct stay_terms *terms, int units,
                          const struct stay_taken *taken, size_t taken_count, struct stay_reasons *out);

/*
 * Stays for as many guests that would work, the nearest first, of as many nights or as near to that as the
 * day of arrival allows. nights[] and taken[] hold [first, last]. Returns how many were found.
 */
#define STAY_NEAREST_MAX 3
size_t stay_nearest(const struct stay *stay, const struct stay_terms *terms, const struct stay_night *nights,
                    size_t night_count, int units, const struct stay_taken *taken, size_t taken_count,
                    struct stay out[STAY_NEAREST_MAX]);

/* A sentence about a reason, in the arena. */
const char *stay_reason_text(struct arena *a, const struct stay_reason *r, const struct stay *stay,
                             const struct stay_terms *terms);

/*
 * Reasons of a stay whose nights are gone, from the text of a datemultirange: those that no unit has free. An
 * empty text of several units: STAY_NO_UNIT.
 */
void stay_reasons_gone(const struct stay *stay, struct str gone, struct stay_reasons *out);

#endif
