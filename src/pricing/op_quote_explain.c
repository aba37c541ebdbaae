/* GET /v1/quotes/{id}/explain: where every cent of a quote comes from. */
#include "pricing/pricing.h"

#include "db/queries.h"
#include "json/write.h"

struct quote_explain_in {
    struct shape_seen seen;
    struct uuid id;
};

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct quote_explain_in, id),
      .doc = "The quote." },
};
static const struct shape in_shape = { .name = "QuoteExplain",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct quote_explain_in),
                                       .doc = "Which quote." };

/* ---- the answer, for the documentation */

static const struct shape money = { .name = "Money" };
static const struct shape_field span_fields[] = {
    { .name = "from", .type = SHAPE_DATE, .flags = SHAPE_REQUIRED, .doc = "First night." },
    { .name = "to", .type = SHAPE_DATE, .flags = SHAPE_REQUIRED, .doc = "The day after the last." },
};
static const struct shape span = { .name = "QuoteNights",
                                   .fields = span_fields,
                                   .count = SHAPE_COUNT(span_fields),
                                   .doc = "Nights from <= night < to." };
static const struct shape_field base_item = { .type = SHAPE_STRING };

static const struct shape_field rule_fields[] = {
    { .name = "rule",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "nights: quantity nights at unit_amount; flat: a sum for each of quantity; percent: a share of "
             "base.",
      .example = "\"percent\"" },
    { .name = "formula",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "The amount, but for its sign.",
      .example = "\"20000 x 70000 / 1000000, half up\"" },
    { .name = "season_id", .type = SHAPE_UUID, .doc = "Season the nights are in." },
    { .name = "per", .type = SHAPE_STRING, .doc = "What a sum is for.", .example = "\"guest_night\"" },
    { .name = "on",
      .type = SHAPE_LIST,
      .item = &base_item,
      .doc = "What a share is of.",
      .example = "[\"accommodation\"]" },
    { .name = "whole",
      .type = SHAPE_INT,
      .doc = "Minor units: all of that, before nights and persons that do not count; or the sum before the "
             "limit.",
      .example = "30000" },
    { .name = "base",
      .type = SHAPE_INT,
      .doc = "Minor units: what counts of it, divided among nights and persons by largest remainders.",
      .example = "20000" },
    { .name = "ppm", .type = SHAPE_INT, .doc = "The share.", .example = "70000" },
    { .name = "divisor",
      .type = SHAPE_INT,
      .doc = "1000000, and for included taxes all their shares more.",
      .example = "1000000" },
    { .name = "of_nights", .type = SHAPE_INT, .doc = "Nights of the stay.", .example = "3" },
    { .name = "persons", .type = SHAPE_INT, .doc = "Persons that count.", .example = "2" },
    { .name = "of_persons", .type = SHAPE_INT, .doc = "Of so many.", .example = "3" },
    { .name = "limit",
      .type = SHAPE_INT,
      .doc = "Minor units: the amount is at most this.",
      .example = "20000" },
    { .name = "discount", .type = SHAPE_STRING, .doc = "Kind of a discount.", .example = "\"early\"" },
    { .name = "threshold", .type = SHAPE_INT, .doc = "Its nights or days.", .example = "30" },
    { .name = "runs",
      .type = SHAPE_LIST,
      .item = &(const struct shape_field){ .type = SHAPE_OBJECT, .sub = &span },
      .doc = "The nights of the line." },
    { .name = "nights", .type = SHAPE_INT, .doc = "Nights that count.", .example = "2" },
};
static const struct shape rule_shape = { .name = "QuoteRule",
                                         .fields = rule_fields,
                                         .count = SHAPE_COUNT(rule_fields),
                                         .doc = "What an amount was derived from." };

static const struct shape_field counts_fields[] = {
    { .name = "total", .type = SHAPE_INT, .doc = "1 or -1.", .example = "1" },
    { .name = "host_total", .type = SHAPE_INT, .doc = "1 or -1.", .example = "1" },
    { .name = "platform_total", .type = SHAPE_INT, .doc = "1 or -1.", .example = "1" },
    { .name = "tax_total", .type = SHAPE_INT, .doc = "1 or -1.", .example = "1" },
};
static const struct shape counts_shape = {
    .name = "QuoteCounts",
    .fields = counts_fields,
    .count = SHAPE_COUNT(counts_fields),
    .doc = "The totals an amount counts in: each total is the sum of these amounts, with this sign."
};

