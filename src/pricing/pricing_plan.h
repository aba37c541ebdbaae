/*
 * The document in which a host says what a stay costs beyond its nights: shape, the way into the engine's
 * plan and back. What is stored was written by plan_json and is read by the shape that let it in.
 */
#ifndef NEXUS_PRICING_PRICING_PLAN_H
#define NEXUS_PRICING_PRICING_PLAN_H

#include "pricing/price_engine.h"
#include "property/property.h"
#include "json/shape.h"

struct plan_in {
    struct shape_seen seen;
    int cancellation_policy;
    struct shape_list discounts, fees, taxes;
    struct guests_in {
        struct shape_seen seen;
        int64_t included;
        struct money_in extra, infant;
        struct shape_list children;
    } guests;
    struct uuid id; /* of the property; only in requests */
};

/* NULL-terminated, as in the database. */
extern const char *const plan_policies[];

/* Of requests, with the property's id in the path; and of what is stored and answered. */
extern const struct shape plan_put_shape, plan_shape;

/* Amounts in another currency than the property's are violations. False when there are any. */
bool plan_fits(const struct plan_in *in, struct str currency, struct violations *v);

/* Into the engine's form; texts stay where they are. */
struct price_plan *plan_of(struct arena *a, const struct plan_in *in);

/* The document with every member, as JSON in the arena. */
struct str plan_json(struct arena *a, const struct plan_in *in);

/* What plan_json made, and what `{}` means. A document that cannot be read is a bug or a hand in the
 * database: false, and the caller fails. */
bool plan_read(struct arena *a, struct str json, struct plan_in **out);

#endif
