/* Prices of hits. */
#include "pricing/search_price.h"

#include "pricing/pricing_plan.h"
#include "json/write.h"

static int64_t number(struct str s)
{
    int64_t v = 0;
    (void)str_int64(s, &v);
    return v;
}

static size_t commas(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        n += s.p[i] == ',';
    }
    return n;
}

static struct price_night *nights_of(struct arena *a, struct str prices, size_t *count)
{
    struct price_night *nights = ARENA_ARRAY(a, struct price_night, commas(prices) + 1);
    struct str price;
    *count = 0;
    while (str_split(&prices, ',', &price)) {
        nights[*count] = (struct price_night){ (date_t)*count, number(price), { { 0 } } };
        ++*count;
    }
    return nights;
}

/* Without a document the sum of the nights does as well as the nights. */
static void price_of(struct request *rq, struct str basis, const struct price_visitors *guests,
                     struct price *out)
{
    struct arena *a = rq->arena;
    struct str nights = STR_NONE, ahead = STR_NONE, prices = STR_NONE;
    struct plan_in *plan;
    (void)str_split(&basis, '\n', &nights);
    struct price_night all = { 0, number(nights), { { 0 } } };
    struct price_stay stay = { .night_count = 1,
                               .nights = &all,
                               .adults = guests->adults,
                               .children = guests->children,
                               .infants = guests->infants,
                               .child_ages = guests->child_ages,
                               .guest_fee_ppm = (int32_t)rq->options->guest_fee_ppm,
                               .host_fee_ppm = (int32_t)rq->options->host_fee_ppm };
    if (str_split(&basis, '\n', &ahead) && str_split(&basis, '\n', &prices) && plan_read(a, basis, &plan)) {
        stay.nights = nights_of(a, prices, &stay.night_count);
        stay.days_ahead = (int)number(ahead);
        stay.plan = plan_of(a, plan);
    }
    if (!price_make(a, &stay, out)) {
        *out = (struct price){ .total = all.price };
    }
}

void search_price_total(struct request *rq, struct json_writer *w, struct str basis,
                        const struct price_visitors *guests, struct str currency)
{
    struct price p;
    price_of(rq, basis, guests, &p);
    json_write_object(w);
    JSON_MEMBER(w, "amount", int, p.total);
    JSON_MEMBER(w, "currency", str, currency);
    json_write_object_end(w);
}

/* Members of the answer; what is included comes after all kinds. */
static const char *const parts[] = {
    [PRICE_NIGHTS] = "nights", [PRICE_DISCOUNT] = "discounts",  [PRICE_EXTRA_GUEST] = "extra_guests",
    [PRICE_FEE] = "fees",      [PRICE_TAX] = "taxes",           [PRICE_SERVICE_FEE] = "service_fee",
    [PRICE_COUPON] = NULL,     [PRICE_KINDS] = "included_taxes"
};

void search_price_parts(struct request *rq, struct json_writer *w, struct str basis,
                        const struct price_visitors *guests)
{
    int64_t sums[PRICE_KINDS + 1] = { 0 };
    struct price p;
    price_of(rq, basis, guests, &p);
    for (size_t i = 0; i < p.line_count; i++) {
        const struct price_line *line = &p.lines[i];
        if (line->party == PRICE_GUEST) {
            sums[line->included ? PRICE_KINDS : line->kind] += line->amount;
        }
    }
    json_write_object(w);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (parts[i]) {
            json_write_key(w, str_from(parts[i]));
            json_write_int(w, sums[i]);
        }
    }
    json_write_object_end(w);
}

#define PART(member, text)                                                                                   \
    {                                                                                                        \
        .name = member, .type = SHAPE_INT, .flags = SHAPE_REQUIRED, .doc = text, .example = "0"              \
    }
static const struct shape_field fields[] = {
    PART("nights", "The price of the nights."),
    PART("discounts", "What is taken off them, negative."),
    PART("extra_guests", "Guests beyond those the price is for."),
    PART("fees", "The host's fees."),
    PART("taxes", "Taxes on top."),
    PART("service_fee", "The platform's fee."),
    PART("included_taxes", "Taxes the others contain; not added."),
};
static const struct shape shape = { .name = "TotalParts",
                                    .fields = fields,
                                    .count = SHAPE_COUNT(fields),
                                    .doc = "What a total contains, in minor units." };
const struct shape_field search_price_parts_field = {
    .name = "total_parts", .type = SHAPE_OBJECT, .sub = &shape, .doc = "What total contains, in minor units."
};
