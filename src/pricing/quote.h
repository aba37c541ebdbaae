/*
 * Making a quote, step by step, for the op and for whoever else needs the price of a stay frozen (a change of
 * a booking): what is asked, what is known of it, its price, its rows.
 */
#ifndef NEXUS_PRICING_QUOTE_H
#define NEXUS_PRICING_QUOTE_H

#include "calendar/stay.h"
#include "pricing/price_engine.h"

struct quote_wanted {
    struct uuid property_id;
    date_t check_in, check_out;
    int adults, children, infants;
    const int *child_ages; /* one for each child, or NULL */
    struct str coupon;     /* as typed; absent: none */
    const struct uuid
        *kept; /* the coupon of the booking that is changed, in place of one typed; NULL: none */
    struct str display_currency; /* absent: none */
};

/* The ages as the engine takes them, from a list of int64_t; NULL without any. */
const int *quote_child_ages(struct arena *a, const struct shape_list *ages);
/* What a child's age may be, for shapes. */
extern const struct shape_field quote_child_age;

/* Indexes of results in a batch. */
struct quote_ask {
    struct stay_ask stay;
    int plan, coupon, rate;
};

struct quote_basis {
    struct stay_basis stay;
    struct price_plan *plan; /* NULL: nights only */
    struct str policy;       /* name of the cancellation policy */
    bool has_coupon, has_rate;
    struct uuid coupon_id;
    struct price_coupon coupon;
    struct price_rate rate;
    int64_t rate_as_of; /* unix microseconds */
};

/* Add the reads to a batch. */
struct quote_ask quote_add(struct request *rq, struct db_batch *b, const struct quote_wanted *wanted);
/*
 * What they brought. ERR_NOT_FOUND when the property is not offered, ERR_VALIDATION for a coupon that does
 * not hold here or a currency without a rate; recorded, pointers as in QuoteCreate. Whether the stay is
 * offered at all is stay_check's business.
 */
enum err quote_read(struct request *rq, const struct db_batch *b, struct quote_ask ask,
                    const struct quote_wanted *wanted, struct quote_basis *out) MUST_CHECK;

/* ERR_STAY_RULES, recorded, when it cannot be counted. */
enum err quote_price(struct request *rq, const struct quote_wanted *wanted, const struct quote_basis *basis,
                     struct price *out) MUST_CHECK;

/* Add the quote and its lines to a batch; `id` outlives the run. */
enum err quote_add_rows(struct request *rq, struct db_batch *b, const struct uuid *id,
                        const struct quote_wanted *wanted, const struct quote_basis *basis,
                        const struct price *price) MUST_CHECK;

/* The stay as the engine takes it. */
struct price_stay quote_stay(struct request *rq, const struct quote_wanted *wanted,
                             const struct quote_basis *basis);

/* What people and programs read of a line: a sentence, and what it was derived from as JSON. In the arena. */
struct str price_line_text(struct arena *a, const struct price_line *line);
struct str price_line_rule(struct arena *a, const struct price_line *line, const struct price_stay *stay);

#endif
