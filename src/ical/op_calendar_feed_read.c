/* GET /v1/properties/{id}/feeds/{feed_id} */
#include "ical/feed.h"

#include "property/property.h"

static const struct shape_field in_fields[] = { FEED_PATH_FIELDS(struct feed_path) };
static const struct shape in_shape = { .name = "CalendarFeedRead",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct feed_path),
                                       .doc = "Which feed." };

static enum err calendar_feed_read_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_calendar_feed_read = {
    .name = "calendar_feed_read",
    .method = METHOD_GET,
    .path = "/v1/properties/{id}/feeds/{feed_id}",
    .tag = "Calendar",
    .summary = "Read how a calendar of another platform is doing",
    .doc = "Its state, its last import, and what went wrong.",
    .perm = PERM_CALENDAR_WRITE,
    .rate = RATE_READ,
    .flags = OP_ON_PROPERTY,
    .in = &in_shape,
    .entity = &entity_calendar_feed,
    .errors = errors,
    .exec = calendar_feed_read_exec,
};

static enum err calendar_feed_read_exec(struct request *rq)
{
    const struct feed_path *in = rq->in;
    struct feed_answer answer;
    struct db_failure failure;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    enum err e = feed_add_answer(rq, b, &in->id, &in->feed_id, &answer);
    if (e) {
        return e;
    }
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    return feed_write_answer(rq, b, &answer);
}
