/* The life of a booking. */
#include "booking/booking_rules.h"

const char *const booking_statuses[] = { "confirmed", "cancelled", "completed", NULL };

/* A stay can be called off until the end of the day of arrival. */
const struct booking_transition booking_transitions[] = {
    { BOOKING_CONFIRMED, BOOKING_CANCEL, BOOKING_CANCELLED, BOOKING_BY_GUEST | BOOKING_BY_HOST,
      BOOKING_UNTIL_CHECK_IN },
    { BOOKING_CONFIRMED, BOOKING_COMPLETE, BOOKING_COMPLETED, BOOKING_BY_SYSTEM, BOOKING_AFTER_CHECK_OUT },
};
const size_t booking_transition_count = sizeof(booking_transitions) / sizeof(booking_transitions[0]);

bool booking_status_parse(struct str name, enum booking_status *out)
{
    for (int i = 0; i < BOOKING_STATUSES; i++) {
        if (str_eqz(name, booking_statuses[i])) {
            *out = (enum booking_status)i;
            return true;
        }
    }
    return false;
}

static const struct booking_transition *transition_of(enum booking_status from, enum booking_action action)
{
    for (size_t i = 0; i < booking_transition_count; i++) {
        if (booking_transitions[i].from == from && booking_transitions[i].action == action) {
            return &booking_transitions[i];
        }
    }
    return NULL;
}

static bool is_within(const struct booking_facts *f, enum booking_period period)
{
    return period == BOOKING_UNTIL_CHECK_IN ? f->today <= f->check_in : f->today >= f->check_out;
}

enum booking_refusal booking_decide(const struct booking_facts *facts, enum booking_action action,
                                    enum booking_status *to)
{
    const struct booking_transition *t = transition_of(facts->status, action);
    if (!t) {
        return BOOKING_WRONG_STATE;
    }
    if (!(t->actors & (unsigned)facts->actor)) {
        return BOOKING_WRONG_ACTOR;
    }
    if (!is_within(facts, t->period)) {
        return BOOKING_WRONG_DAY;
    }
    *to = t->to;
    return BOOKING_ALLOWED;
}
