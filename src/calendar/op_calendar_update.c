/* PUT /v1/properties/{id}/calendar: prices, shortest stays and blocks of ranges of nights. */
#include "calendar/calendar.h"

#include "db/queries.h"
#include "http/audit.h"
#include "http/idempotency.h"
#include "property/property.h"

struct range_in {
    struct shape_seen seen;
    date_t from, to;
    struct money_in price;
    int64_t min_nights;
    bool blocked;
    struct uuid unit_id;
};
enum { FROM, TO, PRICE, MIN_NIGHTS, BLOCKED, UNIT_ID };
#define RANGE(member) offsetof(struct range_in, member)

struct calendar_update_in {
    struct shape_seen seen;
    struct uuid id;
    struct shape_list ranges; /* of struct range_in */
};
#define IN(member) offsetof(struct calendar_update_in, member)

static const struct shape_field range_fields[] = {
    [FROM] = { .name = "from",
               .type = SHAPE_DATE,
               .flags = SHAPE_REQUIRED,
               .offset = RANGE(from),
               .doc = "First night." },
    [TO] = { .name = "to",
             .example = "\"2027-05-04\"",
             .type = SHAPE_DATE,
             .flags = SHAPE_REQUIRED,
             .offset = RANGE(to),
             .doc = "The day after the last night." },
    [PRICE] = { .name = "price",
                .type = SHAPE_OBJECT,
                .flags = SHAPE_NULLABLE,
                .offset = RANGE(price),
                .sub = &money_shape,
                .doc = "Price of each night, in the property's currency; null: the property's." },
    [MIN_NIGHTS] = { .name = "min_nights",
                     .type = SHAPE_INT,
                     .flags = SHAPE_NULLABLE,
                     .offset = RANGE(min_nights),
                     .min = 1,
                     .max = PROPERTY_NIGHTS_MAX,
                     .doc = "Shortest stay arriving on these days; null: the property's." },
    [BLOCKED] = { .name = "blocked",
                  .type = SHAPE_BOOL,
                  .offset = RANGE(blocked),
                  .doc = "true keeps guests out, false lets them in again. Stays are never touched." },
    [UNIT_ID] = { .name = "unit_id",
                  .type = SHAPE_UUID,
                  .offset = RANGE(unit_id),
                  .doc = "Unit that blocked is about; all units when left out." },
};
static const struct shape range_shape = { .name = "CalendarRange",
                                          .fields = range_fields,
                                          .count = SHAPE_COUNT(range_fields),
                                          .size = sizeof(struct range_in),
                                          .doc = "What holds for the nights from <= night < to." };
static const struct shape_field range_item = { .type = SHAPE_OBJECT, .sub = &range_shape };

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = IN(id),
      .doc = "The property." },
    { .name = "ranges",
      .type = SHAPE_LIST,
      .flags = SHAPE_REQUIRED,
      .offset = IN(ranges),
      .min = 1,
      .max = CALENDAR_RANGES_MAX,
      .item = &range_item,
      .doc = "Applied in order: later ranges win over earlier ones.",
      .example = "[{\"from\":\"2027-07-01\",\"to\":\"2027-07-08\",\"price\":{\"amount\":15000,\"currency\":"
                 "\"USD\"}}]" },
};

/* Pointer of a member of range i, on the stack of the caller. */
#define POINTER_SIZE 48
static const char *pointer_of(char out[POINTER_SIZE], size_t range, const char *member)
{
    snprintf(out, POINTER_SIZE, "/ranges/%zu%s", range, member);
    return out;
}