static const struct shape_field line_fields[] = {
    { .name = "position",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED,
      .doc = "Place among the lines.",
      .example = "0" },
    { .name = "party",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "Whose line: guest or host.",
      .example = "\"guest\"" },
    { .name = "kind",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "What it is.",
      .example = "\"tax\"" },
    { .name = "payee",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "host, platform or tax.",
      .example = "\"tax\"" },
    { .name = "included",
      .type = SHAPE_BOOL,
      .flags = SHAPE_REQUIRED,
      .doc = "Part of other lines.",
      .example = "false" },
    { .name = "description",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "For people.",
      .example = "\"City tax\"" },
    { .name = "quantity", .type = SHAPE_INT, .flags = SHAPE_REQUIRED, .doc = "How many.", .example = "1" },
    { .name = "unit_amount",
      .type = SHAPE_OBJECT,
      .flags = SHAPE_REQUIRED,
      .sub = &money,
      .doc = "Of one.",
      .example = "{\"amount\":1400,\"currency\":\"USD\"}" },
    { .name = "amount",
      .type = SHAPE_OBJECT,
      .flags = SHAPE_REQUIRED,
      .sub = &money,
      .doc = "quantity times unit_amount.",
      .example = "{\"amount\":1400,\"currency\":\"USD\"}" },
    { .name = "counts_in",
      .type = SHAPE_OBJECT,
      .flags = SHAPE_REQUIRED,
      .sub = &counts_shape,
      .doc = "Totals it counts in." },
    { .name = "rule", .type = SHAPE_OBJECT, .sub = &rule_shape, .doc = "Where the amount comes from." },
};
static const struct shape line_shape = { .name = "QuoteExplainedLine",
                                         .fields = line_fields,
                                         .count = SHAPE_COUNT(line_fields),
                                         .doc = "A line and where it comes from." };
static const struct shape_field line_item = { .type = SHAPE_OBJECT, .sub = &line_shape };

#define TOTAL(member, text)                                                                                  \
    {                                                                                                        \
        .name = member, .type = SHAPE_OBJECT, .flags = SHAPE_REQUIRED, .sub = &money, .doc = text,           \
        .example = "{\"amount\":21400,\"currency\":\"USD\"}"                                                 \
    }
static const struct shape_field out_fields[] = {
    { .name = "quote_id", .type = SHAPE_UUID, .flags = SHAPE_REQUIRED, .doc = "The quote." },
    { .name = "property_id", .type = SHAPE_UUID, .flags = SHAPE_REQUIRED, .doc = "Its property." },
    { .name = "cancellation_policy",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "Name of the policy.",
      .example = "\"flexible\"" },
    { .name = "lines",
      .type = SHAPE_LIST,
      .flags = SHAPE_REQUIRED,
      .item = &line_item,
      .doc = "The guest's, then the host's." },
    TOTAL("total", "What the guest pays: the sum of the other three."),
    TOTAL("host_total", "What the host gets."),
    TOTAL("platform_total", "What the platform keeps."),
    TOTAL("tax_total", "What goes to authorities."),
};
static const struct shape out_shape = { .name = "QuoteExplained",
                                        .fields = out_fields,
                                        .count = SHAPE_COUNT(out_fields),
                                        .doc = "Every cent of a quote and where it comes from." };

static enum err quote_explain_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_quote_explain = {
    .name = "quote_explain",
    .method = METHOD_GET,
    .path = "/v1/quotes/{id}/explain",
    .tag = "Bookings",
    .summary = "Explain a quote",
    .doc = "Derives every amount of a quote: from which nights, sums or shares it was made, and in which "
           "totals it counts. For "
           "who may read the quote, and for the host once a booking was made of it.",
    .perm = PERM_PUBLIC,
    .rate = RATE_READ,
    .in = &in_shape,
    .out = &out_shape,
    .errors = errors,
    .exec = quote_explain_exec,
};

enum {
    PROPERTY,
    CURRENCY,
    TOTALS,
    POSITION = TOTALS + 4,
    PARTY,
    KIND,
    PAYEE,
    INCLUDED,
    DESCRIPTION,
    QUANTITY,
    UNIT_AMOUNT,
    AMOUNT,
    RULE,
    POLICY
};
static const char *const totals[] = { "total", "host_total", "platform_total", "tax_total" };

