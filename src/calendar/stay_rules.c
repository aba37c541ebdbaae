/* Rules of a stay. */
#include "calendar/stay_rules.h"

static const struct uuid nobody;

const char *const stay_sources[] = { "property", "weekday", "season", "night", "rules", "inventory", NULL };

const struct stay_rule_info stay_rule_info[STAY_RULES] = {
    [STAY_PAST] = { "/check_in", "past" },
    [STAY_ADVANCE_NOTICE] = { "/check_in", "advance_notice" },
    [STAY_BOOKING_WINDOW] = { "/check_out", "booking_window" },
    [STAY_MIN_NIGHTS] = { "/check_out", "min_nights" },
    [STAY_MAX_NIGHTS] = { "/check_out", "max_nights" },
    [STAY_CLOSED_TO_ARRIVAL] = { "/check_in", "closed_to_arrival" },
    [STAY_CLOSED_TO_DEPARTURE] = { "/check_out", "closed_to_departure" },
    [STAY_CAPACITY] = { "/guests", "capacity" },
    [STAY_BLOCKED] = { "/check_in", "blocked" },
    [STAY_BOOKED] = { "/check_in", "booked" },
    [STAY_PREPARATION] = { "/check_in", "preparation" },
    [STAY_NO_UNIT] = { "/check_in", "no_unit" },
    [STAY_TAKEN] = { "/check_in", "taken" },
    [STAY_NOT_OFFERED] = { "/property_id", "not_offered" },
    [STAY_REQUEST_ONLY] = { "/quote_id", "request_only" },
};

const char *const stay_rule_names[] = { "past",
                                        "advance_notice",
                                        "booking_window",
                                        "min_nights",
                                        "max_nights",
                                        "closed_to_arrival",
                                        "closed_to_departure",
                                        "capacity",
                                        "blocked",
                                        "booked",
                                        "preparation",
                                        "no_unit",
                                        "taken",
                                        "not_offered",
                                        "request_only",
                                        NULL };

static void add(struct stay_reasons *out, struct stay_reason r)
{
    if (out->count < STAY_REASONS_MAX) {
        out->list[out->count++] = r;
    }
}

static struct uuid id_of(enum stay_source source, const struct stay_night *n, const struct stay_terms *terms)
{
    return source == STAY_BY_SEASON ? n->season : terms->property;
}

/* What the clock of the property says. */
static void judge_days(const struct stay *s, const struct stay_terms *t, struct stay_reasons *out)
{
    struct stay_reason r = { .id = t->property, .limit = -1 };
    if (s->check_in < t->today) {
        r.rule = STAY_PAST;
        r.source = STAY_BY_PROPERTY;
        r.from = s->check_in;
        r.to = s->check_out < t->today ? s->check_out : t->today;
        add(out, r);
    } else if (s->check_in < t->first_arrival) {
        r.rule = STAY_ADVANCE_NOTICE;
        r.source = STAY_BY_RULES;
        r.from = s->check_in;
        r.to = s->check_out < t->first_arrival ? s->check_out : t->first_arrival;
        add(out, r);
    }
    if (s->check_out > t->last_departure) {
        r.rule = STAY_BOOKING_WINDOW;
        r.source = STAY_BY_RULES;
        r.from = s->check_in > t->last_departure ? s->check_in : t->last_departure;
        r.to = s->check_out;
        add(out, r);
    }
}

/* What the days of arrival and departure say. */
static void judge_ends(const struct stay *s, const struct stay_terms *t, const struct stay_night *arrival,
                       const struct stay_night *departure, struct stay_reasons *out)
{
    int nights = s->check_out - s->check_in;
    if (nights < arrival->min_nights) {
        add(out, (struct stay_reason){ STAY_MIN_NIGHTS, arrival->min_source,
                                       id_of(arrival->min_source, arrival, t), s->check_in, s->check_out,
                                       arrival->min_nights, STR_NONE });
    }
    if (nights > arrival->max_nights) {
        add(out, (struct stay_reason){ STAY_MAX_NIGHTS, arrival->max_source,
                                       id_of(arrival->max_source, arrival, t), s->check_in, s->check_out,
                                       arrival->max_nights, STR_NONE });
    }
    if (arrival->closed_to_arrival) {
        add(out, (struct stay_reason){ STAY_CLOSED_TO_ARRIVAL, arrival->arrival_source,
                                       id_of(arrival->arrival_source, arrival, t), s->check_in,
                                       s->check_in + 1, -1, STR_NONE });
    }
    if (departure->closed_to_departure) {
        add(out, (struct stay_reason){ STAY_CLOSED_TO_DEPARTURE, departure->departure_source,
                                       id_of(departure->departure_source, departure, t), s->check_out,
                                       s->check_out + 1, -1, STR_NONE });
    }
}

