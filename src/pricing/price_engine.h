/*
 * What a stay costs, for both sides; pure. Money is integer minor units of the property's currency, and a sum
 * that does not fit 64 bits is refused, never wrapped. One rounding a line, half up; whatever is divided
 * among nights or persons is divided by largest remainders, so that no cent is lost or made.
 *
 * The guest pays: nights, less discounts; extra guests; fees; less a coupon; the service fee; taxes. The host
 * gets what is said to be his, less taxes that his prices include and his service fee. Of these lines
 *
 *     total = host_total + platform_total + tax_total
 *
 * always holds, and each line carries what it was derived from: price_derived() is the rule that made it.
 */
#ifndef NEXUS_PRICING_PRICE_ENGINE_H
#define NEXUS_PRICING_PRICE_ENGINE_H

#include "base/arena.h"
#include "base/date.h"
#include "base/str.h"
#include "base/uuid.h"

#include <stdbool.h>
#include <stdint.h>

#define PRICE_PPM       1000000 /* 100 % */
#define PRICE_ADULT_AGE 18      /* children are 2 to 17, infants 0 or 1 */
#define PRICE_CHILD_AGE 2
#define PRICE_LIST_MAX  20 /* discounts, fees, taxes, prices of children: of each so many */

enum price_per { PRICE_PER_STAY, PRICE_PER_NIGHT, PRICE_PER_GUEST, PRICE_PER_GUEST_NIGHT, PRICE_PERS };

/* Of several of a kind the one furthest from its edge counts: most nights, earliest, latest. */
enum price_discount_kind {
    PRICE_LENGTH_OF_STAY, /* at least `threshold` nights */
    PRICE_EARLY,          /* booked at least `threshold` days ahead */
    PRICE_LATE,           /* booked at most `threshold` days ahead */
    PRICE_DISCOUNT_KINDS
};
struct price_discount {
    enum price_discount_kind kind;
    int threshold;
    int32_t ppm; /* of all nights */
};

struct price_band {
    int under; /* years */
    int64_t price;
};

/* A night's price is for so many; the youngest are those beyond. */
struct price_guests {
    int included;   /* adults and children; 0: as many as the property takes */
    int64_t extra;  /* each extra guest and night */
    int64_t infant; /* each infant and night; infants are never extra guests */
    size_t band_count;
    struct price_band *bands; /* extra children, by rising age; others pay `extra` */
};

struct price_fee {
    struct str name;
    enum price_per per; /* of `amount`; guests are adults and children */
    bool percent;       /* of nights less discounts and extra guests */
    int64_t amount;
    int32_t ppm;
};

/* What a percentage is taken of. */
enum price_base {
    PRICE_ON_NIGHTS = 1,
    PRICE_ON_EXTRA_GUESTS = 2,
    PRICE_ON_FEES = 4,
    PRICE_ON_SERVICE_FEE = 8
};

struct price_tax {
    struct str name;
    enum price_per per; /* of `amount`; guests are all persons that are not exempt */
    bool percent;
    bool included; /* in the host's prices; else on top */
    int64_t amount;
    int32_t ppm;
    int exempt_under; /* years; 0: nobody is exempt */
    int max_nights;   /* the first so many are taxed; 0: all */
    unsigned on;      /* set of enum price_base, of a percentage */
};

struct price_plan {
    size_t discount_count, fee_count, tax_count;
    struct price_discount *discounts;
    struct price_fee *fees;
    struct price_tax *taxes;
    struct price_guests guests;
};

struct price_coupon {
    struct str code;
    bool by_host; /* who pays for it: the host or the platform */
    int32_t ppm;  /* of nights less discounts; 0: amount */
    int64_t amount;
    int64_t max_amount; /* of a percentage; 0: none */
};

struct price_night {
    date_t night;
    int64_t price;
    struct uuid season; /* what said so; nil: the calendar or the property */
};

/* Who comes. */
struct price_visitors {
    int adults, children, infants;
    const int *child_ages; /* one for each child, or NULL: 17, which is the dearest */
};

