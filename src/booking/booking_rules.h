/*
 * The life of a booking; pure. booking.def says which action leads from which state to which, who may take it
 * and when. Days are those of the property's zone.
 */
#ifndef NEXUS_BOOKING_BOOKING_RULES_H
#define NEXUS_BOOKING_BOOKING_RULES_H

#include "base/date.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum booking_status {
#define STATE(id, name, ends, nights, doc) BOOKING_##id,
#define TRANSITION(from, action, to, actors, period)
#define TIMER(state, column, action)
#include "booking/booking.def"
#undef STATE
#undef TRANSITION
#undef TIMER
    BOOKING_STATUSES,
    BOOKING_NONE = BOOKING_STATUSES /* before it begins */
};

enum booking_action {
    BOOKING_DO_HOLD,
    BOOKING_DO_BOOK,
    BOOKING_DO_REQUEST,
    BOOKING_DO_PAY, /* money has come */
    BOOKING_DO_EXPIRE,
    BOOKING_DO_ACCEPT,
    BOOKING_DO_DECLINE,
    BOOKING_DO_CHANGE,
    BOOKING_DO_CANCEL,
    BOOKING_DO_CHECK_IN,
    BOOKING_DO_CHECK_OUT,
    BOOKING_DO_NO_SHOW,
    BOOKING_DO_COMPLETE,
    BOOKING_ACTIONS
};

enum booking_actor {
    BOOKING_BY_GUEST = 1,
    BOOKING_BY_HOST = 2,
    BOOKING_BY_SYSTEM = 4,
    BOOKING_BY_BOTH = BOOKING_BY_GUEST | BOOKING_BY_HOST
};

enum booking_period {
    BOOKING_ANY_TIME,
    BOOKING_IN_TIME,    /* before the state's timer */
    BOOKING_TIME_IS_UP, /* from then on */
    BOOKING_BEFORE_ARRIVAL_DAY,
    BOOKING_UNTIL_ARRIVAL_DAY,  /* and on it */
    BOOKING_DURING_STAY,        /* from the day of arrival on */
    BOOKING_AFTER_ARRIVAL_TIME, /* from when the guest might have come */
    BOOKING_PERIODS
};

struct booking_state {
    const char *name;
    bool ends;   /* nothing has to happen any more */
    bool nights; /* it keeps them */
    const char *doc;
};
extern const struct booking_state booking_states[BOOKING_STATUSES];

struct booking_transition {
    enum booking_status from; /* BOOKING_NONE: how a booking begins */
    enum booking_action action;
    enum booking_status to;
    unsigned actors; /* set of enum booking_actor */
    enum booking_period period;
};
extern const struct booking_transition booking_transitions[];
extern const size_t booking_transition_count;

struct booking_timer {
    enum booking_status state;
    const char *column;
    enum booking_action action;
};
extern const struct booking_timer booking_timers[];
extern const size_t booking_timer_count;

/* Names as in the database, NULL-terminated, in the order of the enum. */
extern const char *const booking_statuses[];
const char *booking_action_name(enum booking_action action);
/* False for a text that is no status. */
bool booking_status_parse(struct str name, enum booking_status *out);

struct booking_facts {
    enum booking_status status;
    date_t check_in, check_out;
    date_t today;
    int64_t now_us, timer_us; /* business time, unix; when the state's timer goes off, 0: it has none */
    int64_t check_in_at_us;
    enum booking_actor actor;
};

enum booking_refusal {
    BOOKING_ALLOWED,
    BOOKING_WRONG_STATE,
    BOOKING_WRONG_ACTOR,
    BOOKING_TOO_EARLY,
    BOOKING_TOO_LATE,
    BOOKING_REFUSALS
};

/* Whether the action may be taken; *to is the state it leads to when it may. */
enum booking_refusal booking_decide(const struct booking_facts *facts, enum booking_action action,
                                    enum booking_status *to);

/*
 * What is wrong with the tables, one line each into out: a state from which no end can be reached, or none
 * without the help of people; a timer without the transition it asks for; a transition of time without a
 * timer; a state nothing leads to. Returns how many.
 */
int booking_check_tables(FILE *out);
/* docs/booking-states.md */
void booking_write_states(FILE *out);

#endif
