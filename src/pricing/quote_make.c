/* The steps of a quote. */
#include "pricing/quote.h"

#include "db/queries.h"
#include "http/idempotency.h"
#include "pricing/coupon.h"
#include "pricing/pricing_plan.h"
#include "json/format.h"

/* ---- reading */

struct quote_ask quote_add(struct request *rq, struct db_batch *b, const struct quote_wanted *w)
{
    const struct uuid *guest = principal_for(&rq->principal, PERM_BOOKING_CREATE);
    struct quote_ask ask = { .coupon = -1, .rate = -1 };
    ask.stay = stay_add(rq, b, &w->property_id, w->check_in, w->check_out);
    ask.plan = DB_ADD(b, &q_quote_plan, db_uuid(&w->property_id));
    if (w->kept) {
        ask.coupon = DB_ADD(b, &q_quote_coupon_kept, db_uuid(w->kept));
    } else if (w->coupon.p) {
        ask.coupon = DB_ADD(b, &q_quote_coupon, db_uuid(&w->property_id),
                            db_text(coupon_code(rq->arena, w->coupon)), db_uuid(guest));
    }
    if (w->display_currency.p) {
        ask.rate = DB_ADD(b, &q_quote_rate, db_uuid(&w->property_id), db_text(w->display_currency));
    }
    return ask;
}

static enum err read_plan(struct request *rq, const PGresult *r, struct quote_basis *out)
{
    struct plan_in *in;
    out->plan = NULL;
    out->policy = STR("flexible");
    if (PQntuples(r) == 0) {
        return ERR_NONE;
    }
    if (!plan_read(rq->arena, arena_str(rq->arena, db_get_text(r, 0, 0)), &in)) {
        return fail(rq, ERR_INTERNAL, NULL, "The property's pricing cannot be read.");
    }
    out->plan = plan_of(rq->arena, in);
    out->policy = str_from(plan_policies[in->cancellation_policy]);
    return ERR_NONE;
}

/* The coupon's row: id, host's, ppm, amount, max_amount, currency, min_nights, begun, over, left, code. */
static void take_coupon(struct request *rq, const PGresult *r, struct quote_basis *out)
{
    out->has_coupon = true;
    out->coupon_id = db_get_uuid(r, 0, 0);
    out->coupon = (struct price_coupon){ .code = arena_str(rq->arena, db_get_text(r, 0, 10)),
                                         .by_host = db_get_bool(r, 0, 1),
                                         .ppm = db_is_null(r, 0, 2) ? 0 : db_get_int4(r, 0, 2),
                                         .amount = db_is_null(r, 0, 3) ? 0 : db_get_int8(r, 0, 3),
                                         .max_amount = db_is_null(r, 0, 4) ? 0 : db_get_int8(r, 0, 4) };
}

static bool suits_currency(const PGresult *r, const struct quote_basis *basis)
{
    return db_is_null(r, 0, 5) || str_eq(db_get_text(r, 0, 5), basis->stay.currency);
}

static bool suits_stay(const PGresult *r, const struct quote_wanted *w)
{
    return w->check_out - w->check_in >= db_get_int4(r, 0, 6);
}

/* Nobody has typed it, so nobody is told where it does not suit the stay as it would be: it takes nothing
 * off. */
static void keep_coupon(struct request *rq, const PGresult *r, const struct quote_wanted *w,
                        struct quote_basis *out)
{
    if (PQntuples(r) > 0 && suits_currency(r, out) && suits_stay(r, w)) {
        take_coupon(rq, r, out);
    }
}

static enum err read_coupon(struct request *rq, const PGresult *r, const struct quote_wanted *w,
                            struct quote_basis *out)
{
    const char *p = "/coupon";
    if (PQntuples(r) == 0) {
        return fail(rq, ERR_VALIDATION, p, "There is no such coupon for this property.");
    }
    if (db_get_bool(r, 0, 8)) {
        return fail(rq, ERR_VALIDATION, p, "The coupon holds no longer.");
    }
    if (!db_get_bool(r, 0, 7)) {
        return fail(rq, ERR_VALIDATION, p, "The coupon does not hold yet.");
    }
    if (!db_get_bool(r, 0, 9)) {
        return fail(rq, ERR_COUPON_USED_UP, p, "The coupon has been used as often as it may be.");
    }
    if (!suits_currency(r, out)) {
        return fail(rq, ERR_VALIDATION, p, "The coupon is for prices in " STR_FMT ".",
                    STR_ARG(db_get_text(r, 0, 5)));
    }
    if (!suits_stay(r, w)) {
        return fail(rq, ERR_VALIDATION, p, "The coupon is for stays of at least %d nights.",
                    (int)db_get_int4(r, 0, 6));
    }
    take_coupon(rq, r, out);
    return ERR_NONE;
}

