/* PUT /v1/properties/{id}/calendar: prices, shortest stays and blocks of ranges of nights. */
#include "calendar/calendar.h"

#include "db/queries.h"
#include "http/audit.h"
#include "http/idempotency.h"
#include "property/property.h"
#include "json/write.h"

struct range_in {
    struct shape_seen seen;
    date_t from, to;
    struct money_in price;
    int64_t min_nights, max_nights;
    bool closed_to_arrival, closed_to_departure, blocked;
    struct str reason;
    struct uuid unit_id;
};
enum { FROM, TO, PRICE, MIN_NIGHTS, MAX_NIGHTS, TO_ARRIVAL, TO_DEPARTURE, BLOCKED, REASON, UNIT_ID };
#define RANGE(member) offsetof(struct range_in, member)

struct calendar_update_in {
    struct shape_seen seen;
    struct uuid id;
    bool partial;
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
                .doc = "Price of each night, in the property's currency; null: what season, weekday and "
                       "property "
                       "say." },
    [MIN_NIGHTS] = { .name = "min_nights",
                     .type = SHAPE_INT,
                     .flags = SHAPE_NULLABLE,
                     .offset = RANGE(min_nights),
                     .min = 1,
                     .max = PROPERTY_NIGHTS_MAX,
                     .doc = "Shortest stay arriving on these days; null: what season, weekday or property "
                            "say." },
    [MAX_NIGHTS] = { .name = "max_nights",
                     .type = SHAPE_INT,
                     .flags = SHAPE_NULLABLE,
                     .offset = RANGE(max_nights),
                     .min = 1,
                     .max = PROPERTY_NIGHTS_MAX,
                     .doc = "Longest stay arriving on these days; null: what season or property say." },
    [TO_ARRIVAL] = { .name = "closed_to_arrival",
                     .type = SHAPE_BOOL,
                     .flags = SHAPE_NULLABLE,
                     .offset = RANGE(closed_to_arrival),
                     .doc = "No stay arrives on these days; null: what season or weekday say." },
    [TO_DEPARTURE] = { .name = "closed_to_departure",
                       .type = SHAPE_BOOL,
                       .flags = SHAPE_NULLABLE,
                       .offset = RANGE(closed_to_departure),
                       .doc = "No stay ends on these days; null: what the weekday says." },
    [BLOCKED] = { .name = "blocked",
                  .type = SHAPE_BOOL,
                  .offset = RANGE(blocked),
                  .doc = "true keeps guests out, false lets them in again. Stays are never touched." },
    [REASON] = { .name = "reason",
                 .type = SHAPE_STRING,
                 .offset = RANGE(reason),
                 .min = 1,
                 .max = 200,
                 .doc = "Why they are blocked; only hosts and co-hosts read it.",
                 .example = "\"Roof repair\"" },
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
    { .name = "partial",
      .type = SHAPE_BOOL,
      .offset = IN(partial),
      .doc =
          "true: a range that cannot be applied is refused by itself, and results says why; the others hold. "
          "Else all ranges or none.",
      .example = "false" },
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

/* What the answer looks like, for the documentation. */
static const char *const range_states[] = { "applied", "refused", NULL };
static const struct shape_field result_fields[] = {
    { .name = "range", .type = SHAPE_INT, .flags = SHAPE_REQUIRED, .doc = "Place in ranges, from 0." },
    { .name = "status",
      .type = SHAPE_ENUM,
      .flags = SHAPE_REQUIRED,
      .values = range_states,
      .doc = "refused only with partial." },
    { .name = "nights", .type = SHAPE_INT, .flags = SHAPE_REQUIRED, .doc = "Nights of the range." },
    { .name = "code", .type = SHAPE_STRING, .doc = "Of a refusal: that of the problem it would have been." },
    { .name = "pointer", .type = SHAPE_STRING, .doc = "Of a refusal: the member it is about." },
    { .name = "detail", .type = SHAPE_STRING, .doc = "Of a refusal: one sentence for people." },
};
static const struct shape result_shape = { .name = "CalendarResult",
                                           .fields = result_fields,
                                           .count = SHAPE_COUNT(result_fields),
                                           .doc = "What became of a range." };
