/* GET /v1/properties/{id}/seasons */
#include "calendar/rules_doc.h"

#include "db/queries.h"
#include "json/write.h"

static const struct shape_field weekday_item = { .type = SHAPE_ENUM, .values = weekday_names };
static const struct shape_field season_fields[] = {
    { .name = "id", .type = SHAPE_UUID, .flags = SHAPE_REQUIRED, .doc = "Identifies the season." },
    { .name = "name", .type = SHAPE_STRING, .flags = SHAPE_REQUIRED, .doc = "What the host calls it." },
    { .name = "from", .type = SHAPE_DATE, .flags = SHAPE_REQUIRED, .doc = "First night." },
    { .name = "to",
      .example = "\"2027-05-04\"",
      .type = SHAPE_DATE,
      .flags = SHAPE_REQUIRED,
      .doc = "The day after the last night." },
    { .name = "yearly", .type = SHAPE_BOOL, .flags = SHAPE_REQUIRED, .doc = "Comes again every year." },
    { .name = "price",
      .type = SHAPE_OBJECT,
      .flags = SHAPE_REQUIRED | SHAPE_NULLABLE,
      .sub = &money_shape,
      .doc = "Of a night; null: that of the weekday or the property." },
    { .name = "adjust_ppm",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED | SHAPE_NULLABLE,
      .doc = "What is added to that price, or taken off when negative, in millionths." },
    { .name = "min_nights",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED | SHAPE_NULLABLE,
      .doc = "Shortest stay that arrives in it." },
    { .name = "max_nights",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED | SHAPE_NULLABLE,
      .doc = "Longest stay that arrives in it." },
    { .name = "arrival_weekdays",
      .type = SHAPE_LIST,
      .flags = SHAPE_REQUIRED | SHAPE_NULLABLE,
      .item = &weekday_item,
      .doc = "Weekdays on which a stay may arrive in it; null: what the pattern of weekdays says." },
};
static const struct shape season_shape = { .name = "Season",
                                           .fields = season_fields,
                                           .count = SHAPE_COUNT(season_fields),
                                           .doc = "What holds on the nights of a season." };
static const struct shape_field season_item = { .type = SHAPE_OBJECT, .sub = &season_shape };
static const struct shape_field out_fields[] = {
    { .name = "seasons",
      .type = SHAPE_LIST,
      .flags = SHAPE_REQUIRED,
      .item = &season_item,
      .doc = "Of several that hold a night the last decides." },
};
const struct shape rules_doc_seasons_shape = {
    .name = "Seasons", .fields = out_fields, .count = SHAPE_COUNT(out_fields), .doc = "Seasons of a property."
};

enum { DOC_VERSION, CURRENCY, ID, NAME, FROM, TO, YEARLY, PRICE, ADJUST, MIN_NIGHTS, MAX_NIGHTS, WEEKDAYS };

static void write_weekdays(struct json_writer *w, const PGresult *r, int row)
{
    json_write_key(w, STR("arrival_weekdays"));
    if (db_is_null(r, row, WEEKDAYS)) {
        json_write_null(w);
        return;
    }
    json_write_array(w);
    for (int i = 0; i < 7; i++) {
        if (db_get_int4(r, row, WEEKDAYS) >> (i + 1) & 1) {
            json_write_strz(w, weekday_names[i]);
        }
    }
    json_write_array_end(w);
}

static void write_season(struct json_writer *w, const PGresult *r, int row)
{
    struct uuid id = db_get_uuid(r, row, ID);
    json_write_object(w);
    JSON_MEMBER(w, "id", uuid, &id);
    JSON_MEMBER(w, "name", str, db_get_text(r, row, NAME));
    JSON_MEMBER(w, "from", date, db_get_date(r, row, FROM));
    JSON_MEMBER(w, "to", date, db_get_date(r, row, TO));
    JSON_MEMBER(w, "yearly", bool, db_get_bool(r, row, YEARLY));
    rules_write_money(w, r, row, PRICE, db_get_text(r, row, CURRENCY));
    rules_write_int(w, STR("adjust_ppm"), r, row, ADJUST);
    rules_write_int(w, STR("min_nights"), r, row, MIN_NIGHTS);
    rules_write_int(w, STR("max_nights"), r, row, MAX_NIGHTS);
    write_weekdays(w, r, row);
    json_write_object_end(w);
}

/* One row of nulls when there is none. */
static void write_seasons(struct request *rq, const PGresult *r)
{
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    json_write_key(&w, STR("seasons"));
    json_write_array(&w);
    for (int row = 0; row < PQntuples(r) && !db_is_null(r, row, ID); row++) {
        write_season(&w, r, row);
    }
    json_write_array_end(&w);
    json_write_object_end(&w);
}

const struct rules_doc rules_doc_seasons = { "seasons", &q_seasons_read, write_seasons };

static const struct shape in_shape = RULES_READ_SHAPE("SeasonsRead");

static enum err property_seasons_read_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_property_seasons_read = {
    .name = "property_seasons_read",
    .method = METHOD_GET,
    .path = "/v1/properties/{id}/seasons",
    .tag = "Calendar",
    .summary = "Read the seasons of a property",
    .doc = "In their order. What comes of them on each night is in the calendar.",
    .perm = PERM_PUBLIC,
    .rate = RATE_READ,
    .in = &in_shape,
    .out = &rules_doc_seasons_shape,
    .errors = errors,
    .exec = property_seasons_read_exec,
};

static enum err property_seasons_read_exec(struct request *rq)
{
    const struct rules_read_in *in = rq->in;
    return rules_doc_answer(rq, &rules_doc_seasons, &in->id);
}
