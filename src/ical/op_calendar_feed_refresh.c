/* POST /v1/properties/{id}/feeds/{feed_id}/refresh */
#include "ical/feed.h"

#include "calendar/calendar.h"
#include "db/queries.h"
#include "http/idempotency.h"

struct calendar_feed_refresh_in {
    struct shape_seen seen;
    struct uuid id, feed_id;
    bool accept;
};

static const struct shape_field in_fields[] = {
    FEED_PATH_FIELDS(struct calendar_feed_refresh_in),
    { .name = "accept",
      .type = SHAPE_BOOL,
      .offset = offsetof(struct calendar_feed_refresh_in, accept),
      .def = "false",
      .doc = "Whether what it no longer says is freed at once, however much that is." },
};
static const struct shape in_shape = { .name = "CalendarFeedRefresh",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct calendar_feed_refresh_in),
                                       .doc = "How." };

static enum err calendar_feed_refresh_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_calendar_feed_refresh = {
    .name = "calendar_feed_refresh",
    .method = METHOD_POST,
    .path = "/v1/properties/{id}/feeds/{feed_id}/refresh",
    .tag = "Calendar",
    .summary = "Read a calendar of another platform now",
    .doc = "Answered before it is read; its state tells.",
    .perm = PERM_CALENDAR_WRITE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_ON_PROPERTY,
    .status = 202,
    .in = &in_shape,
    .entity = &entity_calendar_feed,
    .errors = errors,
    .exec = calendar_feed_refresh_exec,
};

static enum err calendar_feed_refresh_exec(struct request *rq)
{
    const struct calendar_feed_refresh_in *in = rq->in;
    struct property_facts property;
    struct feed_answer answer;
    bool replayed;
    write_atomic(rq);
    enum err e = property_lock(rq, &in->id, &property, &replayed);
    if (e || replayed) {
        return e;
    }
    struct db_batch *b = write_batch(rq);
    int asked =
        DB_ADD(b, &q_feed_ask, db_uuid(&in->feed_id), db_uuid(&in->id), db_bool(rq->arena, in->accept));
    feed_add_import(rq, b, &in->feed_id);
    if ((e = feed_add_answer(rq, b, &in->id, &in->feed_id, &answer)) || (e = write_run(rq, b, &replayed))) {
        return e;
    }
    return PQntuples(db_result(b, asked)) == 0 ? feed_none(rq) : feed_write_answer(rq, b, &answer);
}
