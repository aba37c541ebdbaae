/* DELETE /v1/properties/{id}/feeds/{feed_id} */
#include "ical/feed.h"

#include "calendar/calendar.h"
#include "db/queries.h"
#include "http/idempotency.h"

static const struct shape_field in_fields[] = { FEED_PATH_FIELDS(struct feed_path) };
static const struct shape in_shape = { .name = "CalendarFeedDelete",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct feed_path),
                                       .doc = "Which feed." };

static enum err calendar_feed_delete_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_calendar_feed_delete = {
    .name = "calendar_feed_delete",
    .method = METHOD_DELETE,
    .path = "/v1/properties/{id}/feeds/{feed_id}",
    .tag = "Calendar",
    .summary = "Follow a calendar no more",
    .doc = "Nights it has taken are free again.",
    .perm = PERM_CALENDAR_WRITE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_ON_PROPERTY,
    .status = 204,
    .in = &in_shape,
    .errors = errors,
    .exec = calendar_feed_delete_exec,
};

static enum err calendar_feed_delete_exec(struct request *rq)
{
    const struct feed_path *in = rq->in;
    struct property_facts property;
    bool replayed;
    write_atomic(rq);
    enum err e = property_lock(rq, &in->id, &property, &replayed);
    if (e || replayed) {
        return e;
    }
    struct db_batch *b = write_batch(rq);
    int gone = DB_ADD(b, &q_feed_delete, db_uuid(&in->feed_id), db_uuid(&in->id));
    calendar_tell(rq, b, &property, NULL, 0);
    if ((e = write_run(rq, b, &replayed))) {
        return e;
    }
    if (PQntuples(db_result(b, gone)) == 0) {
        return feed_none(rq);
    }
    rq->res.status = 204;
    return ERR_NONE;
}