static const struct shape_field result_item = { .type = SHAPE_OBJECT, .sub = &result_shape };
static const struct shape_field out_fields[] = {
    { .name = "data",
      .type = SHAPE_LIST,
      .flags = SHAPE_REQUIRED,
      .item = &calendar_night_item,
      .doc = "Nights in order, from the first to the last one named." },
    { .name = "results",
      .type = SHAPE_LIST,
      .flags = SHAPE_REQUIRED,
      .item = &result_item,
      .doc = "One for each range, in their order." },
};
static const struct shape out_shape = { .name = "CalendarChanged",
                                        .fields = out_fields,
                                        .count = SHAPE_COUNT(out_fields),
                                        .doc = "Nights after a change." };

/* Pointer of a member of range i, on the stack of the caller. */
#define POINTER_SIZE 48
static const char *pointer_of(char out[POINTER_SIZE], size_t range, const char *member)
{
    snprintf(out, POINTER_SIZE, "/ranges/%zu%s", range, member);
    return out;
}

/* Members of which a range has at least one. */
#define SAYS                                                                                                 \
    (1u << PRICE | 1u << MIN_NIGHTS | 1u << MAX_NIGHTS | 1u << TO_ARRIVAL | 1u << TO_DEPARTURE |             \
     1u << BLOCKED)

