/* Prices and rules of a stay. */
#include "pricing/pricing_rules.h"

const struct stay_rule_info stay_rule_info[STAY_RULES] = {
    [STAY_PAST] = { "/check_in", "past" },
    [STAY_MIN_NIGHTS] = { "/check_out", "min_nights" },
    [STAY_MAX_NIGHTS] = { "/check_out", "max_nights" },
    [STAY_CAPACITY] = { "/guests", "capacity" },
};

unsigned stay_broken(const struct stay *stay, const struct stay_terms *terms)
{
    int nights = stay->check_out - stay->check_in;
    return (unsigned)(stay->check_in < terms->today) << STAY_PAST |
           (unsigned)(nights < terms->min_nights) << STAY_MIN_NIGHTS |
           (unsigned)(nights > terms->max_nights) << STAY_MAX_NIGHTS |
           (unsigned)(stay->guests > terms->capacity) << STAY_CAPACITY;
}

const char *stay_rule_text(struct arena *a, enum stay_rule rule, const struct stay *stay,
                           const struct stay_terms *terms)
{
    char today[DATE_TEXT_SIZE];
    date_format(today, terms->today);
    switch (rule) {
    case STAY_PAST:
        return arena_printf(a, "The day is over: it is %s where the property is.", today);
    case STAY_MIN_NIGHTS:
        return arena_printf(a, "A stay arriving on this day has at least %d nights, not %d.",
                            terms->min_nights, stay->check_out - stay->check_in);
    case STAY_MAX_NIGHTS:
        return arena_printf(a, "A stay has at most %d nights, not %d.", terms->max_nights,
                            stay->check_out - stay->check_in);
    case STAY_CAPACITY:
        return arena_printf(a, "The property takes at most %d guests, not %d.", terms->capacity,
                            stay->guests);
    case STAY_RULES:
        break;
    }
    return "";
}

/* The line of this price, a new one at the end when there is none yet. */
static struct price_line *line_of(struct stay_price *p, int64_t unit_amount)
{
    for (size_t i = 0; i < p->line_count; i++) {
        if (p->lines[i].unit_amount == unit_amount) {
            return &p->lines[i];
        }
    }
    p->lines[p->line_count] = (struct price_line){ .unit_amount = unit_amount };
    return &p->lines[p->line_count++];
}

static bool sum_up(struct stay_price *p)
{
    p->total = 0;
    for (size_t i = 0; i < p->line_count; i++) {
        struct price_line *line = &p->lines[i];
        if (__builtin_mul_overflow((int64_t)line->quantity, line->unit_amount, &line->amount) ||
            __builtin_add_overflow(p->total, line->amount, &p->total)) {
            return false;
        }
    }
    return true;
}

bool stay_price(struct arena *a, const struct stay *stay, int64_t base, const struct night_price *special,
                size_t special_count, struct stay_price *out)
{
    out->line_count = 0;
    out->lines = ARENA_ARRAY(a, struct price_line, special_count + 1);
    size_t next = 0;
    for (date_t night = stay->check_in; night < stay->check_out; night++) {
        bool own = next < special_count && special[next].night == night;
        line_of(out, own ? special[next++].price : base)->quantity++;
    }
    return sum_up(out);
}
