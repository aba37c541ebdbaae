/* GET /v1/events: what has happened since. */
#include "event/event.h"

#include "base/clock.h"
#include "db/queries.h"
#include "http/service.h"
#include "json/write.h"

#include <stddef.h>
#include <time.h>

#define LIMIT_MAX     500
#define LIMIT_DEFAULT 100
#define WAIT_MAX      10     /* seconds; below request_deadline */
#define LOOK_US       100000 /* between two looks */
#define TYPES_MAX     20

struct event_list_in {
    struct shape_seen seen;
    int64_t after, limit, wait;
    struct shape_list types; /* of int: indexes of event_types */
};
#define IN(member) offsetof(struct event_list_in, member)

static const struct shape_field type_field = { .type = SHAPE_ENUM, .values = event_types };
static const struct shape_field in_fields[] = {
    { .name = "after",
      .type = SHAPE_INT,
      .in = IN_QUERY,
      .offset = IN(after),
      .min = 0,
      .max = INT64_C(1000000000000000),
      .doc = "The `next` of the answer before; 0, which is the default, begins with the oldest event kept.",
      .example = "0" },
    { .name = "limit",
      .type = SHAPE_INT,
      .in = IN_QUERY,
      .offset = IN(limit),
      .min = 1,
      .max = LIMIT_MAX,
      .doc = "How many events at most, 100 when it is left out.",
      .example = "100" },
    { .name = "wait",
      .type = SHAPE_INT,
      .in = IN_QUERY,
      .offset = IN(wait),
      .min = 0,
      .max = WAIT_MAX,
      .doc = "Seconds to wait when there is nothing yet. Few may wait at the same time; the others are "
             "answered at "
             "once.",
      .example = "0" },
    { .name = "types",
      .type = SHAPE_LIST,
      .in = IN_QUERY,
      .flags = SHAPE_COMMA,
      .offset = IN(types),
      .min = 1,
      .max = TYPES_MAX,
      .item = &type_field,
      .doc = "Only events of these types.",
      .example = "[\"booking.confirmed\"]" },
};
enum { AFTER, LIMIT, WAIT, TYPES };
static const struct shape in_shape = { .name = "EventList",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct event_list_in),
                                       .doc = "Which events." };

static const struct shape_field money_fields[] = {
    { .name = "amount",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED,
      .doc = "Minor units.",
      .example = "12000" },
    { .name = "currency",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .max = 3,
      .doc = "ISO 4217.",
      .example = "\"USD\"" },
};
static const struct shape money_shape = { .name = "EventMoney",
                                          .fields = money_fields,
                                          .count = SHAPE_COUNT(money_fields),
                                          .doc = "An amount of money." };
#define DATA_ID(member)                                                                                      \
    {                                                                                                        \
        .name = #member, .type = SHAPE_UUID, .flags = SHAPE_NULLABLE, .doc = "Identifies it."                \
    }
#define DATA_TEXT(member, text)                                                                              \
    {                                                                                                        \
        .name = #member, .type = SHAPE_STRING, .max = 100, .doc = text, .example = "\"pending\""             \
    }
#define DATA_DATE(member, text)                                                                              \
    {                                                                                                        \
        .name = #member, .type = SHAPE_DATE, .doc = text                                                     \
    }
#define DATA_MONEY(member, text)                                                                             \
    {                                                                                                        \
        .name = #member, .type = SHAPE_OBJECT, .sub = &money_shape, .doc = text,                             \
        .example = "{\"amount\":12000,\"currency\":\"USD\"}"                                                 \
    }
