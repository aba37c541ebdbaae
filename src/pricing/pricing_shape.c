/* The pricing document: what it may say. */
#include "pricing/pricing_in.h"

#include <stdio.h>

const char *const plan_policies[] = { "flexible", "moderate",       "limited",   "firm",
                                      "strict",   "non_refundable", "long_stay", NULL };

const char *const plan_bases[] = { "accommodation", "extra_guests", "fees", "service_fee", NULL };

const char *plan_pointer(char out[PLAN_POINTER_SIZE], const char *list, size_t i, const char *member)
{
    snprintf(out, PLAN_POINTER_SIZE, "/%s/%zu%s", list, i, member);
    return out;
}

unsigned plan_bases_of(const struct tax_in *t)
{
    const int *on = t->on.items;
    unsigned set = 0;
    for (size_t i = 0; i < t->on.count; i++) {
        set |= 1u << on[i];
    }
    return set ? set : PRICE_ON_NIGHTS | PRICE_ON_EXTRA_GUESTS | PRICE_ON_FEES;
}

/* ---- discounts */

#define PPM_DOC "Parts per million: 10 % is 100000."

static const struct shape_field discount_fields[] = {
    { .name = "kind",
      .type = SHAPE_ENUM,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct discount_in, kind),
      .values = price_discount_kinds,
      .doc = "length_of_stay: for stays of at least threshold nights; early: booked at least threshold days "
             "ahead; "
             "late: at most threshold days ahead." },
    { .name = "threshold",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct discount_in, threshold),
      .min = 0,
      .max = PROPERTY_NIGHTS_MAX,
      .doc = "Nights or days.",
      .example = "7" },
    { .name = "ppm",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct discount_in, ppm),
      .min = 1,
      .max = PRICE_PPM,
      .doc = "Off the price of the nights. " PPM_DOC,
      .example = "100000" },
};
static const struct shape discount_shape = { .name = "PricingDiscount",
                                             .fields = discount_fields,
                                             .count = SHAPE_COUNT(discount_fields),
                                             .size = sizeof(struct discount_in),
                                             .doc = "A discount. Of several of a kind that apply, the one "
                                                    "with the longest stay, the earliest or the latest "
                                                    "booking counts; one of each kind may apply." };
static const struct shape_field discount_item = { .type = SHAPE_OBJECT, .sub = &discount_shape };

/* ---- guests */

static const struct shape_field band_fields[] = {
    { .name = "under",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct band_in, under),
      .min = PRICE_CHILD_AGE + 1,
      .max = PRICE_ADULT_AGE,
      .doc = "Age in years at which the price ends.",
      .example = "12" },
    { .name = "price",
      .type = SHAPE_OBJECT,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct band_in, price),
      .sub = &money_shape,
      .doc = "Each such child and night." },
};
static const struct shape band_shape = { .name = "PricingChildren",
                                         .fields = band_fields,
                                         .count = SHAPE_COUNT(band_fields),
                                         .size = sizeof(struct band_in),
                                         .doc = "What an extra child of an age costs." };
static const struct shape_field band_item = { .type = SHAPE_OBJECT, .sub = &band_shape };

static const struct shape_field guests_fields[] = {
    [INCLUDED] = { .name = "included",
                   .type = SHAPE_INT,
                   .flags = SHAPE_NULLABLE,
                   .offset = offsetof(struct guests_in, included),
                   .min = 1,
                   .max = 100,
                   .doc = "Guests the price of a night is for, infants aside; null: all. The youngest are "
                          "those beyond.",
                   .example = "2" },
    [EXTRA] = { .name = "extra",
                .type = SHAPE_OBJECT,
                .flags = SHAPE_NULLABLE,
                .offset = offsetof(struct guests_in, extra),
                .sub = &money_shape,
                .doc = "Each extra guest and night." },
    [INFANT] = { .name = "infant",
                 .type = SHAPE_OBJECT,
                 .flags = SHAPE_NULLABLE,
                 .offset = offsetof(struct guests_in, infant),
                 .sub = &money_shape,
                 .doc = "Each infant (under 2) and night; they are never extra guests." },
    [CHILDREN] = { .name = "children",
                   .type = SHAPE_LIST,
                   .offset = offsetof(struct guests_in, children),
                   .min = 0,
                   .max = PRICE_LIST_MAX,
                   .item = &band_item,
                   .doc = "What extra children cost, by rising age; others pay extra. A child whose age is "
                          "not said "
                          "counts as 17.",
                   .example = "[{\"under\":12,\"price\":{\"amount\":500,\"currency\":\"USD\"}}]" },
};
static const struct shape guests_shape = { .name = "PricingGuests",
                                           .fields = guests_fields,
                                           .count = SHAPE_COUNT(guests_fields),
                                           .size = sizeof(struct guests_in),
                                           .doc = "What more guests cost." };

/* ---- fees and taxes */

