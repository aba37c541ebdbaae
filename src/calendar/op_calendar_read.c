/* GET /v1/properties/{id}/calendar */
#include "calendar/calendar.h"

#include "json/write.h"

struct calendar_read_in {
    struct shape_seen seen;
    struct uuid id;
    date_t from, to;
};
#define IN(member) offsetof(struct calendar_read_in, member)

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = IN(id),
      .doc = "The property." },
    { .name = "from",
      .type = SHAPE_DATE,
      .in = IN_QUERY,
      .flags = SHAPE_REQUIRED,
      .offset = IN(from),
      .doc = "First night." },
    { .name = "to",
      .example = "\"2027-05-04\"",
      .type = SHAPE_DATE,
      .in = IN_QUERY,
      .flags = SHAPE_REQUIRED,
      .offset = IN(to),
      .doc = "The day after the last night; at most 366 nights." },
};

static void in_check(const void *p, struct violations *v)
{
    const struct calendar_read_in *in = p;
    if (in->to <= in->from) {
        violations_add(v, "/to", "rule", "to is after from.");
    } else if (in->to - in->from > CALENDAR_READ_MAX) {
        violations_add(v, "/to", "max", "At most %d nights at once.", CALENDAR_READ_MAX);
    }
}

static const struct shape in_shape = { .name = "CalendarRead",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct calendar_read_in),
                                       .doc = "Which nights.",
                                       .check = in_check };

static enum err calendar_read_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_calendar_read = {
    .name = "calendar_read",
    .method = METHOD_GET,
    .path = "/v1/properties/{id}/calendar",
    .tag = "Calendar",
    .summary = "Read a calendar",
    .doc = "Every night of the range: its price with season and weekday, the stays that may arrive and end "
           "on it, "
           "and whether it can be had.",
    .perm = PERM_PUBLIC,
    .rate = RATE_READ,
    .in = &in_shape,
    .out = &calendar_shape,
    .errors = errors,
    .exec = calendar_read_exec,
};

static enum err calendar_read_exec(struct request *rq)
{
    const struct calendar_read_in *in = rq->in;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    struct db_failure failure;
    int nights = calendar_add_read(rq, b, &in->id, in->from, in->to);
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    if (PQntuples(db_result(b, nights)) == 0) {
        return fail(rq, ERR_NOT_FOUND, NULL, "There is no such property.");
    }
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    calendar_write_nights(&w, db_result(b, nights));
    json_write_object_end(&w);
    return ERR_NONE;
}
