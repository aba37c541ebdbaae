/* GET /v1/properties/{id}/weekdays */
#include "calendar/rules_doc.h"

#include "db/queries.h"
#include "json/write.h"

static const struct shape_field weekday_fields[] = {
    { .name = "weekday",
      .type = SHAPE_ENUM,
      .flags = SHAPE_REQUIRED,
      .values = weekday_names,
      .doc = "The night from this day to the next." },
    { .name = "price",
      .type = SHAPE_OBJECT,
      .flags = SHAPE_REQUIRED | SHAPE_NULLABLE,
      .sub = &money_shape,
      .doc = "Of a night outside of seasons with a price; null: the property's." },
    { .name = "adjust_ppm",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED | SHAPE_NULLABLE,
      .doc = "What is added to the price of property or season, or taken off when negative, in millionths." },
    { .name = "min_nights",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED | SHAPE_NULLABLE,
      .doc = "Shortest stay that arrives on this weekday." },
    { .name = "closed_to_arrival", .type = SHAPE_BOOL, .flags = SHAPE_REQUIRED, .doc = "No stay arrives." },
    { .name = "closed_to_departure", .type = SHAPE_BOOL, .flags = SHAPE_REQUIRED, .doc = "No stay ends." },
};
static const struct shape weekday_shape = { .name = "Weekday",
                                            .fields = weekday_fields,
                                            .count = SHAPE_COUNT(weekday_fields),
                                            .doc = "What holds on a weekday." };
static const struct shape_field weekday_item = { .type = SHAPE_OBJECT, .sub = &weekday_shape };
static const struct shape_field out_fields[] = {
    { .name = "weekdays",
      .type = SHAPE_LIST,
      .flags = SHAPE_REQUIRED,
      .item = &weekday_item,
      .doc = "Only weekdays with something of their own, Monday first." },
};
const struct shape rules_doc_weekdays_shape = { .name = "Weekdays",
                                                .fields = out_fields,
                                                .count = SHAPE_COUNT(out_fields),
                                                .doc = "The pattern of weekdays of a property." };

enum { DOC_VERSION, CURRENCY, WEEKDAY, PRICE, ADJUST, MIN_NIGHTS, TO_ARRIVAL, TO_DEPARTURE };

static void write_weekday(struct json_writer *w, const PGresult *r, int row)
{
    json_write_object(w);
    JSON_MEMBER(w, "weekday", strz, weekday_names[db_get_int4(r, row, WEEKDAY) - 1]);
    rules_write_money(w, r, row, PRICE, db_get_text(r, row, CURRENCY));
    rules_write_int(w, STR("adjust_ppm"), r, row, ADJUST);
    rules_write_int(w, STR("min_nights"), r, row, MIN_NIGHTS);
    JSON_MEMBER(w, "closed_to_arrival", bool, db_get_bool(r, row, TO_ARRIVAL));
    JSON_MEMBER(w, "closed_to_departure", bool, db_get_bool(r, row, TO_DEPARTURE));
    json_write_object_end(w);
}

/* One row of nulls when there is none. */
static void write_weekdays(struct request *rq, const PGresult *r)
{
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    json_write_key(&w, STR("weekdays"));
    json_write_array(&w);
    for (int row = 0; row < PQntuples(r) && !db_is_null(r, row, WEEKDAY); row++) {
        write_weekday(&w, r, row);
    }
    json_write_array_end(&w);
    json_write_object_end(&w);
}

const struct rules_doc rules_doc_weekdays = { "weekdays", &q_weekdays_read, write_weekdays };

static const struct shape in_shape = RULES_READ_SHAPE("WeekdaysRead");

static enum err property_weekdays_read_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_property_weekdays_read = {
    .name = "property_weekdays_read",
    .method = METHOD_GET,
    .path = "/v1/properties/{id}/weekdays",
    .tag = "Calendar",
    .summary = "Read the pattern of weekdays of a property",
    .doc = "What comes of it on each night is in the calendar.",
    .perm = PERM_PUBLIC,
    .rate = RATE_READ,
    .in = &in_shape,
    .out = &rules_doc_weekdays_shape,
    .errors = errors,
    .exec = property_weekdays_read_exec,
};

static enum err property_weekdays_read_exec(struct request *rq)
{
    const struct rules_read_in *in = rq->in;
    return rules_doc_answer(rq, &rules_doc_weekdays, &in->id);
}