#define CHARGES(struct_name, of_what)                                                                        \
    [NAME] = { .name = "name",                                                                               \
               .type = SHAPE_STRING,                                                                         \
               .flags = SHAPE_REQUIRED,                                                                      \
               .offset = offsetof(struct struct_name, name),                                                 \
               .min = 1,                                                                                     \
               .max = 80,                                                                                    \
               .doc = "What guests read.",                                                                   \
               .example = "\"Cleaning\"" },                                                                  \
    [PER] = { .name = "per",                                                                                 \
              .type = SHAPE_ENUM,                                                                            \
              .offset = offsetof(struct struct_name, per),                                                   \
              .values = price_pers,                                                                          \
              .def = "stay",                                                                                 \
              .doc = "What amount is for." },                                                                \
    [AMOUNT] = { .name = "amount",                                                                           \
                 .type = SHAPE_OBJECT,                                                                       \
                 .offset = offsetof(struct struct_name, amount),                                             \
                 .sub = &money_shape,                                                                        \
                 .doc = "A fixed sum; or ppm." },                                                            \
    [PPM] = { .name = "ppm",                                                                                 \
              .type = SHAPE_INT,                                                                             \
              .offset = offsetof(struct struct_name, ppm),                                                   \
              .min = 1,                                                                                      \
              .max = PRICE_PPM,                                                                              \
              .doc = of_what PPM_DOC,                                                                        \
              .example = "70000" }

static const struct shape_field fee_fields[] = { CHARGES(
    fee_in, "A share of nights less discounts and of extra guests; instead of amount and per. ") };
static const struct shape fee_shape = { .name = "PricingFee",
                                        .fields = fee_fields,
                                        .count = SHAPE_COUNT(fee_fields),
                                        .size = sizeof(struct fee_in),
                                        .doc =
                                            "What the host asks besides; guests are adults and children." };
static const struct shape_field fee_item = { .type = SHAPE_OBJECT, .sub = &fee_shape };

static const struct shape_field base_item = { .type = SHAPE_ENUM, .values = plan_bases };

static const struct shape_field tax_fields[] = {
    CHARGES(tax_in, "A share of what `on` names; instead of amount and per. "),
    [TAX_INCLUDED] = { .name = "included",
                       .type = SHAPE_BOOL,
                       .offset = offsetof(struct tax_in, included),
                       .def = "false",
                       .doc = "Whether the host's prices contain it; else it comes on top. Of several "
                              "contained shares "
                              "each is taken of the price without all of them." },
    [EXEMPT_UNDER] = { .name = "exempt_under",
                       .type = SHAPE_INT,
                       .flags = SHAPE_NULLABLE,
                       .offset = offsetof(struct tax_in, exempt_under),
                       .min = 1,
                       .max = PRICE_ADULT_AGE,
                       .doc = "Persons of fewer years are exempt. Of a share they are given an equal part, "
                              "which is not "
                              "taxed.",
                       .example = "16" },
    [MAX_NIGHTS] = { .name = "max_nights",
                     .type = SHAPE_INT,
                     .flags = SHAPE_NULLABLE,
                     .offset = offsetof(struct tax_in, max_nights),
                     .min = 1,
                     .max = PROPERTY_NIGHTS_MAX,
                     .doc = "Only the first nights of a stay are taxed.",
                     .example = "7" },
    [ON] = { .name = "on",
             .type = SHAPE_LIST,
             .offset = offsetof(struct tax_in, on),
             .min = 1,
             .max = 4,
             .item = &base_item,
             .doc =
                 "What ppm is a share of; accommodation is the nights less discounts and the host's coupon. "
                 "Without it: accommodation, extra_guests and fees.",
             .example = "[\"accommodation\",\"fees\"]" },
};
static const struct shape tax_shape = {
    .name = "PricingTax",
    .fields = tax_fields,
    .count = SHAPE_COUNT(tax_fields),
    .size = sizeof(struct tax_in),
    .doc = "A tax the platform passes on to the authority; guests are all persons that are "
           "not exempt."
};
static const struct shape_field tax_item = { .type = SHAPE_OBJECT, .sub = &tax_shape };

/* ---- the document */

