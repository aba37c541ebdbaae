/* GET /v1/properties/{id}/feed-conflicts */
#include "ical/feed.h"

#include "db/queries.h"
#include "property/property.h"
#include "json/write.h"

struct calendar_conflict_list_in {
    struct shape_seen seen;
    struct uuid id;
};

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct calendar_conflict_list_in, id),
      .doc = "The property." },
};
static const struct shape in_shape = { .name = "CalendarConflictListIn",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct calendar_conflict_list_in),
                                       .doc = "Of which property." };

static const struct shape_field conflict_fields[] = {
    { .name = "feed_id", .type = SHAPE_UUID, .flags = SHAPE_REQUIRED, .doc = "The feed." },
    { .name = "feed", .type = SHAPE_STRING, .flags = SHAPE_REQUIRED, .doc = "What the host calls it." },
    { .name = "unit_id", .type = SHAPE_UUID, .flags = SHAPE_REQUIRED, .doc = "The unit." },
    { .name = "summary",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "What the feed calls the event." },
    { .name = "from", .type = SHAPE_DATE, .flags = SHAPE_REQUIRED, .doc = "First night of the event." },
    { .name = "to",
      .type = SHAPE_DATE,
      .flags = SHAPE_REQUIRED,
      .doc = "The day after its last night.",
      .example = "\"2027-05-04\"" },
    { .name = "booking_id", .type = SHAPE_UUID, .flags = SHAPE_REQUIRED, .doc = "The booking here." },
    { .name = "status", .type = SHAPE_STRING, .flags = SHAPE_REQUIRED, .doc = "Its state." },
    { .name = "check_in", .type = SHAPE_DATE, .flags = SHAPE_REQUIRED, .doc = "Its day of arrival." },
    { .name = "check_out",
      .type = SHAPE_DATE,
      .flags = SHAPE_REQUIRED,
      .doc = "Its day of departure.",
      .example = "\"2027-05-04\"" },
    { .name = "same_nights",
      .type = SHAPE_BOOL,
      .flags = SHAPE_REQUIRED,
      .doc = "Both have the same nights: often only what the other platform has taken over from here." },
};
static const struct shape conflict_shape = { .name = "CalendarConflict",
                                             .fields = conflict_fields,
                                             .count = SHAPE_COUNT(conflict_fields),
                                             .doc =
                                                 "An event of a feed, and a booking that has nights of it." };
static const struct shape_field conflict_item = { .type = SHAPE_OBJECT, .sub = &conflict_shape };
static const struct shape_field out_fields[] = {
    { .name = "data",
      .type = SHAPE_LIST,
      .flags = SHAPE_REQUIRED,
      .item = &conflict_item,
      .doc = "By day of arrival; 500 at most." },
};
static const struct shape out_shape = { .name = "CalendarConflictList",
                                        .fields = out_fields,
                                        .count = SHAPE_COUNT(out_fields),
                                        .doc = "Conflicts of a property with feeds." };

static enum err calendar_conflict_list_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_calendar_conflict_list = {
    .name = "calendar_conflict_list",
    .method = METHOD_GET,
    .path = "/v1/properties/{id}/feed-conflicts",
    .tag = "Calendar",
    .summary = "List what other platforms say against bookings here",
    .doc = "Bookings keep their nights whatever a feed says; who of the two guests comes is for the host to "
           "settle.",
    .perm = PERM_CALENDAR_WRITE,
    .rate = RATE_READ,
    .flags = OP_ON_PROPERTY,
    .in = &in_shape,
    .out = &out_shape,
    .errors = errors,
    .exec = calendar_conflict_list_exec,
};

enum column { FEED, NAME, UNIT, SUMMARY, FROM, TO, BOOKING, STATUS, CHECK_IN, CHECK_OUT };

static void write_uuid(struct json_writer *w, struct str name, struct uuid id)
{
    json_write_key(w, name);
    json_write_uuid(w, &id);
}

static void write_conflict(struct json_writer *w, const PGresult *r, int i)
{
    date_t from = db_get_date(r, i, FROM), to = db_get_date(r, i, TO);
    date_t check_in = db_get_date(r, i, CHECK_IN), check_out = db_get_date(r, i, CHECK_OUT);
    json_write_object(w);
    write_uuid(w, STR("feed_id"), db_get_uuid(r, i, FEED));
    JSON_MEMBER(w, "feed", str, db_get_text(r, i, NAME));
    write_uuid(w, STR("unit_id"), db_get_uuid(r, i, UNIT));
    JSON_MEMBER(w, "summary", str, db_get_text(r, i, SUMMARY));
    JSON_MEMBER(w, "from", date, from);
    JSON_MEMBER(w, "to", date, to);
    write_uuid(w, STR("booking_id"), db_get_uuid(r, i, BOOKING));
    JSON_MEMBER(w, "status", str, db_get_text(r, i, STATUS));
    JSON_MEMBER(w, "check_in", date, check_in);
    JSON_MEMBER(w, "check_out", date, check_out);
    JSON_MEMBER(w, "same_nights", bool, from == check_in && to == check_out);
    json_write_object_end(w);
}

static enum err calendar_conflict_list_exec(struct request *rq)
{
    const struct calendar_conflict_list_in *in = rq->in;
    struct db_failure failure;
    enum err e = property_require_granted(rq, &in->id);
    if (e) {
        return e;
    }
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int at = DB_ADD(b, &q_conflicts_read, db_uuid(&in->id), db_int8(rq->arena, CONFLICTS_MAX));
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    const PGresult *r = db_result(b, at);
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    json_write_key(&w, STR("data"));
    json_write_array(&w);
    for (int i = 0; i < PQntuples(r); i++) {
        write_conflict(&w, r, i);
    }
    json_write_array_end(&w);
    json_write_object_end(&w);
    return ERR_NONE;
}