size_t stay_judge(const struct stay *s, const struct stay_terms *t, const struct stay_night *nights,
                  struct stay_reasons *out)
{
    size_t before = out->count;
    judge_days(s, t, out);
    judge_ends(s, t, &nights[s->check_in - nights[0].night], &nights[s->check_out - nights[0].night], out);
    if (s->guests > t->capacity) {
        add(out, (struct stay_reason){ STAY_CAPACITY, STAY_BY_PROPERTY, t->property, s->check_in,
                                       s->check_out, t->capacity, STR_NONE });
    }
    return out->count - before;
}

/* ---- inventory */

bool stay_is_free(const struct stay *s, const struct stay_terms *t, int units, const struct stay_taken *taken,
                  size_t count)
{
    date_t end = s->check_out + t->preparation_nights;
    int clear = 0; /* the lowest unit not known to be taken */
    for (size_t i = 0; i < count && taken[i].unit <= clear; i++) {
        clear += taken[i].unit == clear && taken[i].from < end && s->check_in < taken[i].to;
    }
    return clear < units;
}

/* The row that takes this night of this unit, or NULL. */
static const struct stay_taken *taker(const struct stay_taken *taken, size_t count, int unit, date_t night)
{
    for (size_t i = 0; i < count; i++) {
        if (taken[i].unit == unit && taken[i].from <= night && night < taken[i].to) {
            return &taken[i];
        }
    }
    return NULL;
}

static enum stay_rule rule_of(const struct stay *s, const struct stay_taken *by, date_t night)
{
    return by->block                                     ? STAY_BLOCKED
           : night >= by->until || night >= s->check_out ? STAY_PREPARATION
                                                         : STAY_BOOKED;
}

/* Why no unit has this night; false when one has. Of several units the strongest reason is told, without an
 * id. */
static bool judge_night(const struct stay *s, int units, const struct stay_taken *taken, size_t count,
                        date_t night, struct stay_reason *out)
{
    *out = (struct stay_reason){ STAY_BLOCKED, STAY_BY_INVENTORY, nobody, night, night + 1, -1, STR_NONE };
    for (int unit = 0; unit < units; unit++) {
        const struct stay_taken *by = taker(taken, count, unit, night);
        if (!by) {
            return false;
        }
        enum stay_rule rule = rule_of(s, by, night);
        if (unit == 0 || rule == STAY_BOOKED || out->rule == STAY_BLOCKED) {
            out->rule = rule;
        }
        if (units == 1) {
            out->id = by->id;
            out->note = by->note;
        }
    }
    return true;
}

static void add_night(struct stay_reasons *out, size_t first, const struct stay_reason *r)
{
    struct stay_reason *last = out->count > first ? &out->list[out->count - 1] : NULL;
    if (last && last->rule == r->rule && last->to == r->from && uuid_eq(&last->id, &r->id)) {
        last->to = r->to;
    } else {
        add(out, *r);
    }
}

void stay_judge_inventory(const struct stay *s, const struct stay_terms *t, int units,
                          const struct stay_taken *taken, size_t count, struct stay_reasons *out)
{
    struct stay_reason r;
    size_t first = out->count;
    if (stay_is_free(s, t, units, taken, count)) {
        return;
    }
    for (date_t night = s->check_in; night < s->check_out + t->preparation_nights; night++) {
        if (judge_night(s, units, taken, count, night, &r)) {
            add_night(out, first, &r);
        }
    }
    if (out->count == first) {
        add(out, (struct stay_reason){ STAY_NO_UNIT, STAY_BY_INVENTORY, nobody, s->check_in, s->check_out, -1,
                                       STR_NONE });
    }
}

/* ---- other dates */

static bool works(const struct stay *s, const struct stay_terms *t, const struct stay_night *nights,
                  int units, const struct stay_taken *taken, size_t count)
{
    struct stay_reasons none;
    none.count = 0;
    return stay_judge(s, t, nights, &none) == 0 && stay_is_free(s, t, units, taken, count);
}

/* The stay that arrives on this day instead; false when the days known do not hold it. */
static bool moved(const struct stay *s, const struct stay_terms *t, const struct stay_night *nights,
                  size_t night_count, date_t arrival, struct stay *out)
{
    date_t first = nights[0].night, last = first + (date_t)night_count - 1;
    if (arrival < first || arrival > last) {
        return false;
    }
    const struct stay_night *n = &nights[arrival - first];
    int length = s->check_out - s->check_in;
    length = length < n->min_nights ? n->min_nights : length > n->max_nights ? n->max_nights : length;
    *out = (struct stay){ arrival, arrival + length, s->guests };
    return out->check_out + t->preparation_nights <= last;
}

