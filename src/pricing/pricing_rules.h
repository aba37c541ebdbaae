/*
 * What a stay costs; pure. Nights are half-open [check_in, check_out); money is
 * integer minor units, and a sum that does not fit is refused, never wrapped.
 */
#ifndef NEXUS_PRICING_PRICING_RULES_H
#define NEXUS_PRICING_PRICING_RULES_H

#include "calendar/stay_rules.h"

/* A night with a price of its own. */
struct night_price {
    date_t night;
    int64_t price;
};

struct price_line {
    int quantity;        /* nights, > 0 */
    int64_t unit_amount; /* one night */
    int64_t amount;      /* quantity * unit_amount */
};

struct stay_price {
    size_t line_count;
    struct price_line *lines; /* one per price, in the order in which the stay meets them; in the arena */
    int64_t total;
};

/*
 * Nights cost `base`, except those in special[], which is in order of night and within the stay. False when a
 * sum does not fit 64 bits.
 */
bool stay_price(struct arena *a, const struct stay *stay, int64_t base, const struct night_price *special,
                size_t special_count, struct stay_price *out);

#endif
