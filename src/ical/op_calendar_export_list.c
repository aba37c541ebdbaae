/* GET /v1/properties/{id}/exports, and the same after one was replaced. */
#include "ical/export.h"

#include "db/queries.h"
#include "property/property.h"
#include "json/write.h"

struct calendar_export_list_in {
    struct shape_seen seen;
    struct uuid id;
};

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct calendar_export_list_in, id),
      .doc = "The property." },
};
static const struct shape in_shape = { .name = "CalendarExportListIn",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct calendar_export_list_in),
                                       .doc = "Of which property." };

static const struct shape_field export_fields[] = {
    { .name = "unit_id", .type = SHAPE_UUID, .flags = SHAPE_REQUIRED, .doc = "The unit." },
    { .name = "name",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "What the host calls it; may be empty." },
    { .name = "url",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "Its calendar. Whoever knows it sees when the unit is taken. For a platform that is followed "
             "too, add "
             "?without= and the id of the feed: it is not told what it said itself.",
      .example =
          "\"https://nexus.example.com/v1/calendars/0190a6c0-1c6b-7a5e-9d3f-5b0c2a4e8f10/c2VjcmV0.ics\"" },
};
static const struct shape export_shape = { .name = "CalendarExport",
                                           .fields = export_fields,
                                           .count = SHAPE_COUNT(export_fields),
                                           .doc = "The calendar of a unit for other platforms." };
static const struct shape_field export_item = { .type = SHAPE_OBJECT, .sub = &export_shape };
static const struct shape_field out_fields[] = {
    { .name = "data",
      .type = SHAPE_LIST,
      .flags = SHAPE_REQUIRED,
      .item = &export_item,
      .doc = "One a unit, in their order." },
};
const struct shape export_list_shape = { .name = "CalendarExportList",
                                         .fields = out_fields,
                                         .count = SHAPE_COUNT(out_fields),
                                         .doc = "Calendars of a property's units." };

static enum err calendar_export_list_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_calendar_export_list = {
    .name = "calendar_export_list",
    .method = METHOD_GET,
    .path = "/v1/properties/{id}/exports",
    .tag = "Calendar",
    .summary = "List the calendars other platforms can follow",
    .doc = "An iCalendar file a unit, at a secret URL.",
    .perm = PERM_CALENDAR_WRITE,
    .rate = RATE_READ,
    .flags = OP_ON_PROPERTY | OP_SECRET,
    .in = &in_shape,
    .out = &export_list_shape,
    .errors = errors,
    .exec = calendar_export_list_exec,
};

void export_write_list(struct request *rq, const PGresult *r)
{
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    json_write_key(&w, STR("data"));
    json_write_array(&w);
    for (int i = 0; i < PQntuples(r); i++) {
        struct uuid unit = db_get_uuid(r, i, 0);
        json_write_object(&w);
        json_write_key(&w, STR("unit_id"));
        json_write_uuid(&w, &unit);
        JSON_MEMBER(&w, "name", str, db_get_text(r, i, 1));
        JSON_MEMBER(&w, "url", str, export_url(rq, &unit, db_get_int4(r, i, 2)));
        json_write_object_end(&w);
    }
    json_write_array_end(&w);
    json_write_object_end(&w);
}

static enum err calendar_export_list_exec(struct request *rq)
{
    const struct calendar_export_list_in *in = rq->in;
    struct db_failure failure;
    enum err e = property_require_granted(rq, &in->id);
    if (e) {
        return e;
    }
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int at = DB_ADD(b, &q_exports_read, db_uuid(&in->id));
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    export_write_list(rq, db_result(b, at));
    return ERR_NONE;
}