size_t stay_nearest(const struct stay *s, const struct stay_terms *t, const struct stay_night *nights,
                    size_t night_count, int units, const struct stay_taken *taken, size_t count,
                    struct stay out[STAY_NEAREST_MAX])
{
    size_t found = 0;
    int reach = (int)night_count;
    if (s->guests > t->capacity || night_count == 0) {
        return 0;
    }
    for (int far = 0; far <= reach && found < STAY_NEAREST_MAX; far++) {
        for (int side = 1; side >= (far ? -1 : 1) && found < STAY_NEAREST_MAX; side -= 2) {
            struct stay other;
            if (moved(s, t, nights, night_count, s->check_in + side * far, &other) &&
                works(&other, t, nights, units, taken, count)) {
                out[found++] = other;
            }
        }
    }
    return found;
}

/* ---- words */

static const char *text_of_days(struct arena *a, const struct stay_reason *r, const struct stay_terms *t)
{
    char today[DATE_TEXT_SIZE], first[DATE_TEXT_SIZE], last[DATE_TEXT_SIZE];
    date_format(today, t->today);
    date_format(first, t->first_arrival);
    date_format(last, t->last_departure);
    return r->rule == STAY_PAST ? arena_printf(a, "The day is over: it is %s where the property is.", today)
           : r->rule == STAY_ADVANCE_NOTICE
               ? arena_printf(a, "The property wants notice ahead: the first day of arrival is %s.", first)
               : arena_printf(a, "So far ahead nothing is let yet: a stay ends by %s.", last);
}

const char *stay_reason_text(struct arena *a, const struct stay_reason *r, const struct stay *s,
                             const struct stay_terms *t)
{
    int nights = s->check_out - s->check_in;
    switch (r->rule) {
    case STAY_PAST:
    case STAY_ADVANCE_NOTICE:
    case STAY_BOOKING_WINDOW:
        return text_of_days(a, r, t);
    case STAY_MIN_NIGHTS:
        return arena_printf(a, "A stay arriving on this day has at least %d nights, not %d.", r->limit,
                            nights);
    case STAY_MAX_NIGHTS:
        return arena_printf(a, "A stay arriving on this day has at most %d nights, not %d.", r->limit,
                            nights);
    case STAY_CLOSED_TO_ARRIVAL:
        return "No stay arrives on this day.";
    case STAY_CLOSED_TO_DEPARTURE:
        return "No stay ends on this day.";
    case STAY_CAPACITY:
        return arena_printf(a, "The property takes at most %d guests, not %d.", r->limit, s->guests);
    case STAY_BLOCKED:
        return "The host keeps these nights.";
    case STAY_BOOKED:
        return "Another stay takes these nights.";
    case STAY_PREPARATION:
        return "These nights are needed to prepare for a stay, or between two.";
    case STAY_NO_UNIT:
        return "Each night is free on some unit, but no unit is free on all of them.";
    case STAY_TAKEN:
        return "Another stay or a block takes these nights.";
    case STAY_NOT_OFFERED:
        return "The property is no longer offered.";
    case STAY_REQUEST_ONLY:
        return "The host wants to be asked first: make a booking, which will be a request.";
    case STAY_RULES:
        break;
    }
    return "";
}

/* ---- what the search index knows */

/* "[2027-01-01,2027-01-03)" within the text; what it is behind. */
static bool next_range(struct str *text, date_t *from, date_t *to)
{
    while (text->n > 0 && text->p[0] != '[') {
        text->p++;
        text->n--;
    }
    if (text->n < 22) {
        return false;
    }
    bool ok =
        date_parse((struct str){ text->p + 1, 10 }, from) && date_parse((struct str){ text->p + 12, 10 }, to);
    text->p += 22;
    text->n -= 22;
    return ok;
}

void stay_reasons_gone(const struct stay *s, struct str gone, struct stay_reasons *out)
{
    struct stay_reason r = { STAY_TAKEN, STAY_BY_INVENTORY, nobody, 0, 0, -1, STR_NONE };
    size_t first = out->count;
    while (next_range(&gone, &r.from, &r.to)) {
        add(out, r);
    }
    if (out->count == first) {
        r.rule = STAY_NO_UNIT;
        r.from = s->check_in;
        r.to = s->check_out;
        add(out, r);
    }
}
