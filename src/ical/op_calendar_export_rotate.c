/* POST /v1/properties/{id}/exports/{unit_id}/rotate */
#include "ical/export.h"

#include "calendar/calendar.h"
#include "db/queries.h"
#include "http/idempotency.h"

struct calendar_export_rotate_in {
    struct shape_seen seen;
    struct uuid id, unit_id;
};
#define IN(member) offsetof(struct calendar_export_rotate_in, member)

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = IN(id),
      .doc = "The property." },
    { .name = "unit_id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = IN(unit_id),
      .doc = "The unit." },
};
static const struct shape in_shape = { .name = "CalendarExportRotate",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct calendar_export_rotate_in),
                                       .doc = "Which unit." };

static enum err calendar_export_rotate_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_calendar_export_rotate = {
    .name = "calendar_export_rotate",
    .method = METHOD_POST,
    .path = "/v1/properties/{id}/exports/{unit_id}/rotate",
    .tag = "Calendar",
    .summary = "Give the calendar of a unit another URL",
    .doc = "The one before is dead at once: other platforms have to be told. Answers with the calendars of "
           "all units.",
    .perm = PERM_CALENDAR_WRITE,
    .rate = RATE_WRITE,
    .flags = OP_ON_PROPERTY | OP_SECRET,
    .in = &in_shape,
    .out = &export_list_shape,
    .errors = errors,
    .exec = calendar_export_rotate_exec,
};

static enum err calendar_export_rotate_exec(struct request *rq)
{
    const struct calendar_export_rotate_in *in = rq->in;
    struct property_facts property;
    bool replayed;
    write_atomic(rq);
    enum err e = property_lock(rq, &in->id, &property, &replayed);
    if (e || replayed) {
        return e;
    }
    struct db_batch *b = write_batch(rq);
    int rotated = DB_ADD(b, &q_export_rotate, db_uuid(&in->id), db_uuid(&in->unit_id));
    int units = DB_ADD(b, &q_exports_read, db_uuid(&in->id));
    calendar_tell(rq, b, &property, NULL, 0);
    if ((e = write_run(rq, b, &replayed))) {
        return e;
    }
    if (PQntuples(db_result(b, rotated)) == 0) {
        return fail(rq, ERR_NOT_FOUND, NULL, "The property has no such unit.");
    }
    export_write_list(rq, db_result(b, units));
    return ERR_NONE;
}
