/* GET /v1/properties/{id}/rules */
#include "calendar/rules_doc.h"

#include "db/queries.h"
#include "json/write.h"

static const struct shape_field out_fields[] = {
    { .name = "advance_notice_hours",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED,
      .doc = "A stay is booked so many hours before check_in_from of its first day, or earlier." },
    { .name = "booking_window_days",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED | SHAPE_NULLABLE,
      .doc = "A stay ends within so many days from today; null: no limit." },
    { .name = "preparation_nights",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED,
      .doc = "Nights kept free after each stay booked from now on." },
    { .name = "check_in_from",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .format = "time",
      .doc = "Guests arrive from this time on, by the clock of the property's zone." },
    { .name = "check_in_until",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_NULLABLE,
      .format = "time",
      .doc = "And until this one; null: whenever. Earlier than check_in_from: of the next day." },
    { .name = "check_out_until",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .format = "time",
      .doc = "Guests leave until this time on the day of departure." },
    { .name = "instant_book",
      .type = SHAPE_BOOL,
      .flags = SHAPE_REQUIRED,
      .doc = "Bookings are confirmed at once; else they are requests." },
    { .name = "request_hours",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED,
      .doc = "Hours the host has to answer a request." },
};
const struct shape rules_doc_rules_shape = { .name = "PropertyRules",
                                             .fields = out_fields,
                                             .count = SHAPE_COUNT(out_fields),
                                             .doc = "When and how a property can be booked." };

static void write_time(struct json_writer *w, struct str key, const PGresult *r, int col)
{
    json_write_key(w, key);
    if (db_is_null(r, 0, col)) {
        json_write_null(w);
    } else {
        json_write_str(w, db_get_text(r, 0, col));
    }
}

static void write_rules(struct request *rq, const PGresult *r)
{
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    rules_write_int(&w, STR("advance_notice_hours"), r, 0, 1);
    rules_write_int(&w, STR("booking_window_days"), r, 0, 2);
    rules_write_int(&w, STR("preparation_nights"), r, 0, 3);
    write_time(&w, STR("check_in_from"), r, 4);
    write_time(&w, STR("check_in_until"), r, 5);
    write_time(&w, STR("check_out_until"), r, 6);
    JSON_MEMBER(&w, "instant_book", bool, db_get_bool(r, 0, 7));
    rules_write_int(&w, STR("request_hours"), r, 0, 8);
    json_write_object_end(&w);
}

const struct rules_doc rules_doc_rules = { "rules", &q_rules_read, write_rules };

static const struct shape in_shape = RULES_READ_SHAPE("PropertyRulesRead");

static enum err property_rules_read_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_property_rules_read = {
    .name = "property_rules_read",
    .method = METHOD_GET,
    .path = "/v1/properties/{id}/rules",
    .tag = "Calendar",
    .summary = "Read when and how a property can be booked",
    .doc = "Notice, window, preparation, times of arrival and departure. Its ETag is that of seasons and "
           "weekdays too.",
    .perm = PERM_PUBLIC,
    .rate = RATE_READ,
    .in = &in_shape,
    .out = &rules_doc_rules_shape,
    .errors = errors,
    .exec = property_rules_read_exec,
};

static enum err property_rules_read_exec(struct request *rq)
{
    const struct rules_read_in *in = rq->in;
    return rules_doc_answer(rq, &rules_doc_rules, &in->id);
}
