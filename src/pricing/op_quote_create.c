/* POST /v1/quotes: the price of a stay. */
#include "pricing/pricing.h"

#include "db/queries.h"
#include "http/idempotency.h"
#include "property/property.h"
#include "query/plan.h"

struct quote_create_in {
    struct shape_seen seen;
    struct uuid property_id;
    date_t check_in, check_out;
    int64_t guests;
};
#define IN(member) offsetof(struct quote_create_in, member)

static const struct shape_field in_fields[] = {
    { .name = "property_id",
      .type = SHAPE_UUID,
      .flags = SHAPE_REQUIRED,
      .offset = IN(property_id),
      .doc = "Property to stay in." },
    { .name = "check_in",
      .type = SHAPE_DATE,
      .flags = SHAPE_REQUIRED,
      .offset = IN(check_in),
      .doc = "First night, in the property's zone." },
    { .name = "check_out",
      .example = "\"2027-05-04\"",
      .type = SHAPE_DATE,
      .flags = SHAPE_REQUIRED,
      .offset = IN(check_out),
      .doc = "Day of departure." },
    { .name = "guests",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED,
      .offset = IN(guests),
      .min = 1,
      .max = 100,
      .doc = "Guests.",
      .example = "2" },
};

static void in_check(const void *p, struct violations *v)
{
    const struct quote_create_in *in = p;
    if (in->check_out <= in->check_in) {
        violations_add(v, "/check_out", "rule", "check_out is after check_in.");
    } else if (in->check_out - in->check_in > PROPERTY_NIGHTS_MAX) {
        violations_add(v, "/check_out", "max", "A stay has at most %d nights.", PROPERTY_NIGHTS_MAX);
    }
}

static const struct shape in_shape = { .name = "QuoteCreate",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct quote_create_in),
                                       .doc = "A stay to be priced.",
                                       .check = in_check };

static enum err quote_create_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_STAY_RULES, ERR_DATES_UNAVAILABLE, ERR_VALIDATION,
                                   ERR_NONE };

const struct op op_quote_create = {
    .name = "quote_create",
    .method = METHOD_POST,
    .path = "/v1/quotes",
    .tag = "Bookings",
    .summary = "Ask for the price of a stay",
    .doc = "Freezes the price for a while (expires_at). Nothing is reserved. With a token the quote is the "
           "caller's; without "
           "one, whoever knows its id may book it. A stay that breaks rules is refused with all of them.",
    .perm = PERM_PUBLIC,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT,
    .status = 201,
    .in = &in_shape,
    .entity = &entity_quote,
    .errors = errors,
    .exec = quote_create_exec,
};

/* What the first round trip brings. */
struct basis {
    struct stay_terms terms;
    bool available;
    int64_t price;
    struct str currency;
    struct night_price *special;
    size_t special_count;
};

static void read_basis(struct request *rq, const PGresult *terms, const PGresult *nights, struct basis *out)
{
    out->price = db_get_int8(terms, 0, 0);
    out->currency = db_get_text(terms, 0, 1);
    out->terms.capacity = db_get_int4(terms, 0, 2);
    out->terms.min_nights = db_get_int4(terms, 0, 3);
    out->terms.max_nights = db_get_int4(terms, 0, 4);
    out->terms.today = db_get_date(terms, 0, 5);
    out->available = db_get_bool(terms, 0, 6);
    out->special_count = (size_t)PQntuples(nights);
    out->special = ARENA_ARRAY(rq->arena, struct night_price, out->special_count);
    for (size_t i = 0; i < out->special_count; i++) {
        out->special[i] =
            (struct night_price){ db_get_date(nights, (int)i, 0), db_get_int8(nights, (int)i, 1) };
    }
}

static enum err fetch_basis(struct request *rq, const struct quote_create_in *in, struct basis *out,
                            bool *replayed)
{
    struct db_param id = db_uuid(&in->property_id);
    struct db_param from = db_date(rq->arena, in->check_in), to = db_date(rq->arena, in->check_out);
    struct db_batch *b = write_batch(rq);
    int terms = DB_ADD(b, &q_quote_terms, id, from, to);
    int nights = DB_ADD(b, &q_quote_nights, id, from, to);
    enum err e = write_run(rq, b, replayed);
    if (e || *replayed) {
        return e;
    }
    if (PQntuples(db_result(b, terms)) == 0) {
        return fail(rq, ERR_NOT_FOUND, "/property_id", "There is no such property, or it is not offered.");
    }
    read_basis(rq, db_result(b, terms), db_result(b, nights), out);
    return ERR_NONE;
}

