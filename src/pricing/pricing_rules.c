/* Prices of a stay. */
#include "pricing/pricing_rules.h"

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