static void check_range(const struct range_in *r, size_t i, struct violations *v)
{
    char p[POINTER_SIZE];
    if (r->to <= r->from) {
        violations_add(v, pointer_of(p, i, "/to"), "rule", "to is after from.");
    } else if (r->to - r->from > PROPERTY_NIGHTS_MAX) {
        violations_add(v, pointer_of(p, i, "/to"), "max", "A range has at most %d nights.",
                       PROPERTY_NIGHTS_MAX);
    }
    if (!(r->seen.given & SAYS)) {
        violations_add(
            v, pointer_of(p, i, ""), "rule",
            "A range says price, min_nights, max_nights, closed_to_arrival, closed_to_departure or "
            "blocked.");
    }
    if (SHAPE_HAS(r, REASON) && !r->blocked) {
        violations_add(v, pointer_of(p, i, "/reason"), "rule", "reason goes with blocked: true.");
    }
    if (r->min_nights > 0 && r->max_nights > 0 && r->min_nights > r->max_nights) {
        violations_add(v, pointer_of(p, i, "/min_nights"), "rule", "min_nights is at most max_nights.");
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
    .doc =
        "By its host, or a co-host with calendar.write. All ranges or none: a range that would block a "
        "night somebody has booked refuses the whole change, or only itself with partial. Answers the nights "
        "from the first to the last one named, and what became of each range.",
    .perm = PERM_CALENDAR_WRITE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_ON_PROPERTY,
    .in = &in_shape,
    .out = &out_shape,
    .errors = errors,
    .exec = calendar_update_exec,
};

/* What is known once the property is locked. */
struct change {
    struct property_facts property;
    struct uuid *units;
    int unit_count;
    size_t count;                  /* ranges to apply */
    struct calendar_range *ranges; /* with, at the same index: */
    struct str *reasons;           /* why they block */
    size_t *places;                /* where they stand in the request */
    bool partial;
    struct violation *refused; /* by place; code NULL: applied */
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
    const struct {
        int member;
        int64_t value;
    } said[CALENDAR_VALUES] = { [CALENDAR_PRICE] = { PRICE, r->price.amount },
                                [CALENDAR_MIN_NIGHTS] = { MIN_NIGHTS, r->min_nights },
                                [CALENDAR_MAX_NIGHTS] = { MAX_NIGHTS, r->max_nights },
                                [CALENDAR_CLOSED_TO_ARRIVAL] = { TO_ARRIVAL, r->closed_to_arrival },
                                [CALENDAR_CLOSED_TO_DEPARTURE] = { TO_DEPARTURE, r->closed_to_departure } };
    struct calendar_range out = { .from = r->from, .to = r->to, .unit = -1 };
    for (int i = 0; i < CALENDAR_VALUES; i++) {
        out.value[i] = !SHAPE_HAS(r, said[i].member)   ? CALENDAR_KEEP
                       : SHAPE_NULL(r, said[i].member) ? CALENDAR_RESET
                                                       : said[i].value;
    }
    if (SHAPE_HAS(r, BLOCKED)) {
        out.block = r->blocked ? CALENDAR_BLOCKED : CALENDAR_FREE;
    }
    return out;
}

/* A range that cannot be applied: a violation of the request, or with partial of the range alone. */
static void refuse(struct request *rq, struct change *c, size_t place, const char *member, const char *code,
                   const char *detail)
{
    char p[POINTER_SIZE];
    pointer_of(p, place, member);
    if (c->partial) {
        c->refused[place] = (struct violation){ arena_printf(rq->arena, "%s", p), code, detail };
    } else {
        violations_add(&rq->violations, p, code, "%s", detail);
    }
}

/* Check a range against the property; *out is what it means. */
static bool resolve_range(struct request *rq, const struct range_in *r, size_t place, struct change *c,
                          struct calendar_range *out)
{
    bool fits = true;
    *out = range_of(r);
    if (out->value[CALENDAR_PRICE] >= 0 && !str_eq(r->price.currency, c->property.currency)) {
        refuse(rq, c, place, "/price/currency", "rule",
               arena_printf(rq->arena, "The currency of this property is " STR_FMT ".",
                            STR_ARG(c->property.currency)));
        fits = false;
    }
    if (SHAPE_HAS(r, UNIT_ID) && (out->unit = unit_index(c, &r->unit_id)) == c->unit_count) {
        refuse(rq, c, place, "/unit_id", "rule", "The property has no such unit.");
        fits = false;
    }
    return fits;
}

/* The ranges, checked against the property; ERR_VALIDATION with every violation. */
static enum err resolve(struct request *rq, const struct calendar_update_in *in, struct change *c)
{
    const struct range_in *ranges = in->ranges.items;
    size_t n = in->ranges.count;
    c->partial = in->partial;
    c->ranges = ARENA_ARRAY(rq->arena, struct calendar_range, n);
    c->reasons = ARENA_ARRAY(rq->arena, struct str, n);
    c->places = ARENA_ARRAY(rq->arena, size_t, n);
    c->refused = ARENA_ARRAY(rq->arena, struct violation, n);
    memset(c->refused, 0, n * sizeof(c->refused[0]));
    for (size_t i = 0; i < n; i++) {
        if (resolve_range(rq, &ranges[i], i, c, &c->ranges[c->count])) {
            c->reasons[c->count] = ranges[i].reason;
            c->places[c->count++] = i;
        }
    }
    return rq->violations.count == 0 ? ERR_NONE
                                     : fail(rq, ERR_VALIDATION, NULL, "Some ranges do not fit the property.");
}

static const char booked[] = "Somebody has booked at least one of these nights.";

static const struct uuid every_unit; /* nil: arrays have no nulls */

static enum err find_clashes(struct request *rq, const struct change *c, const PGresult **out)
{
    struct arena *a = rq->arena;
    int32_t *place = ARENA_ARRAY(a, int32_t, c->count);
    date_t *from = ARENA_ARRAY(a, date_t, c->count), *to = ARENA_ARRAY(a, date_t, c->count);
    struct uuid *unit = ARENA_ARRAY(a, struct uuid, c->count);
    size_t n = 0;
    for (size_t i = 0; i < c->count; i++) {
        const struct calendar_range *r = &c->ranges[i];
        if (r->block == CALENDAR_BLOCKED) {
            place[n] = (int32_t)i;
            from[n] = r->from;
            to[n] = r->to;
            unit[n++] = r->unit < 0 ? every_unit : c->units[r->unit];
        }
    }
    struct db_batch *b = write_batch(rq);
    bool replayed;
    int clashes = DB_ADD(b, &q_calendar_clashes, db_uuid(&c->property.id), db_int4_array(a, place, n),
                         db_date_array(a, from, n), db_date_array(a, to, n), db_uuid_array(a, unit, n));
    enum err e = write_run(rq, b, &replayed);
    *out = e ? NULL : db_result(b, clashes);
    return e;
}

/* With partial: ranges that would block a night of a stay are left out ahead, each for itself. A stay booked
 * between this look and the change refuses the whole change after all. */
static enum err leave_out_clashes(struct request *rq, struct change *c)
{
    const PGresult *r;
    if (!c->partial) {
        return ERR_NONE;
    }
    enum err e = find_clashes(rq, c, &r);
    if (e) {
        return e;
    }
    size_t kept = 0;
    int next = 0;
    for (size_t i = 0; i < c->count; i++) {
        if (next < PQntuples(r) && db_get_int4(r, next, 0) == (int32_t)i) {
            refuse(rq, c, c->places[i], "", err_info(ERR_DATES_UNAVAILABLE)->code, booked);
            next++;
            continue;
        }
        c->ranges[kept] = c->ranges[i];
        c->reasons[kept] = c->reasons[i];
        c->places[kept++] = c->places[i];
    }
    c->count = kept;
    return ERR_NONE;
}

static enum err check_clash(struct request *rq, const struct db_batch *b, int blocks, const struct change *c)
{
    int clash = blocks < 0 ? -1 : calendar_blocks_clash(db_result(b, blocks));
    if (clash < 0) {
        return ERR_NONE;
    }
    char p[POINTER_SIZE];
    return fail(rq, ERR_DATES_UNAVAILABLE, pointer_of(p, c->places[clash], ""), booked);
}

static void tell(struct request *rq, struct db_batch *b, const struct change *c, date_t from, date_t to)
{
    char first[DATE_TEXT_SIZE], last[DATE_TEXT_SIZE];
    date_format(first, from);
    date_format(last, to);
    const struct audit_text after[] = { { "from", str_from(first) }, { "to", str_from(last) } };
    calendar_tell(rq, b, &c->property, after, 2);
}

/* Blocks first: they wait for stays, and nights with restrictions lock what stays wait for. */
static int add_changes(struct request *rq, struct db_batch *b, const struct change *c)
{
    struct night_change *nights;
    struct block_run *runs;
    int blocks = -1;
    if (c->count == 0) {
        return -1;
    }
    size_t night_count = calendar_night_changes(rq->arena, c->ranges, c->count, &nights);
    size_t run_count = calendar_block_runs(rq->arena, c->ranges, c->count, c->unit_count, &runs);
    if (run_count > 0) {
        blocks = calendar_add_blocks(rq, b, c->units, c->reasons, runs, run_count);
    }
    if (night_count > 0) {
        calendar_add_nights(rq, b, &c->property.id, nights, night_count);
    }
    return blocks;
}

static void write_result(struct json_writer *w, const struct range_in *r, size_t place,
                         const struct violation *v)
{
    json_write_object(w);
    JSON_MEMBER(w, "range", int, (int64_t)place);
    JSON_MEMBER(w, "status", strz, range_states[v->code != NULL]);
    JSON_MEMBER(w, "nights", int, r->to - r->from);
    if (v->code) {
        JSON_MEMBER(w, "code", strz, v->code);
        JSON_MEMBER(w, "pointer", strz, v->pointer);
        JSON_MEMBER(w, "detail", strz, v->detail);
    }
    json_write_object_end(w);
}

static void answer(struct request *rq, const struct calendar_update_in *in, const struct change *c,
                   const PGresult *nights)
{
    struct json_writer w = json_write_start(rq->res.body);
    const struct range_in *ranges = in->ranges.items;
    json_write_object(&w);
    calendar_write_nights(&w, nights);
    json_write_key(&w, STR("results"));
    json_write_array(&w);
    for (size_t i = 0; i < in->ranges.count; i++) {
        write_result(&w, &ranges[i], i, &c->refused[i]);
    }
    json_write_array_end(&w);
    json_write_object_end(&w);
}

static enum err apply(struct request *rq, const struct calendar_update_in *in, const struct change *c)
{
    const struct range_in *ranges = in->ranges.items;
    date_t from = ranges[0].from, to = ranges[0].to;
    for (size_t i = 1; i < in->ranges.count; i++) {
        from = ranges[i].from < from ? ranges[i].from : from;
        to = ranges[i].to > to ? ranges[i].to : to;
    }
    struct db_batch *b = write_batch(rq);
    int blocks = add_changes(rq, b, c);
    tell(rq, b, c, from, to);
    int nights = calendar_add_read(rq, b, &c->property.id, from, to);
    bool replayed;
    enum err e = write_run(rq, b, &replayed);
    if (e || (e = check_clash(rq, b, blocks, c))) {
        return e;
    }
    answer(rq, in, c, db_result(b, nights));
    return ERR_NONE;
}

static enum err calendar_update_exec(struct request *rq)
{
    const struct calendar_update_in *in = rq->in;
    struct change c = { 0 };
    bool replayed;
    write_atomic(rq);
    enum err e = property_lock(rq, &in->id, &c.property, &replayed);
    if (e || replayed || (e = read_units(rq, &in->id, &c)) || (e = resolve(rq, in, &c)) ||
        (e = leave_out_clashes(rq, &c))) {
        return e;
    }
    return apply(rq, in, &c);
}