static enum err check_stay(struct request *rq, const struct stay *stay, const struct basis *basis)
{
    unsigned broken = stay_broken(stay, &basis->terms);
    for (int rule = 0; rule < STAY_RULES; rule++) {
        if (broken >> rule & 1u) {
            const struct stay_rule_info *info = &stay_rule_info[rule];
            violations_add(&rq->violations, info->pointer, info->code, "%s",
                           stay_rule_text(rq->arena, (enum stay_rule)rule, stay, &basis->terms));
        }
    }
    if (broken) {
        return fail(rq, ERR_STAY_RULES, NULL, "The property does not offer this stay.");
    }
    return basis->available ? ERR_NONE
                            : fail(rq, ERR_DATES_UNAVAILABLE, "/check_in",
                                   "Another stay or a block takes at least one of these nights.");
}

static void add_lines(struct request *rq, struct db_batch *b, const struct uuid *id,
                      const struct stay_price *price)
{
    size_t n = price->line_count;
    struct str *texts = ARENA_ARRAY(rq->arena, struct str, n);
    int32_t *quantities = ARENA_ARRAY(rq->arena, int32_t, n);
    int64_t *amounts = ARENA_ARRAY(rq->arena, int64_t, n);
    for (size_t i = 0; i < n; i++) {
        quantities[i] = price->lines[i].quantity;
        amounts[i] = price->lines[i].unit_amount;
        texts[i] =
            str_from(arena_printf(rq->arena, quantities[i] == 1 ? "%d night" : "%d nights", quantities[i]));
    }
    DB_ADD(b, &q_quote_lines_insert, db_uuid(id), db_text_array(rq->arena, texts, n),
           db_int4_array(rq->arena, quantities, n), db_int8_array(rq->arena, amounts, n));
}

static enum err store_quote(struct request *rq, const struct quote_create_in *in, const struct basis *basis,
                            const struct stay_price *price)
{
    struct arena *a = rq->arena;
    struct uuid *id = ARENA_NEW(a, struct uuid);
    *id = uuid_v7();
    struct db_batch *b = write_batch(rq);
    DB_ADD(b, &q_quote_insert, db_uuid(id), db_uuid(&in->property_id),
           db_uuid(principal_for(&rq->principal, PERM_BOOKING_CREATE)), db_date(a, in->check_in),
           db_date(a, in->check_out), db_int4(a, (int32_t)in->guests), db_int8(a, price->total),
           db_text(basis->currency), db_int8(a, rq->options->quote_lifetime));
    add_lines(rq, b, id, price);
    const struct plan *plan;
    struct selection *sel;
    int index;
    bool replayed;
    enum err e = plan_add_item(rq, b, &entity_quote, id, &index, &plan, &sel);
    if (e || (e = write_run(rq, b, &replayed))) {
        return e;
    }
    char text[UUID_TEXT_SIZE];
    uuid_format(text, id);
    response_header(rq, "Location", arena_printf(a, "/v1/quotes/%s", text));
    return plan_write(rq, plan, sel, db_result(b, index));
}

static enum err quote_create_exec(struct request *rq)
{
    const struct quote_create_in *in = rq->in;
    struct stay stay = { in->check_in, in->check_out, (int)in->guests };
    struct basis basis;
    struct stay_price price;
    bool replayed;
    enum err e = fetch_basis(rq, in, &basis, &replayed);
    if (e || replayed || (e = check_stay(rq, &stay, &basis))) {
        return e;
    }
    if (!stay_price(rq->arena, &stay, basis.price, basis.special, basis.special_count, &price)) {
        return fail(rq, ERR_STAY_RULES, "/check_out",
                    "The price of this stay is beyond what can be counted.");
    }
    return store_quote(rq, in, &basis, &price);
}
