/* PATCH /v1/properties/{id}/feeds/{feed_id} */
#include "ical/feed.h"

#include "calendar/calendar.h"
#include "db/queries.h"
#include "http/idempotency.h"

struct calendar_feed_update_in {
    struct shape_seen seen;
    struct uuid id, feed_id;
    struct str name, url;
};
enum { ID, FEED, NAME, URL };
#define IN(member) offsetof(struct calendar_feed_update_in, member)

static const struct shape_field in_fields[] = {
    FEED_PATH_FIELDS(struct calendar_feed_update_in),
    [NAME] = { .name = "name",
               .type = SHAPE_STRING,
               .offset = IN(name),
               .min = 1,
               .max = 100,
               .doc = "What it is called." },
    [URL] = { .name = "url",
              .type = SHAPE_STRING,
              .offset = IN(url),
              .min = 1,
              .max = 2000,
              .doc = "Where the calendar is from now on; it is read soon.",
              .example = "\"https://calendars.example.com/1.ics\"" },
};
static const struct shape in_shape = { .name = "CalendarFeedUpdate",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct calendar_feed_update_in),
                                       .doc = "What is to change; members left out stay as they are." };

static enum err calendar_feed_update_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_CONFLICT, ERR_NONE };

const struct op op_calendar_feed_update = {
    .name = "calendar_feed_update",
    .method = METHOD_PATCH,
    .path = "/v1/properties/{id}/feeds/{feed_id}",
    .tag = "Calendar",
    .summary = "Change a calendar that is followed",
    .doc = "What was read before stays until the new address has answered.",
    .perm = PERM_CALENDAR_WRITE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_ON_PROPERTY,
    .in = &in_shape,
    .entity = &entity_calendar_feed,
    .errors = errors,
    .exec = calendar_feed_update_exec,
};

static enum err calendar_feed_update_exec(struct request *rq)
{
    const struct calendar_feed_update_in *in = rq->in;
    struct property_facts property;
    struct feed_answer answer;
    bool replayed;
    write_atomic(rq);
    enum err e = in->url.p ? feed_check_url(rq, in->url) : ERR_NONE;
    if (e || (e = property_lock(rq, &in->id, &property, &replayed)) || replayed) {
        return e;
    }
    struct db_batch *b = write_batch(rq);
    int changed = DB_ADD(b, &q_feed_change, db_uuid(&in->feed_id), db_uuid(&in->id), db_text(in->name),
                         db_text(in->url));
    if (in->url.p) {
        feed_add_import(rq, b, &in->feed_id);
    }
    calendar_tell(rq, b, &property, NULL, 0);
    if ((e = feed_add_answer(rq, b, &in->id, &in->feed_id, &answer)) || (e = write_run(rq, b, &replayed))) {
        return e;
    }
    return PQntuples(db_result(b, changed)) == 0 ? feed_none(rq) : feed_write_answer(rq, b, &answer);
}