static const struct shape_field data_fields[] = {
    DATA_TEXT(status, "The state it came to."),
    DATA_ID(property_id),
    DATA_ID(booking_id),
    DATA_ID(payment_id),
    DATA_ID(guest_id),
    DATA_ID(host_id),
    DATA_DATE(check_in, "First night."),
    DATA_DATE(check_out, "The day after the last night."),
    DATA_DATE(from, "First night that is another."),
    DATA_DATE(to, "The day after the last one."),
    { .name = "guests", .type = SHAPE_INT, .min = 0, .max = 100, .doc = "How many come.", .example = "2" },
    { .name = "rating",
      .type = SHAPE_INT,
      .flags = SHAPE_NULLABLE,
      .min = 0,
      .max = 5,
      .doc = "Of a review.",
      .example = "5" },
    DATA_TEXT(provider, "Who moves the money."),
    DATA_TEXT(purpose, "What a payment is for."),
    DATA_MONEY(total, "Of a booking."),
    DATA_MONEY(amount, "Of a payment, refund or payout."),
    DATA_MONEY(captured, "What was taken of it."),
    { .name = "version",
      .type = SHAPE_INT,
      .min = 1,
      .max = INT64_C(1000000000000000),
      .doc = "Of the resource.",
      .example = "1" },
};
static const struct shape data_shape = { .name = "EventData",
                                         .fields = data_fields,
                                         .count = SHAPE_COUNT(data_fields),
                                         .doc = "What is known of it, by its kind: docs/events.md." };
static const struct shape_field event_fields[] = {
    { .name = "number",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED,
      .doc = "Its place in the log.",
      .example = "17" },
    { .name = "id", .type = SHAPE_UUID, .flags = SHAPE_REQUIRED, .doc = "The webhook-id of its webhooks." },
    { .name = "type",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "What has happened.",
      .example = "\"booking.confirmed\"" },
    { .name = "kind",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "What it has happened to.",
      .example = "\"booking\"" },
    { .name = "subject", .type = SHAPE_UUID, .flags = SHAPE_REQUIRED, .doc = "Identifies that." },
    { .name = "at",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "When.",
      .example = "\"2027-05-04T12:00:00Z\"" },
    { .name = "data",
      .type = SHAPE_OBJECT,
      .flags = SHAPE_REQUIRED,
      .sub = &data_shape,
      .doc = "How it was then.",
      .example = "{\"status\":\"confirmed\",\"version\":1}" },
};
static const struct shape event_shape = { .name = "Event",
                                          .fields = event_fields,
                                          .count = SHAPE_COUNT(event_fields),
                                          .doc = "Something that has happened." };
static const struct shape_field event_item = { .type = SHAPE_OBJECT, .sub = &event_shape };
static const struct shape_field out_fields[] = {
    { .name = "data",
      .type = SHAPE_LIST,
      .flags = SHAPE_REQUIRED,
      .item = &event_item,
      .doc = "In the order of their numbers." },
    { .name = "next",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED,
      .doc = "What `after` is to be the next time; grows also when there was nothing to see.",
      .example = "17" },
    { .name = "more",
      .type = SHAPE_BOOL,
      .flags = SHAPE_REQUIRED,
      .doc = "Whether there may be more right now.",
      .example = "false" },
};
static const struct shape out_shape = { .name = "Events",
                                        .fields = out_fields,
                                        .count = SHAPE_COUNT(out_fields),
                                        .doc = "A piece of the log, as far as the user may see it." };

static enum err event_list_exec(struct request *rq);
static const enum err errors[] = { ERR_NONE };

const struct op op_event_list = {
    .name = "event_list",
    .method = METHOD_GET,
    .path = "/v1/events",
    .tag = "Events",
    .summary = "Read the log of events",
    .doc =
        "What has happened to bookings, payments, properties and calendars the user is part of, in the order "
        "in which "
        "it became true. No event ever appears below a number that was answered as `next`, so a reader that "
        "goes "
        "on from "
        "there misses none.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_READ,
    .in = &in_shape,
    .out = &out_shape,
    .errors = errors,
    .exec = event_list_exec,
};

struct reading {
    const struct event_list_in *in;
    struct db_param types;
    int64_t after, limit;
    int64_t head;
    const PGresult *rows;
};

