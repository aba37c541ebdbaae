/* Members of the pricing document as they are decoded; between pricing_shape.c and pricing_plan.c. */
#ifndef NEXUS_PRICING_PRICING_IN_H
#define NEXUS_PRICING_PRICING_IN_H

#include "pricing/pricing_plan.h"

struct discount_in {
    struct shape_seen seen;
    int kind;
    int64_t threshold, ppm;
};

struct band_in {
    struct shape_seen seen;
    int64_t under;
    struct money_in price;
};
/* Bits of guests_in.seen. */
enum { INCLUDED, EXTRA, INFANT, CHILDREN };

struct fee_in {
    struct shape_seen seen;
    struct str name;
    int per;
    struct money_in amount;
    int64_t ppm;
};
/* Bits of `seen`, of taxes too. */
enum { NAME, PER, AMOUNT, PPM };

struct tax_in {
    struct shape_seen seen;
    struct str name;
    int per;
    struct money_in amount;
    int64_t ppm;
    bool included;
    int64_t exempt_under, max_nights;
    struct shape_list on; /* of int */
};
enum { TAX_INCLUDED = PPM + 1, EXEMPT_UNDER, MAX_NIGHTS, ON };

/* What a tax is a share of, in the order of the bits of enum price_base; NULL-terminated. */
extern const char *const plan_bases[];
/* Set of enum price_base. */
unsigned plan_bases_of(const struct tax_in *t);

/* Pointer of a member of item i of a list, on the stack of the caller. */
#define PLAN_POINTER_SIZE 64
const char *plan_pointer(char out[PLAN_POINTER_SIZE], const char *list, size_t i, const char *member);

#endif