struct price_stay {
    size_t night_count; /* > 0 */
    const struct price_night *nights;
    int days_ahead; /* from today to the arrival */
    int adults, children, infants;
    const int *child_ages; /* one for each child, or NULL: 17, which is the dearest */
    int32_t guest_fee_ppm, host_fee_ppm;
    const struct price_plan *plan;     /* NULL: nights only */
    const struct price_coupon *coupon; /* NULL: none */
};

enum price_kind {
    PRICE_NIGHTS,
    PRICE_DISCOUNT,
    PRICE_EXTRA_GUEST,
    PRICE_FEE,
    PRICE_TAX,
    PRICE_SERVICE_FEE,
    PRICE_COUPON,
    PRICE_KINDS
};
enum price_party { PRICE_GUEST, PRICE_HOST };
enum price_payee { PRICE_TO_HOST, PRICE_TO_PLATFORM, PRICE_TO_TAX };
/* As in the database; in the order of the enums. */
extern const char *const price_kinds[], *const price_parties[], *const price_payees[];
extern const char *const price_pers[], *const price_discount_kinds[];

enum price_rule { PRICE_RULE_NIGHTS, PRICE_RULE_FLAT, PRICE_RULE_PERCENT };

/* How an amount came about. */
struct price_derivation {
    enum price_rule rule;
    enum price_per per; /* FLAT */
    int threshold;      /* of a discount: nights or days; -1: none */
    enum price_discount_kind discount;
    int nights, of_nights;   /* counted, of all */
    int persons, of_persons; /* counted, of all; 0: persons do not matter */
    int64_t whole;           /* PERCENT: what it is about, before nights and persons that do not count; FLAT:
                                the amount before the limit, 0: quantity * unit_amount */
    int64_t base;            /* of it: what counts */
    int64_t ppm, divisor;    /* base * ppm / divisor, half up */
    int64_t limit;           /* no more than this; -1: none */
    unsigned on;             /* set of enum price_base; 0: not said */
};

struct price_line {
    enum price_party party;
    enum price_kind kind;
    enum price_payee payee;
    bool included; /* contained in other lines: shown, not added */
    int quantity;
    int64_t unit_amount, amount; /* amount = quantity * unit_amount */
    struct str name;             /* of a fee, tax, coupon or kind of guest; else absent */
    struct uuid season;          /* NIGHTS */
    struct price_derivation how;
};

struct price {
    size_t line_count;
    struct price_line *lines; /* the guest's, then the host's; in the arena */
    int64_t total, host_total, platform_total, tax_total;
};

/* False when a sum does not fit. */
bool price_make(struct arena *a, const struct price_stay *stay, struct price *out);

/* What the derivation gives: the amount of its line but for the sign. */
int64_t price_derived(const struct price_derivation *how, int quantity, int64_t unit_amount);

/*
 * Divide `total` (>= 0) by weights (>= 0) so that the parts sum to it: each gets what is whole, and the units
 * left over go to the largest remainders, among equals to the first. All weights 0: equal weights.
 */
void price_split(struct arena *a, int64_t total, const int64_t *weights, size_t n, int64_t *out);

/* v * ppm / divisor, half up; v, ppm >= 0, divisor > 0. Saturates at INT64_MAX. */
int64_t price_share(int64_t v, int64_t ppm, int64_t divisor);

/*
 * An amount of one currency in another: v * 10^(to - from) * rate / 10^scale, half away from zero. `rate` is
 * major unit for major unit. False when it does not fit.
 */
#define PRICE_RATE_SCALE 12
struct price_rate {
    int64_t rate;
    int from_exponent, to_exponent; /* ISO 4217 */
};
bool price_convert(int64_t v, const struct price_rate *rate, int64_t *out);
/* Signed amounts and their sum, each converted and so that the parts sum to the sum: by largest remainders.
 */
bool price_convert_parts(struct arena *a, const int64_t *v, size_t n, const struct price_rate *rate,
                         int64_t *out, int64_t *sum);

#endif
