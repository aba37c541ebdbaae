/* The life of a booking. */
#include "booking/booking_rules.h"

#define STATE(id, name, ends, nights, doc)
#define TRANSITION(from, action, to, actors, period)
#define TIMER(state, column, action)

#undef STATE
#define STATE(id, name, ends, nights, doc) { #name, ends, nights, doc },
const struct booking_state booking_states[BOOKING_STATUSES] = {
#include "booking/booking.def"
};

#undef STATE
#define STATE(id, name, ends, nights, doc) #name,
const char *const booking_statuses[] = {
#include "booking/booking.def"
    NULL,
};
#undef STATE
#define STATE(id, name, ends, nights, doc)

#undef TRANSITION
#define TRANSITION(from, action, to, actors, period)                                                         \
    { BOOKING_##from, BOOKING_DO_##action, BOOKING_##to, BOOKING_BY_##actors, BOOKING_##period },
const struct booking_transition booking_transitions[] = {
#include "booking/booking.def"
};
#undef TRANSITION
#define TRANSITION(from, action, to, actors, period)
const size_t booking_transition_count = sizeof(booking_transitions) / sizeof(booking_transitions[0]);

#undef TIMER
#define TIMER(state, column, action) { BOOKING_##state, #column, BOOKING_DO_##action },
const struct booking_timer booking_timers[] = {
#include "booking/booking.def"
};
const size_t booking_timer_count = sizeof(booking_timers) / sizeof(booking_timers[0]);
#undef STATE
#undef TRANSITION
#undef TIMER

const char *booking_action_name(enum booking_action action)
{
    static const char *const names[BOOKING_ACTIONS] = {
        [BOOKING_DO_HOLD] = "hold",           [BOOKING_DO_BOOK] = "book",
        [BOOKING_DO_REQUEST] = "request",     [BOOKING_DO_PAY] = "pay",
        [BOOKING_DO_EXPIRE] = "expire",       [BOOKING_DO_ACCEPT] = "accept",
        [BOOKING_DO_DECLINE] = "decline",     [BOOKING_DO_CHANGE] = "change",
        [BOOKING_DO_CANCEL] = "cancel",       [BOOKING_DO_CHECK_IN] = "check_in",
        [BOOKING_DO_CHECK_OUT] = "check_out", [BOOKING_DO_NO_SHOW] = "no_show",
        [BOOKING_DO_COMPLETE] = "complete",
    };
    return names[action];
}

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

static enum booking_refusal judge_time(const struct booking_facts *f, enum booking_period period)
{
    bool up = f->timer_us > 0 && f->now_us >= f->timer_us;
    switch (period) {
    case BOOKING_IN_TIME:
        return up ? BOOKING_TOO_LATE : BOOKING_ALLOWED;
    case BOOKING_TIME_IS_UP:
        return up ? BOOKING_ALLOWED : BOOKING_TOO_EARLY;
    case BOOKING_BEFORE_ARRIVAL_DAY:
        return f->today < f->check_in ? BOOKING_ALLOWED : BOOKING_TOO_LATE;
    case BOOKING_UNTIL_ARRIVAL_DAY:
        return f->today <= f->check_in ? BOOKING_ALLOWED : BOOKING_TOO_LATE;
    case BOOKING_DURING_STAY:
        return f->today >= f->check_in ? BOOKING_ALLOWED : BOOKING_TOO_EARLY;
    case BOOKING_AFTER_ARRIVAL_TIME:
        return f->now_us >= f->check_in_at_us ? BOOKING_ALLOWED : BOOKING_TOO_EARLY;
    default:
        return BOOKING_ALLOWED;
    }
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
    enum booking_refusal refusal = judge_time(facts, t->period);
    if (refusal == BOOKING_ALLOWED) {
        *to = t->to;
    }
    return refusal;
}