/* The sign with which a line counts in each total; 0: not at all. */
static void signs(const PGresult *r, int row, int out[4])
{
    bool host = str_eqz(db_get_text(r, row, PARTY), "host"), included = db_get_bool(r, row, INCLUDED);
    struct str payee = db_get_text(r, row, PAYEE);
    out[0] = !host && !included;
    out[1] = host;
    out[2] = str_eqz(payee, "platform") ? (host ? -1 : 1) : 0;
    out[3] = str_eqz(payee, "tax") && !host;
}

static void write_money(struct json_writer *w, const char *name, int64_t amount, struct str currency)
{
    json_write_key(w, str_from(name));
    json_write_object(w);
    JSON_MEMBER(w, "amount", int, amount);
    JSON_MEMBER(w, "currency", str, currency);
    json_write_object_end(w);
}

static void write_counts(struct json_writer *w, const int sign[4])
{
    json_write_key(w, STR("counts_in"));
    json_write_object(w);
    for (int i = 0; i < 4; i++) {
        if (sign[i] != 0) {
            json_write_key(w, str_from(totals[i]));
            json_write_int(w, sign[i]);
        }
    }
    json_write_object_end(w);
}

static void write_line(struct json_writer *w, const PGresult *r, int row, int64_t sums[4])
{
    struct str currency = db_get_text(r, row, CURRENCY);
    int64_t amount = db_get_int8(r, row, AMOUNT);
    int sign[4];
    signs(r, row, sign);
    for (int i = 0; i < 4; i++) {
        sums[i] += sign[i] * amount;
    }
    json_write_object(w);
    JSON_MEMBER(w, "position", int, db_get_int4(r, row, POSITION));
    JSON_MEMBER(w, "party", str, db_get_text(r, row, PARTY));
    JSON_MEMBER(w, "kind", str, db_get_text(r, row, KIND));
    JSON_MEMBER(w, "payee", str, db_get_text(r, row, PAYEE));
    JSON_MEMBER(w, "included", bool, db_get_bool(r, row, INCLUDED));
    JSON_MEMBER(w, "description", str, db_get_text(r, row, DESCRIPTION));
    JSON_MEMBER(w, "quantity", int, db_get_int4(r, row, QUANTITY));
    write_money(w, "unit_amount", db_get_int8(r, row, UNIT_AMOUNT), currency);
    write_money(w, "amount", amount, currency);
    write_counts(w, sign);
    if (!db_is_null(r, row, RULE)) {
        json_write_key(w, STR("rule"));
        json_write_raw(w, db_get_text(r, row, RULE));
    }
    json_write_object_end(w);
}

/* An explanation that does not add up is none. */
static enum err write_explained(struct request *rq, const struct uuid *id, const PGresult *r)
{
    struct json_writer w = json_write_start(rq->res.body);
    struct uuid property = db_get_uuid(r, 0, PROPERTY);
    int64_t sums[4] = { 0 };
    json_write_object(&w);
    JSON_MEMBER(&w, "quote_id", uuid, id);
    JSON_MEMBER(&w, "property_id", uuid, &property);
    JSON_MEMBER(&w, "cancellation_policy", str, db_get_text(r, 0, POLICY));
    json_write_key(&w, STR("lines"));
    json_write_array(&w);
    for (int row = 0; row < PQntuples(r); row++) {
        write_line(&w, r, row, sums);
    }
    json_write_array_end(&w);
    for (int i = 0; i < 4; i++) {
        if (sums[i] != db_get_int8(r, 0, TOTALS + i)) {
            return fail(rq, ERR_INTERNAL, NULL, NULL);
        }
        write_money(&w, totals[i], sums[i], db_get_text(r, 0, CURRENCY));
    }
    json_write_object_end(&w);
    return ERR_NONE;
}

static enum err quote_explain_exec(struct request *rq)
{
    const struct quote_explain_in *in = rq->in;
    const struct uuid *user = principal_for(&rq->principal, PERM_BOOKING_CREATE);
    struct db_batch *b = db_batch(rq->db, rq->arena);
    struct db_failure failure;
    int lines = DB_ADD(b, &q_quote_explain, db_uuid(&in->id), db_uuid(user));
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    if (PQntuples(db_result(b, lines)) == 0) {
        return fail(rq, ERR_NOT_FOUND, NULL, "There is no such quote.");
    }
    return write_explained(rq, &in->id, db_result(b, lines));
}