static void check_range(const struct range_in *r, size_t i, struct violations *v)
{
    char p[POINTER_SIZE];
    if (r->to <= r->from) {
        violations_add(v, pointer_of(p, i, "/to"), "rule", "to is after from.");
    } else if (r->to - r->from > PROPERTY_NIGHTS_MAX) {
        violations_add(v, pointer_of(p, i, "/to"), "max", "A range has at most %d nights.",
                       PROPERTY_NIGHTS_MAX);
    }
    if (!SHAPE_HAS(r, PRICE) && !SHAPE_HAS(r, MIN_NIGHTS) && !SHAPE_HAS(r, BLOCKED)) {
        violations_add(v, pointer_of(p, i, ""), "rule", "A range says price, min_nights or blocked.");
    }
    if (SHAPE_HAS(r, UNIT_ID) && !SHAPE_HAS(r, BLOCKED)) {
        violations_add(v, pointer_of(p, i, "/unit_id"), "rule", "unit_id goes with blocked.");
    }
}

static void in_check(const void *p, struct violations *v)
{
    const struct calendar_update_in *in = p;
    const struct range_in *ranges = in->ranges.items;
    date_t from = DATE_MAX, to = DATE_MIN;
    for (size_t i = 0; i < in->ranges.count; i++) {
        check_range(&ranges[i], i, v);
        from = ranges[i].from < from ? ranges[i].from : from;
        to = ranges[i].to > to ? ranges[i].to : to;
    }
    if (to - from > PROPERTY_NIGHTS_MAX) {
        violations_add(v, "/ranges", "max", "The ranges lie within %d nights.", PROPERTY_NIGHTS_MAX);
    }
}

static const struct shape in_shape = { .name = "CalendarUpdate",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct calendar_update_in),
                                       .doc = "Changes of a calendar.",
                                       .check = in_check };

static enum err calendar_update_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_DATES_UNAVAILABLE, ERR_VALIDATION, ERR_NONE };

const struct op op_calendar_update = {
    .name = "calendar_update",
    .method = METHOD_PUT,
    .path = "/v1/properties/{id}/calendar",
    .tag = "Calendar",
    .summary = "Change a calendar",
    .doc = "By its host, or a co-host with calendar.write. All ranges or none: a range that would block a "
           "night somebody has booked refuses "
           "the whole change. "
           "Answers the nights from the first to the last one named.",
    .perm = PERM_CALENDAR_WRITE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_ON_PROPERTY,
    .in = &in_shape,
    .out = &calendar_shape,
    .errors = errors,
    .exec = calendar_update_exec,
};

/* What is known once the property is locked. */
struct change {
    struct property_facts property;
    struct uuid *units;
    int unit_count;
    struct calendar_range *ranges;
    size_t count;
};

static enum err read_units(struct request *rq, const struct uuid *property, struct change *c)
{
    struct db_batch *b = write_batch(rq);
    bool replayed;
    int units = DB_ADD(b, &q_calendar_units, db_uuid(property));
    enum err e = write_run(rq, b, &replayed);
    if (e) {
        return e;
    }
    const PGresult *r = db_result(b, units);
    c->unit_count = PQntuples(r);
    c->units = ARENA_ARRAY(rq->arena, struct uuid, (size_t)c->unit_count);
    for (int i = 0; i < c->unit_count; i++) {
        c->units[i] = db_get_uuid(r, i, 0);
    }
    return ERR_NONE;
}

static int unit_index(const struct change *c, const struct uuid *id)
{
    int i = 0;
    while (i < c->unit_count && !uuid_eq(&c->units[i], id)) {
        i++;
    }
    return i;
}

static struct calendar_range range_of(const struct range_in *r)
{
    struct calendar_range out = { r->from, r->to, CALENDAR_KEEP, CALENDAR_KEEP, CALENDAR_BLOCK_KEEP, -1 };
    if (SHAPE_HAS(r, PRICE)) {
        out.price = SHAPE_NULL(r, PRICE) ? CALENDAR_RESET : r->price.amount;
    }
    if (SHAPE_HAS(r, MIN_NIGHTS)) {
        out.min_nights = SHAPE_NULL(r, MIN_NIGHTS) ? CALENDAR_RESET : (int32_t)r->min_nights;
    }
    if (SHAPE_HAS(r, BLOCKED)) {
        out.block = r->blocked ? CALENDAR_BLOCKED : CALENDAR_FREE;
    }
    return out;
}

