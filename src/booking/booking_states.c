/* What is proved about the tables of booking.def, and how they are shown. */
#include "booking/booking_rules.h"

static const char *name_of(enum booking_status s)
{
    return s == BOOKING_NONE ? "none" : booking_statuses[s];
}

static const struct booking_timer *timer_of(enum booking_status s)
{
    for (size_t i = 0; i < booking_timer_count; i++) {
        if (booking_timers[i].state == s) {
            return &booking_timers[i];
        }
    }
    return NULL;
}

/* The set of states from which an end is reached by transitions of these actors: a fixed point. */
static unsigned reaching_end(unsigned actors)
{
    unsigned set = 0, before;
    for (int s = 0; s < BOOKING_STATUSES; s++) {
        set |= booking_states[s].ends ? 1u << s : 0;
    }
    do {
        before = set;
        for (size_t i = 0; i < booking_transition_count; i++) {
            const struct booking_transition *t = &booking_transitions[i];
            if (t->from != BOOKING_NONE && (t->actors & actors) && (set & (1u << t->to))) {
                set |= 1u << t->from;
            }
        }
    } while (set != before);
    return set;
}

static unsigned reached(void)
{
    unsigned set = 1u << BOOKING_NONE, before;
    do {
        before = set;
        for (size_t i = 0; i < booking_transition_count; i++) {
            if (set & (1u << booking_transitions[i].from)) {
                set |= 1u << booking_transitions[i].to;
            }
        }
    } while (set != before);
    return set;
}

static bool has_timed_transition(const struct booking_timer *timer)
{
    for (size_t i = 0; i < booking_transition_count; i++) {
        const struct booking_transition *t = &booking_transitions[i];
        if (t->from == timer->state && t->action == timer->action && t->period == BOOKING_TIME_IS_UP &&
            (t->actors & BOOKING_BY_SYSTEM)) {
            return true;
        }
    }
    return false;
}

static int check_state(FILE *out, int s, unsigned with_all, unsigned with_time, unsigned reachable)
{
    const char *why = !(with_all & (1u << s))    ? "no end can be reached"
                      : !(with_time & (1u << s)) ? "no end is reached by time alone"
                      : !(reachable & (1u << s)) ? "nothing leads there"
                      : booking_states[s].ends && timer_of((enum booking_status)s) ? "an end has no timer"
                                                                                   : NULL;
    if (why) {
        fprintf(out, "%s: %s\n", booking_statuses[s], why);
    }
    return why != NULL;
}

int booking_check_tables(FILE *out)
{
    int wrong = 0;
    unsigned with_all = reaching_end(~0u), with_time = reaching_end(BOOKING_BY_SYSTEM), reachable = reached();
    for (int s = 0; s < BOOKING_STATUSES; s++) {
        wrong += check_state(out, s, with_all, with_time, reachable);
    }
    for (size_t i = 0; i < booking_timer_count; i++) {
        if (!has_timed_transition(&booking_timers[i])) {
            fprintf(out, "%s: its timer has no transition\n", name_of(booking_timers[i].state));
            wrong++;
        }
    }
    for (size_t i = 0; i < booking_transition_count; i++) {
        const struct booking_transition *t = &booking_transitions[i];
        bool timed = t->period == BOOKING_TIME_IS_UP || t->period == BOOKING_IN_TIME;
        if (timed && !timer_of(t->from)) {
            fprintf(out, "%s: %s needs a timer\n", name_of(t->from), booking_action_name(t->action));
            wrong++;
        }
    }
    return wrong;
}

/* ---- docs/booking-states.md ---- */

static const char *actors_text(unsigned actors)
{
    return actors == BOOKING_BY_BOTH    ? "guest, host"
           : actors == BOOKING_BY_GUEST ? "guest"
           : actors == BOOKING_BY_HOST  ? "host"
                                        : "system";
}

static void write_diagram(FILE *out)
{
    fputs("```mermaid\nstateDiagram-v2\n", out);
    for (size_t i = 0; i < booking_transition_count; i++) {
        const struct booking_transition *t = &booking_transitions[i];
        fprintf(out, "    %s --> %s: %s\n", t->from == BOOKING_NONE ? "[*]" : name_of(t->from),
                name_of(t->to), booking_action_name(t->action));
    }
    for (int s = 0; s < BOOKING_STATUSES; s++) {
        if (booking_states[s].ends) {
            fprintf(out, "    %s --> [*]\n", booking_statuses[s]);
        }
    }
    fputs("```\n", out);
}

static void write_transitions(FILE *out)
{
    static const char *const periods[BOOKING_PERIODS] = {
        [BOOKING_ANY_TIME] = "",
        [BOOKING_IN_TIME] = "before the timer",
        [BOOKING_TIME_IS_UP] = "when the timer goes off",
        [BOOKING_BEFORE_ARRIVAL_DAY] = "before the day of arrival",
        [BOOKING_UNTIL_ARRIVAL_DAY] = "until the end of the day of arrival",
        [BOOKING_DURING_STAY] = "from the day of arrival on",
        [BOOKING_AFTER_ARRIVAL_TIME] = "from the hour of check-in on",
    };
    fputs("\n| from | action | to | who | when |\n|---|---|---|---|---|\n", out);
    for (size_t i = 0; i < booking_transition_count; i++) {
        const struct booking_transition *t = &booking_transitions[i];
        fprintf(out, "| %s | %s | %s | %s | %s |\n", t->from == BOOKING_NONE ? "" : name_of(t->from),
                booking_action_name(t->action), name_of(t->to), actors_text(t->actors), periods[t->period]);
    }
}

void booking_write_states(FILE *out)
{
    fputs("# The life of a booking\n\nMade from `src/booking/booking.def` by `make docs-update`. Days and "
          "hours are those of "
          "the property's zone; a co-host acts for the host.\n\n",
          out);
    write_diagram(out);
    fputs("\n| state | | nights | timer |\n|---|---|---|---|\n", out);
    for (int s = 0; s < BOOKING_STATUSES; s++) {
        const struct booking_timer *timer = timer_of((enum booking_status)s);
        fprintf(out, "| %s | %s | %s | %s%s%s |\n", booking_statuses[s], booking_states[s].doc,
                booking_states[s].nights ? "kept" : "", timer ? timer->column : "", timer ? ": " : "",
                timer ? booking_action_name(timer->action) : "");
    }
    write_transitions(out);
}