static enum err read_rate(struct request *rq, const PGresult *r, const struct quote_wanted *w,
                          struct quote_basis *out)
{
    if (PQntuples(r) == 0) {
        return fail(rq, ERR_VALIDATION, "/display_currency",
                    "There is no rate for " STR_FMT " in " STR_FMT ".", STR_ARG(out->stay.currency),
                    STR_ARG(w->display_currency));
    }
    out->has_rate = true;
    out->rate = (struct price_rate){ db_get_int8(r, 0, 0), currency_exponent(out->stay.currency),
                                     currency_exponent(w->display_currency) };
    out->rate_as_of = db_get_timestamptz(r, 0, 1);
    return ERR_NONE;
}

enum err quote_read(struct request *rq, const struct db_batch *b, struct quote_ask ask,
                    const struct quote_wanted *w, struct quote_basis *out)
{
    *out = (struct quote_basis){ 0 };
    enum err e = stay_read(rq, b, ask.stay, &w->property_id, "/property_id", &out->stay);
    if (!e) {
        e = read_plan(rq, db_result(b, ask.plan), out);
    }
    if (!e && w->kept) {
        keep_coupon(rq, db_result(b, ask.coupon), w, out);
    } else if (!e && ask.coupon >= 0) {
        e = read_coupon(rq, db_result(b, ask.coupon), w, out);
    }
    if (!e && ask.rate >= 0) {
        e = read_rate(rq, db_result(b, ask.rate), w, out);
    }
    return e;
}

/* ---- the price */

/* The last night of the basis is the day of departure. */
const struct shape_field quote_child_age = { .type = SHAPE_INT,
                                             .min = PRICE_CHILD_AGE,
                                             .max = PRICE_ADULT_AGE - 1 };

const int *quote_child_ages(struct arena *a, const struct shape_list *ages)
{
    const int64_t *from = ages->items;
    int *to = ARENA_ARRAY(a, int, ages->count);
    for (size_t i = 0; i < ages->count; i++) {
        to[i] = (int)from[i];
    }
    return ages->count ? to : NULL;
}

struct price_stay quote_stay(struct request *rq, const struct quote_wanted *w,
                             const struct quote_basis *basis)
{
    size_t n = basis->stay.night_count - 1;
    struct price_night *nights = ARENA_ARRAY(rq->arena, struct price_night, n);
    for (size_t i = 0; i < n; i++) {
        const struct stay_night *from = &basis->stay.nights[i];
        nights[i] = (struct price_night){ from->night, from->price, from->season };
    }
    return (struct price_stay){ .night_count = n,
                                .nights = nights,
                                .days_ahead = w->check_in - basis->stay.terms.today,
                                .adults = w->adults,
                                .children = w->children,
                                .infants = w->infants,
                                .child_ages = w->child_ages,
                                .guest_fee_ppm = (int32_t)rq->options->guest_fee_ppm,
                                .host_fee_ppm = (int32_t)rq->options->host_fee_ppm,
                                .plan = basis->plan,
                                .coupon = basis->has_coupon ? &basis->coupon : NULL };
}

enum err quote_price(struct request *rq, const struct quote_wanted *w, const struct quote_basis *basis,
                     struct price *out)
{
    struct price_stay stay = quote_stay(rq, w, basis);
    return price_make(rq->arena, &stay, out) ? ERR_NONE
                                             : fail(rq, ERR_STAY_RULES, "/check_out",
                                                    "The price of this stay is beyond what can be counted.");
}

/* ---- the rows */

/* Amounts in the display currency: the lines of each side sum to its total, included ones are by themselves.
 */
struct display {
    int64_t *amounts; /* of each line; NULL: none wanted */
    int64_t total;
};

static bool convert_side(struct arena *a, const struct price *p, enum price_party party,
                         const struct price_rate *rate, int64_t *out, int64_t *sum)
{
    size_t *at = ARENA_ARRAY(a, size_t, p->line_count), n = 0;
    int64_t *from = ARENA_ARRAY(a, int64_t, p->line_count), *to = ARENA_ARRAY(a, int64_t, p->line_count);
    for (size_t i = 0; i < p->line_count; i++) {
        const struct price_line *line = &p->lines[i];
        if (line->party == party && line->included) {
            if (!price_convert(line->amount, rate, &out[i])) {
                return false;
            }
        } else if (line->party == party) {
            from[n] = line->amount;
            at[n++] = i;
        }
    }
    if (!price_convert_parts(a, from, n, rate, to, sum)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        out[at[i]] = to[i];
    }
    return true;
}

