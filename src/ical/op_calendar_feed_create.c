/* POST /v1/properties/{id}/feeds */
#include "ical/feed.h"

#include "calendar/calendar.h"
#include "db/queries.h"
#include "http/idempotency.h"

struct calendar_feed_create_in {
    struct shape_seen seen;
    struct uuid id, unit_id;
    struct str name, url;
};
enum { ID, UNIT, NAME, URL };
#define IN(member) offsetof(struct calendar_feed_create_in, member)

static const struct shape_field in_fields[] = {
    [ID] = { .name = "id",
             .type = SHAPE_UUID,
             .in = IN_PATH,
             .flags = SHAPE_REQUIRED,
             .offset = IN(id),
             .doc = "The property." },
    [UNIT] = { .name = "unit_id",
               .type = SHAPE_UUID,
               .offset = IN(unit_id),
               .doc = "Unit whose nights it takes; may be left out when there is only one." },
    [NAME] = { .name = "name",
               .type = SHAPE_STRING,
               .flags = SHAPE_REQUIRED,
               .offset = IN(name),
               .min = 1,
               .max = 100,
               .doc = "What it is called.",
               .example = "\"The other platform\"" },
    [URL] = { .name = "url",
              .type = SHAPE_STRING,
              .flags = SHAPE_REQUIRED,
              .offset = IN(url),
              .min = 1,
              .max = 2000,
              .doc = "Where the iCalendar file is; on a public server, by https on port 443.",
              .example = "\"https://calendars.example.com/1.ics\"" },
};
static const struct shape in_shape = { .name = "CalendarFeedCreate",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct calendar_feed_create_in),
                                       .doc = "A calendar to follow." };

static enum err calendar_feed_create_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_CONFLICT, ERR_NONE };

const struct op op_calendar_feed_create = {
    .name = "calendar_feed_create",
    .method = METHOD_POST,
    .path = "/v1/properties/{id}/feeds",
    .tag = "Calendar",
    .summary = "Follow a calendar of another platform",
    .doc = "It is read soon, and then every half hour. Nights it says are taken are taken here, as far as "
           "nobody here has "
           "them.",
    .perm = PERM_CALENDAR_WRITE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_ON_PROPERTY,
    .status = 201,
    .in = &in_shape,
    .entity = &entity_calendar_feed,
    .errors = errors,
    .exec = calendar_feed_create_exec,
};

static enum err insert(struct request *rq, const struct calendar_feed_create_in *in,
                       const struct property_facts *property)
{
    struct uuid *feed = ARENA_NEW(rq->arena, struct uuid);
    struct feed_answer answer;
    bool replayed;
    *feed = uuid_v7();
    struct db_batch *b = write_batch(rq);
    int made =
        DB_ADD(b, &q_feed_insert, db_uuid(feed), db_uuid(&in->id),
               db_uuid(SHAPE_HAS(in, UNIT) ? &in->unit_id : NULL), db_text(in->name), db_text(in->url));
    feed_add_import(rq, b, feed);
    calendar_tell(rq, b, property, NULL, 0);
    enum err e = feed_add_answer(rq, b, &in->id, feed, &answer);
    if (e || (e = write_run(rq, b, &replayed))) {
        return e;
    }
    if (PQntuples(db_result(b, made)) == 0) {
        return fail(rq, ERR_VALIDATION, "/unit_id",
                    SHAPE_HAS(in, UNIT) ? "The property has no such unit."
                                        : "The property has several units: name one.");
    }
    return feed_write_answer(rq, b, &answer);
}

static enum err calendar_feed_create_exec(struct request *rq)
{
    const struct calendar_feed_create_in *in = rq->in;
    struct property_facts property;
    bool replayed;
    write_atomic(rq);
    enum err e = feed_check_url(rq, in->url);
    if (e || (e = property_lock(rq, &in->id, &property, &replayed)) || replayed) {
        return e;
    }
    struct db_batch *b = write_batch(rq);
    int counted = DB_ADD(b, &q_feed_count, db_uuid(&in->id));
    if ((e = write_run(rq, b, &replayed))) {
        return e;
    }
    if (db_get_int8(db_result(b, counted), 0, 0) >= FEEDS_MAX) {
        return fail(rq, ERR_CONFLICT, NULL, "A property follows at most %d calendars.", FEEDS_MAX);
    }
    return insert(rq, in, &property);
}