enum { POLICY, DISCOUNTS, GUESTS, FEES, TAXES, ID };
#define IN(member) offsetof(struct plan_in, member)
#define MEMBERS                                                                                              \
    [POLICY] = { .name = "cancellation_policy",                                                              \
                 .type = SHAPE_ENUM,                                                                         \
                 .offset = IN(cancellation_policy),                                                          \
                 .values = plan_policies,                                                                    \
                 .def = "flexible",                                                                          \
                 .doc = "What a guest gets back who cancels. Quotes keep the one they were made with." },    \
    [DISCOUNTS] = { .name = "discounts",                                                                     \
                    .type = SHAPE_LIST,                                                                      \
                    .offset = IN(discounts),                                                                 \
                    .min = 0,                                                                                \
                    .max = PRICE_LIST_MAX,                                                                   \
                    .item = &discount_item,                                                                  \
                    .doc = "Off the nights.",                                                                \
                    .example = "[{\"kind\":\"length_of_stay\",\"threshold\":7,\"ppm\":100000}]" },           \
    [GUESTS] = { .name = "guests",                                                                           \
                 .type = SHAPE_OBJECT,                                                                       \
                 .offset = IN(guests),                                                                       \
                 .sub = &guests_shape,                                                                       \
                 .doc = "What more guests cost." },                                                          \
    [FEES] = { .name = "fees",                                                                               \
               .type = SHAPE_LIST,                                                                           \
               .offset = IN(fees),                                                                           \
               .min = 0,                                                                                     \
               .max = PRICE_LIST_MAX,                                                                        \
               .item = &fee_item,                                                                            \
               .doc = "Charged in this order.",                                                              \
               .example = "[{\"name\":\"Cleaning\",\"per\":\"stay\",\"amount\":{\"amount\":3000,"            \
                          "\"currency\":\"USD\"}}]" },                                                       \
    [TAXES] = { .name = "taxes",                                                                             \
                .type = SHAPE_LIST,                                                                          \
                .offset = IN(taxes),                                                                         \
                .min = 0,                                                                                    \
                .max = PRICE_LIST_MAX,                                                                       \
                .item = &tax_item,                                                                           \
                .doc = "None of them is taken of another.",                                                  \
                .example = "[{\"name\":\"City tax\",\"ppm\":70000,\"exempt_under\":16,\"max_nights\":7}]" }

static const struct shape_field put_fields[] = {
    MEMBERS,
    [ID] = { .name = "id",
             .type = SHAPE_UUID,
             .in = IN_PATH,
             .flags = SHAPE_REQUIRED,
             .offset = IN(id),
             .doc = "The property." },
};
static const struct shape_field fields[] = { MEMBERS };

static void check_discounts(const struct plan_in *in, struct violations *v)
{
    const struct discount_in *d = in->discounts.items;
    char p[PLAN_POINTER_SIZE];
    for (size_t i = 0; i < in->discounts.count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (d[j].kind == d[i].kind && d[j].threshold == d[i].threshold) {
                violations_add(v, plan_pointer(p, "discounts", i, "/threshold"), "rule",
                               "Each threshold of a kind is given once.");
                break;
            }
        }
    }
}

static void check_guests(const struct guests_in *g, struct violations *v)
{
    const struct band_in *b = g->children.items;
    char p[PLAN_POINTER_SIZE];
    for (size_t i = 1; i < g->children.count; i++) {
        if (b[i].under <= b[i - 1].under) {
            violations_add(v, plan_pointer(p, "guests/children", i, "/under"), "rule",
                           "Ages rise from item to item.");
        }
    }
    bool priced = (SHAPE_HAS(g, EXTRA) && !SHAPE_NULL(g, EXTRA)) || g->children.count > 0;
    if (priced && g->included == 0) {
        violations_add(v, "/guests/included", "required", "An extra guest is one beyond the included.");
    }
}

static void check_charge(uint64_t given, const char *list, size_t i, struct violations *v)
{
    char p[PLAN_POINTER_SIZE];
    bool amount = given >> AMOUNT & 1, ppm = given >> PPM & 1;
    if (amount == ppm) {
        violations_add(v, plan_pointer(p, list, i, ppm ? "/ppm" : "/amount"), ppm ? "rule" : "required",
                       "Give either amount or ppm.");
    }
    if (ppm && given >> PER & 1) {
        violations_add(v, plan_pointer(p, list, i, "/per"), "rule", "per goes with amount.");
    }
}

static void check_tax(const struct tax_in *t, size_t i, struct violations *v)
{
    char p[PLAN_POINTER_SIZE];
    check_charge(t->seen.given, "taxes", i, v);
    if (SHAPE_HAS(t, ON) && SHAPE_HAS(t, AMOUNT)) {
        violations_add(v, plan_pointer(p, "taxes", i, "/on"), "rule", "on goes with ppm.");
    }
    if (t->included && plan_bases_of(t) & PRICE_ON_SERVICE_FEE) {
        violations_add(v, plan_pointer(p, "taxes", i, "/on"), "rule",
                       "The service fee contains no tax of the host's.");
    }
}

static void in_check(const void *p, struct violations *v)
{
    const struct plan_in *in = p;
    const struct fee_in *fees = in->fees.items;
    const struct tax_in *taxes = in->taxes.items;
    check_discounts(in, v);
    check_guests(&in->guests, v);
    for (size_t i = 0; i < in->fees.count; i++) {
        check_charge(fees[i].seen.given, "fees", i, v);
    }
    for (size_t i = 0; i < in->taxes.count; i++) {
        check_tax(&taxes[i], i, v);
    }
}

#define PLAN_DOC                                                                                             \
    "What a stay costs beyond its nights. What is left out is none: the document is replaced as a whole."
const struct shape plan_put_shape = { .name = "PricingUpdate",
                                      .fields = put_fields,
                                      .count = SHAPE_COUNT(put_fields),
                                      .size = sizeof(struct plan_in),
                                      .doc = PLAN_DOC,
                                      .check = in_check };
const struct shape plan_shape = { .name = "Pricing",
                                  .fields = fields,
                                  .count = SHAPE_COUNT(fields),
                                  .size = sizeof(struct plan_in),
                                  .doc = PLAN_DOC };