static enum err display_of(struct request *rq, const struct quote_basis *basis, const struct price *p,
                           struct display *out)
{
    int64_t host;
    *out = (struct display){ 0 };
    if (!basis->has_rate) {
        return ERR_NONE;
    }
    out->amounts = ARENA_ARRAY(rq->arena, int64_t, p->line_count);
    return convert_side(rq->arena, p, PRICE_GUEST, &basis->rate, out->amounts, &out->total) &&
                   convert_side(rq->arena, p, PRICE_HOST, &basis->rate, out->amounts, &host)
               ? ERR_NONE
               : fail(rq, ERR_VALIDATION, "/display_currency",
                      "The price cannot be counted in this currency.");
}

static void add_quote(struct request *rq, struct db_batch *b, const struct uuid *id,
                      const struct quote_wanted *w, const struct quote_basis *basis, const struct price *p,
                      const struct display *display)
{
    struct arena *a = rq->arena;
    int32_t *ages = ARENA_ARRAY(a, int32_t, (size_t)w->children);
    for (int i = 0; w->child_ages && i < w->children; i++) {
        ages[i] = w->child_ages[i];
    }
    bool shown = display->amounts != NULL;
    DB_ADD(b, &q_quote_insert, db_uuid(id), db_uuid(&w->property_id),
           db_uuid(principal_for(&rq->principal, PERM_BOOKING_CREATE)), db_date(a, w->check_in),
           db_date(a, w->check_out), db_int4(a, w->adults), db_int4(a, w->children), db_int4(a, w->infants),
           db_int4_array(a, ages, w->child_ages ? (size_t)w->children : 0), db_int8(a, p->total),
           db_int8(a, p->host_total), db_int8(a, p->platform_total), db_int8(a, p->tax_total),
           db_text(basis->stay.currency), db_text(basis->policy),
           db_uuid(basis->has_coupon ? &basis->coupon_id : NULL),
           shown ? db_text(w->display_currency) : db_null(DB_TEXT),
           shown ? db_int8(a, basis->rate.rate) : db_null(DB_INT8),
           shown ? db_timestamptz(a, basis->rate_as_of) : db_null(DB_TIMESTAMPTZ),
           shown ? db_int8(a, display->total) : db_null(DB_INT8), db_int8(a, rq->options->quote_lifetime));
}

/* Columns of the lines, each an array. */
struct columns {
    struct str *parties, *kinds, *payees, *texts, *rules;
    int32_t *included, *quantities;
    int64_t *amounts;
};

static void fill(struct arena *a, const struct price *p, const struct price_stay *stay, struct columns *c)
{
    for (size_t i = 0; i < p->line_count; i++) {
        const struct price_line *line = &p->lines[i];
        c->parties[i] = str_from(price_parties[line->party]);
        c->kinds[i] = str_from(price_kinds[line->kind]);
        c->payees[i] = str_from(price_payees[line->payee]);
        c->texts[i] = price_line_text(a, line);
        c->rules[i] = price_line_rule(a, line, stay);
        c->included[i] = line->included;
        c->quantities[i] = line->quantity;
        c->amounts[i] = line->unit_amount;
    }
}

enum err quote_add_rows(struct request *rq, struct db_batch *b, const struct uuid *id,
                        const struct quote_wanted *w, const struct quote_basis *basis, const struct price *p)
{
    struct arena *a = rq->arena;
    size_t n = p->line_count;
    struct display display;
    struct price_stay stay = quote_stay(rq, w, basis);
    enum err e = display_of(rq, basis, p, &display);
    if (e) {
        return e;
    }
    struct columns c = { ARENA_ARRAY(a, struct str, n), ARENA_ARRAY(a, struct str, n),
                         ARENA_ARRAY(a, struct str, n), ARENA_ARRAY(a, struct str, n),
                         ARENA_ARRAY(a, struct str, n), ARENA_ARRAY(a, int32_t, n),
                         ARENA_ARRAY(a, int32_t, n),    ARENA_ARRAY(a, int64_t, n) };
    fill(a, p, &stay, &c);
    add_quote(rq, b, id, w, basis, p, &display);
    DB_ADD(b, &q_quote_lines_insert, db_uuid(id), db_text_array(a, c.parties, n),
           db_text_array(a, c.kinds, n), db_text_array(a, c.payees, n), db_int4_array(a, c.included, n),
           db_text_array(a, c.texts, n), db_int4_array(a, c.quantities, n), db_int8_array(a, c.amounts, n),
           db_text_array(a, c.rules, n),
           display.amounts ? db_int8_array(a, display.amounts, n) : db_null(DB_INT8_ARRAY));
    return ERR_NONE;
}
