/*
 * What a stay costs and whether it is offered; pure. Nights are half-open [check_in, check_out); money is
 * integer minor units, and a sum that does not fit is refused, never wrapped.
 */
#ifndef NEXUS_PRICING_PRICING_RULES_H
#define NEXUS_PRICING_PRICING_RULES_H

#include "base/arena.h"
#include "base/date.h"

#include <stdbool.h>
#include <stdint.h>

struct stay {
    date_t check_in, check_out;
    int guests;
};

/* What a property says about a stay that arrives on check_in. */
struct stay_terms {
    date_t today; /* in the property's zone */
    int capacity;
    int min_nights; /* that of the day of arrival */
    int max_nights;
};

enum stay_rule { STAY_PAST, STAY_MIN_NIGHTS, STAY_MAX_NIGHTS, STAY_CAPACITY, STAY_RULES };

/* How a broken rule is told: member of the request, violation code. */
struct stay_rule_info {
    const char *pointer, *code;
};
extern const struct stay_rule_info stay_rule_info[STAY_RULES];

/* Set of the broken rules, bit i = rule i; 0: the stay is offered. */
unsigned stay_broken(const struct stay *stay, const struct stay_terms *terms);
/* A sentence about a broken rule, in the arena. */
const char *stay_rule_text(struct arena *a, enum stay_rule rule, const struct stay *stay,
                           const struct stay_terms *terms);

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
