/* POST /v1/quotes: the price of a stay. */
#include "pricing/pricing.h"

#include "calendar/stay.h"
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

static enum err fetch_basis(struct request *rq, const struct quote_create_in *in, struct stay_basis *out,
                            bool *replayed)
{
    struct db_batch *b = write_batch(rq);
    struct stay_ask ask = stay_add(rq, b, &in->property_id, in->check_in, in->check_out);
    enum err e = write_run(rq, b, replayed);
    return e || *replayed ? e : stay_read(rq, b, ask, &in->property_id, "/property_id", out);
}

/* Every night has a price of its own; the last of the basis is the day of departure. */
static bool price_stay(struct arena *a, const struct stay *stay, const struct stay_basis *basis,
                       struct stay_price *out)
{
    size_t n = basis->night_count - 1;
    struct night_price *nights = ARENA_ARRAY(a, struct night_price, n);
    for (size_t i = 0; i < n; i++) {
        nights[i] = (struct night_price){ basis->nights[i].night, basis->nights[i].price };
    }
    return stay_price(a, stay, 0, nights, n, out);
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

static enum err store_quote(struct request *rq, const struct quote_create_in *in, const struct stay_basis *basis,
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
    struct stay_basis basis;
    struct stay_price price;
    bool replayed;
    enum err e = fetch_basis(rq, in, &basis, &replayed);
    if (e || replayed || (e = stay_check(rq, &stay, &basis))) {
        return e;
    }
    if (!price_stay(rq->arena, &stay, &basis, &price)) {
        return fail(rq, ERR_STAY_RULES, "/check_out",
                    "The price of this stay is beyond what can be counted.");
    }
    return store_quote(rq, in, &basis, &price);
}
