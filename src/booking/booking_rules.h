/*
 * The life of a booking; pure. One table says which action leads from which state to which, who may take it,
 * and on which days. Days are those of the property's zone.
 */
#ifndef NEXUS_BOOKING_BOOKING_RULES_H
#define NEXUS_BOOKING_BOOKING_RULES_H

#include "base/date.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

enum booking_status { BOOKING_CONFIRMED, BOOKING_CANCELLED, BOOKING_COMPLETED, BOOKING_STATUSES };
enum booking_action { BOOKING_CANCEL, BOOKING_COMPLETE };
enum booking_actor { BOOKING_BY_GUEST = 1, BOOKING_BY_HOST = 2, BOOKING_BY_SYSTEM = 4 };
enum booking_period { BOOKING_UNTIL_CHECK_IN, BOOKING_AFTER_CHECK_OUT };

struct booking_transition {
    enum booking_status from;
    enum booking_action action;
    enum booking_status to;
    unsigned actors; /* set of enum booking_actor */
    enum booking_period period;
};
extern const struct booking_transition booking_transitions[];
extern const size_t booking_transition_count;

/* Names as in the database, NULL-terminated, in the order of the enum. */
extern const char *const booking_statuses[];
/* False for a text that is no status. */
bool booking_status_parse(struct str name, enum booking_status *out);

struct booking_facts {
    enum booking_status status;
    date_t check_in, check_out;
    date_t today;
    enum booking_actor actor;
};

enum booking_refusal { BOOKING_ALLOWED, BOOKING_WRONG_STATE, BOOKING_WRONG_ACTOR, BOOKING_WRONG_DAY };

/* Whether the action may be taken; *to is the state it leads to when it may. */
enum booking_refusal booking_decide(const struct booking_facts *facts, enum booking_action action,
                                    enum booking_status *to);

#endif