/* Who reads also gives numbers to what has none yet. */
static enum err look(struct request *rq, struct reading *r)
{
    struct db_failure failure;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    (void)DB_ADD(b, &q_events_sequence, db_int8(rq->arena, EVENT_SEQUENCE_MAX));
    int head = DB_ADD(b, &q_events_head);
    int rows = DB_ADD(b, &q_events_read, db_uuid(&rq->principal.user), db_int8(rq->arena, r->after),
                      db_int8(rq->arena, r->limit), r->types);
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    r->head = db_get_int8(db_result(b, head), 0, 0);
    r->rows = db_result(b, rows);
    return ERR_NONE;
}

static void write_event(struct json_writer *w, const PGresult *r, int row)
{
    struct uuid id = db_get_uuid(r, row, 1), subject = db_get_uuid(r, row, 4);
    json_write_object(w);
    JSON_MEMBER(w, "number", int, db_get_int8(r, row, 0));
    JSON_MEMBER(w, "id", uuid, &id);
    JSON_MEMBER(w, "type", str, db_get_text(r, row, 2));
    JSON_MEMBER(w, "kind", str, db_get_text(r, row, 3));
    JSON_MEMBER(w, "subject", uuid, &subject);
    JSON_MEMBER(w, "at", time, db_get_timestamptz(r, row, 6));
    JSON_MEMBER(w, "data", raw, db_get_text(r, row, 5));
    json_write_object_end(w);
}

static void write_answer(struct request *rq, const struct reading *r)
{
    int n = PQntuples(r->rows);
    bool more = n == (int)r->limit;
    int64_t next = n > 0 ? db_get_int8(r->rows, n - 1, 0) : r->after;
    next = !more && r->head > next ? r->head : next;
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    json_write_key(&w, STR("data"));
    json_write_array(&w);
    for (int i = 0; i < n; i++) {
        write_event(&w, r->rows, i);
    }
    json_write_array_end(&w);
    JSON_MEMBER(&w, "next", int, next);
    JSON_MEMBER(&w, "more", bool, more);
    json_write_object_end(&w);
}

/* An eighth of the workers: who waits has one to himself. */
static bool may_wait(struct request *rq)
{
    const struct service_stats *s = &rq->service->stats;
    unsigned places = options_workers(rq->options) / 8;
    return s->board && s->slot &&
           slots_take(scoreboard_waiting(s->board), scoreboard_owner(s->slot), places > 0 ? places : 1, 0, 0);
}

static enum err wait_for_some(struct request *rq, struct reading *r)
{
    int64_t until = clock_mono_us() + r->in->wait * INT64_C(1000000);
    const struct timespec pause = { .tv_nsec = LOOK_US * 1000 };
    enum err e = ERR_NONE;
    if (!may_wait(rq)) {
        return ERR_NONE;
    }
    while (!e && PQntuples(r->rows) == 0 && clock_mono_us() < until) {
        nanosleep(&pause, NULL);
        e = look(rq, r);
    }
    slots_free(scoreboard_waiting(rq->service->stats.board), scoreboard_owner(rq->service->stats.slot));
    return e;
}

static struct db_param types_param(struct request *rq, const struct event_list_in *in)
{
    const int *index = in->types.items;
    struct str *names = ARENA_ARRAY(rq->arena, struct str, in->types.count + 1);
    for (size_t i = 0; i < in->types.count; i++) {
        names[i] = str_from(event_types[index[i]]);
    }
    return SHAPE_HAS(in, TYPES) ? db_text_array(rq->arena, names, in->types.count) : db_null(DB_TEXT_ARRAY);
}

static enum err event_list_exec(struct request *rq)
{
    const struct event_list_in *in = rq->in;
    struct reading r = { .in = in,
                         .types = types_param(rq, in),
                         .after = SHAPE_HAS(in, AFTER) ? in->after : 0,
                         .limit = SHAPE_HAS(in, LIMIT) ? in->limit : LIMIT_DEFAULT };
    enum err e = look(rq, &r);
    if (!e && PQntuples(r.rows) == 0 && SHAPE_HAS(in, WAIT) && in->wait > 0) {
        e = wait_for_some(rq, &r);
    }
    if (!e) {
        write_answer(rq, &r);
    }
    return e;
}
