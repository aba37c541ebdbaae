/* The pricing document in the engine's form, and as JSON. */
#include "pricing/pricing_in.h"

#include "json/decode.h"
#include "json/write.h"

/* ---- currency */

static void check_currency(const struct money_in *m, bool given, struct str currency, const char *pointer,
                           struct violations *v)
{
    if (given && !str_eq(m->currency, currency)) {
        violations_add(v, pointer, "rule", "The currency of this property is " STR_FMT ".",
                       STR_ARG(currency));
    }
}

bool plan_fits(const struct plan_in *in, struct str currency, struct violations *v)
{
    size_t before = v->count;
    const struct guests_in *g = &in->guests;
    const struct band_in *bands = g->children.items;
    const struct fee_in *fees = in->fees.items;
    const struct tax_in *taxes = in->taxes.items;
    char p[PLAN_POINTER_SIZE];
    check_currency(&g->extra, SHAPE_HAS(g, EXTRA) && !SHAPE_NULL(g, EXTRA), currency,
                   "/guests/extra/currency", v);
    check_currency(&g->infant, SHAPE_HAS(g, INFANT) && !SHAPE_NULL(g, INFANT), currency,
                   "/guests/infant/currency", v);
    for (size_t i = 0; i < g->children.count; i++) {
        check_currency(&bands[i].price, true, currency,
                       plan_pointer(p, "guests/children", i, "/price/currency"), v);
    }
    for (size_t i = 0; i < in->fees.count; i++) {
        check_currency(&fees[i].amount, SHAPE_HAS(&fees[i], AMOUNT), currency,
                       plan_pointer(p, "fees", i, "/amount/currency"), v);
    }
    for (size_t i = 0; i < in->taxes.count; i++) {
        check_currency(&taxes[i].amount, SHAPE_HAS(&taxes[i], AMOUNT), currency,
                       plan_pointer(p, "taxes", i, "/amount/currency"), v);
    }
    return v->count == before;
}

/* ---- into the engine's form */

static void guests_of(struct arena *a, const struct guests_in *in, struct price_guests *out)
{
    const struct band_in *bands = in->children.items;
    *out = (struct price_guests){ .included = (int)in->included,
                                  .extra = in->extra.amount,
                                  .infant = in->infant.amount,
                                  .band_count = in->children.count,
                                  .bands = ARENA_ARRAY(a, struct price_band, in->children.count) };
    for (size_t i = 0; i < in->children.count; i++) {
        out->bands[i] = (struct price_band){ (int)bands[i].under, bands[i].price.amount };
    }
}

static struct price_tax tax_of(const struct tax_in *t)
{
    return (struct price_tax){ .name = t->name,
                               .per = (enum price_per)t->per,
                               .percent = SHAPE_HAS(t, PPM),
                               .included = t->included,
                               .amount = t->amount.amount,
                               .ppm = (int32_t)t->ppm,
                               .exempt_under = (int)t->exempt_under,
                               .max_nights = (int)t->max_nights,
                               .on = plan_bases_of(t) };
}

struct price_plan *plan_of(struct arena *a, const struct plan_in *in)
{
    const struct discount_in *discounts = in->discounts.items;
    const struct fee_in *fees = in->fees.items;
    const struct tax_in *taxes = in->taxes.items;
    struct price_plan *p = ARENA_NEW(a, struct price_plan);
    *p = (struct price_plan){ .discount_count = in->discounts.count,
                              .fee_count = in->fees.count,
                              .tax_count = in->taxes.count,
                              .discounts = ARENA_ARRAY(a, struct price_discount, in->discounts.count),
                              .fees = ARENA_ARRAY(a, struct price_fee, in->fees.count),
                              .taxes = ARENA_ARRAY(a, struct price_tax, in->taxes.count) };
    guests_of(a, &in->guests, &p->guests);
    for (size_t i = 0; i < p->discount_count; i++) {
        p->discounts[i] = (struct price_discount){ (enum price_discount_kind)discounts[i].kind,
                                                   (int)discounts[i].threshold, (int32_t)discounts[i].ppm };
    }
    for (size_t i = 0; i < p->fee_count; i++) {
        p->fees[i] = (struct price_fee){ fees[i].name, (enum price_per)fees[i].per, SHAPE_HAS(&fees[i], PPM),
                                         fees[i].amount.amount, (int32_t)fees[i].ppm };
    }
    for (size_t i = 0; i < p->tax_count; i++) {
        p->taxes[i] = tax_of(&taxes[i]);
    }
    return p;
}

/* ---- JSON */