/* The ranges, checked against the property; ERR_VALIDATION with every violation. */
static enum err resolve(struct request *rq, const struct calendar_update_in *in, struct change *c)
{
    const struct range_in *ranges = in->ranges.items;
    char p[POINTER_SIZE];
    c->count = in->ranges.count;
    c->ranges = ARENA_ARRAY(rq->arena, struct calendar_range, c->count);
    for (size_t i = 0; i < c->count; i++) {
        const struct range_in *r = &ranges[i];
        c->ranges[i] = range_of(r);
        if (c->ranges[i].price >= 0 && !str_eq(r->price.currency, c->property.currency)) {
            violations_add(&rq->violations, pointer_of(p, i, "/price/currency"), "rule",
                           "The currency of this property is " STR_FMT ".", STR_ARG(c->property.currency));
        }
        if (SHAPE_HAS(r, UNIT_ID) && (c->ranges[i].unit = unit_index(c, &r->unit_id)) == c->unit_count) {
            violations_add(&rq->violations, pointer_of(p, i, "/unit_id"), "rule",
                           "The property has no such unit.");
        }
    }
    return rq->violations.count == 0 ? ERR_NONE
                                     : fail(rq, ERR_VALIDATION, NULL, "Some ranges do not fit the property.");
}

static enum err check_clash(struct request *rq, const struct db_batch *b, int blocks)
{
    int clash = blocks < 0 ? -1 : calendar_blocks_clash(db_result(b, blocks));
    if (clash < 0) {
        return ERR_NONE;
    }
    char p[POINTER_SIZE];
    return fail(rq, ERR_DATES_UNAVAILABLE, pointer_of(p, (size_t)clash, ""),
                "Somebody has booked at least one of these nights.");
}

/* Hosts change their calendars all day; what others do to them is worth remembering. */
static void tell(struct request *rq, struct db_batch *b, const struct change *c, date_t from, date_t to)
{
    char first[DATE_TEXT_SIZE], last[DATE_TEXT_SIZE];
    if (uuid_eq(&c->property.host, &rq->principal.user) && uuid_is_nil(&rq->principal.actor)) {
        return;
    }
    date_format(first, from);
    date_format(last, to);
    const struct audit_text after[] = { { "from", str_from(first) }, { "to", str_from(last) } };
    audit_add(rq, b, AUDIT_CALENDAR_UPDATE, &c->property.id, NULL, audit_texts(rq->arena, after, 2));
}

static enum err apply(struct request *rq, const struct change *c)
{
    struct night_change *nights;
    struct block_run *runs;
    size_t night_count = calendar_night_changes(rq->arena, c->ranges, c->count, &nights);
    size_t run_count = calendar_block_runs(rq->arena, c->ranges, c->count, c->unit_count, &runs);
    struct db_batch *b = write_batch(rq);
    int blocks = -1;
    if (night_count > 0) {
        calendar_add_nights(rq, b, &c->property.id, nights, night_count);
    }
    if (run_count > 0) {
        blocks = calendar_add_blocks(rq, b, c->units, runs, run_count);
    }
    date_t from, to;
    calendar_span(c->ranges, c->count, &from, &to);
    tell(rq, b, c, from, to);
    int answer = calendar_add_read(rq, b, &c->property.id, from, to);
    bool replayed;
    enum err e = write_run(rq, b, &replayed);
    if (e || (e = check_clash(rq, b, blocks))) {
        return e;
    }
    calendar_write(rq, db_result(b, answer));
    return ERR_NONE;
}

static enum err calendar_update_exec(struct request *rq)
{
    const struct calendar_update_in *in = rq->in;
    struct change c = { 0 };
    bool replayed;
    write_atomic(rq);
    enum err e = property_lock(rq, &in->id, &c.property, &replayed);
    if (e || replayed || (e = read_units(rq, &in->id, &c)) || (e = resolve(rq, in, &c))) {
        return e;
    }
    return apply(rq, &c);
}
