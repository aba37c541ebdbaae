/* GET /v1/properties/{id}/feeds */
#include "ical/feed.h"

#include "property/property.h"
#include "query/plan.h"

struct calendar_feed_list_in {
    struct shape_seen seen;
    struct uuid id;
};

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct calendar_feed_list_in, id),
      .doc = "The property." },
};
static const struct shape in_shape = { .name = "CalendarFeedList",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct calendar_feed_list_in),
                                       .doc = "Of which property." };

static enum err calendar_feed_list_prepare(struct request *rq, struct selection *sel);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_calendar_feed_list = {
    .name = "calendar_feed_list",
    .method = METHOD_GET,
    .path = "/v1/properties/{id}/feeds",
    .tag = "Calendar",
    .summary = "List calendars of other platforms a property follows",
    .doc = "With how each is doing.",
    .perm = PERM_CALENDAR_WRITE,
    .rate = RATE_READ,
    .flags = OP_LIST | OP_ON_PROPERTY,
    .in = &in_shape,
    .entity = &entity_calendar_feed,
    .errors = errors,
    .prepare = calendar_feed_list_prepare,
    .exec = read_exec,
};

static enum err calendar_feed_list_prepare(struct request *rq, struct selection *sel)
{
    const struct calendar_feed_list_in *in = rq->in;
    struct db_param *property = ARENA_NEW(rq->arena, struct db_param);
    *property = db_uuid(&in->id);
    selection_where(sel, " and {t}.property_id = $1", property, 1);
    return property_require_granted(rq, &in->id);
}