static void write_money(struct json_writer *w, const char *name, const struct money_in *m)
{
    json_write_key(w, str_from(name));
    json_write_object(w);
    JSON_MEMBER(w, "amount", int, m->amount);
    JSON_MEMBER(w, "currency", str, m->currency);
    json_write_object_end(w);
}

static void write_guests(struct json_writer *w, const struct guests_in *g)
{
    const struct band_in *bands = g->children.items;
    json_write_object(w);
    if (g->included > 0) {
        JSON_MEMBER(w, "included", int, g->included);
    }
    if (SHAPE_HAS(g, EXTRA) && !SHAPE_NULL(g, EXTRA)) {
        write_money(w, "extra", &g->extra);
    }
    if (SHAPE_HAS(g, INFANT) && !SHAPE_NULL(g, INFANT)) {
        write_money(w, "infant", &g->infant);
    }
    json_write_key(w, STR("children"));
    json_write_array(w);
    for (size_t i = 0; i < g->children.count; i++) {
        json_write_object(w);
        JSON_MEMBER(w, "under", int, bands[i].under);
        write_money(w, "price", &bands[i].price);
        json_write_object_end(w);
    }
    json_write_array_end(w);
    json_write_object_end(w);
}

static void write_charge(struct json_writer *w, struct str name, bool percent, int per,
                         const struct money_in *amount, int64_t ppm)
{
    JSON_MEMBER(w, "name", str, name);
    if (percent) {
        JSON_MEMBER(w, "ppm", int, ppm);
    } else {
        JSON_MEMBER(w, "per", strz, price_pers[per]);
        write_money(w, "amount", amount);
    }
}

static void write_tax(struct json_writer *w, const struct tax_in *t)
{
    const int *on = t->on.items;
    json_write_object(w);
    write_charge(w, t->name, SHAPE_HAS(t, PPM), t->per, &t->amount, t->ppm);
    JSON_MEMBER(w, "included", bool, t->included);
    if (t->exempt_under > 0) {
        JSON_MEMBER(w, "exempt_under", int, t->exempt_under);
    }
    if (t->max_nights > 0) {
        JSON_MEMBER(w, "max_nights", int, t->max_nights);
    }
    if (t->on.count > 0) {
        json_write_key(w, STR("on"));
        json_write_array(w);
        for (size_t i = 0; i < t->on.count; i++) {
            json_write_strz(w, plan_bases[on[i]]);
        }
        json_write_array_end(w);
    }
    json_write_object_end(w);
}

static void write_lists(struct json_writer *w, const struct plan_in *in)
{
    const struct discount_in *discounts = in->discounts.items;
    const struct fee_in *fees = in->fees.items;
    const struct tax_in *taxes = in->taxes.items;
    json_write_key(w, STR("discounts"));
    json_write_array(w);
    for (size_t i = 0; i < in->discounts.count; i++) {
        json_write_object(w);
        JSON_MEMBER(w, "kind", strz, price_discount_kinds[discounts[i].kind]);
        JSON_MEMBER(w, "threshold", int, discounts[i].threshold);
        JSON_MEMBER(w, "ppm", int, discounts[i].ppm);
        json_write_object_end(w);
    }
    json_write_array_end(w);
    json_write_key(w, STR("guests"));
    write_guests(w, &in->guests);
    json_write_key(w, STR("fees"));
    json_write_array(w);
    for (size_t i = 0; i < in->fees.count; i++) {
        json_write_object(w);
        write_charge(w, fees[i].name, SHAPE_HAS(&fees[i], PPM), fees[i].per, &fees[i].amount, fees[i].ppm);
        json_write_object_end(w);
    }
    json_write_array_end(w);
    json_write_key(w, STR("taxes"));
    json_write_array(w);
    for (size_t i = 0; i < in->taxes.count; i++) {
        write_tax(w, &taxes[i]);
    }
    json_write_array_end(w);
}

struct str plan_json(struct arena *a, const struct plan_in *in)
{
    struct buf text;
    buf_init(&text, 1u << 20);
    struct json_writer w = json_write_start(&text);
    json_write_object(&w);
    JSON_MEMBER(&w, "cancellation_policy", strz, plan_policies[in->cancellation_policy]);
    write_lists(&w, in);
    json_write_object_end(&w);
    struct str out = arena_str(a, buf_str(&text));
    buf_free(&text);
    return out;
}

bool plan_read(struct arena *a, struct str json, struct plan_in **out)
{
    struct violations v = { .arena = a };
    const char *why;
    void *in;
    if (shape_decode(&plan_shape, a, json, NULL, 0, NULL, 0, &in, &v, &why) != ERR_NONE) {
        return false;
    }
    *out = in;
    return true;
}
