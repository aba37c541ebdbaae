/* PUT /v1/properties/{id}/weekdays */
#include "calendar/rules_doc.h"

#include "db/queries.h"
#include "http/idempotency.h"

struct weekday_in {
    struct shape_seen seen;
    int weekday;
    struct money_in price;
    int64_t adjust_ppm, min_nights;
    bool closed_to_arrival, closed_to_departure;
};
enum { WEEKDAY, PRICE, ADJUST, MIN_NIGHTS };
#define DAY(member) offsetof(struct weekday_in, member)

struct weekdays_in {
    struct shape_seen seen;
    struct uuid id;
    struct shape_list weekdays; /* of struct weekday_in */
};

static const struct shape_field weekday_fields[] = {
    [WEEKDAY] = { .name = "weekday",
                  .type = SHAPE_ENUM,
                  .flags = SHAPE_REQUIRED,
                  .offset = DAY(weekday),
                  .values = weekday_names,
                  .doc = "The night from this day to the next." },
    [PRICE] = { .name = "price",
                .type = SHAPE_OBJECT,
                .flags = SHAPE_NULLABLE,
                .offset = DAY(price),
                .sub = &money_shape,
                .doc = "Price of a night; a season with a price wins over it." },
    [ADJUST] = { .name = "adjust_ppm",
                 .type = SHAPE_INT,
                 .flags = SHAPE_NULLABLE,
                 .offset = DAY(adjust_ppm),
                 .min = RULES_ADJUST_MIN,
                 .max = RULES_ADJUST_MAX,
                 .doc =
                     "Instead of price: what is added to the price, that of a season too, or taken off, in "
                     "millionths.",
                 .example = "null" },
    [MIN_NIGHTS] = { .name = "min_nights",
                     .type = SHAPE_INT,
                     .flags = SHAPE_NULLABLE,
                     .offset = DAY(min_nights),
                     .min = 1,
                     .max = PROPERTY_NIGHTS_MAX,
                     .doc = "Shortest stay that arrives on it." },
    { .name = "closed_to_arrival",
      .type = SHAPE_BOOL,
      .offset = DAY(closed_to_arrival),
      .doc = "No stay arrives on it; a season with arrival_weekdays wins over it." },
    { .name = "closed_to_departure",
      .type = SHAPE_BOOL,
      .offset = DAY(closed_to_departure),
      .doc = "No stay ends on it." },
};
static const struct shape weekday_shape = { .name = "WeekdayIn",
                                            .fields = weekday_fields,
                                            .count = SHAPE_COUNT(weekday_fields),
                                            .size = sizeof(struct weekday_in),
                                            .doc = "What holds on a weekday." };
static const struct shape_field weekday_item = { .type = SHAPE_OBJECT, .sub = &weekday_shape };
static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct weekdays_in, id),
      .doc = "The property." },
    { .name = "weekdays",
      .type = SHAPE_LIST,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct weekdays_in, weekdays),
      .min = 0,
      .max = 7,
      .item = &weekday_item,
      .doc = "All that have something of their own.",
      .example = "[{\"weekday\":\"friday\",\"adjust_ppm\":200000,\"min_nights\":2},{\"weekday\":\"saturday\","
                 "\"adjust_ppm\":200000}]" },
};

#define POINTER_SIZE 48
static const char *pointer_of(char out[POINTER_SIZE], size_t day, const char *member)
{
    snprintf(out, POINTER_SIZE, "/weekdays/%zu%s", day, member);
    return out;
}

static bool has(const struct weekday_in *d, int member)
{
    return SHAPE_HAS(d, member) && !SHAPE_NULL(d, member);
}

static void in_check(const void *p, struct violations *v)
{
    const struct weekdays_in *in = p;
    const struct weekday_in *days = in->weekdays.items;
    char at[POINTER_SIZE];
    unsigned seen = 0;
    for (size_t i = 0; i < in->weekdays.count; i++) {
        rules_check_price(v, pointer_of(at, i, "/adjust_ppm"), has(&days[i], PRICE), has(&days[i], ADJUST));
        if (seen >> days[i].weekday & 1u) {
            violations_add(v, pointer_of(at, i, "/weekday"), "rule", "The weekday is there twice.");
        }
        seen |= 1u << days[i].weekday;
    }
}

static const struct shape in_shape = { .name = "WeekdaysReplace",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct weekdays_in),
                                       .doc = "The pattern of weekdays of a property.",
                                       .check = in_check };

static enum err property_weekdays_replace_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_PRECONDITION, ERR_VALIDATION, ERR_NONE };

const struct op op_property_weekdays_replace = {
    .name = "property_weekdays_replace",
    .method = METHOD_PUT,
    .path = "/v1/properties/{id}/weekdays",
    .tag = "Calendar",
    .summary = "Say what holds on which weekday",
    .doc = "By its host, or a co-host with calendar.write. Replaces the whole pattern.",
    .perm = PERM_CALENDAR_WRITE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_CONDITIONAL | OP_ON_PROPERTY,
    .in = &in_shape,
    .out = &rules_doc_weekdays_shape,
    .errors = errors,
    .exec = property_weekdays_replace_exec,
};

static enum err check(struct request *rq, const struct weekdays_in *in, const struct property_facts *property)
{
    const struct weekday_in *days = in->weekdays.items;
    enum err e = ERR_NONE;
    char p[POINTER_SIZE];
    for (size_t i = 0; i < in->weekdays.count; i++) {
        if (has(&days[i], PRICE)) {
            enum err bad =
                rules_check_currency(rq, property, &days[i].price, pointer_of(p, i, "/price/currency"));
            e = e ? e : bad;
        }
    }
    return e;
}

#define NO_ADJUST INT32_MIN /* as in seasons */

static void add_put(struct request *rq, struct db_batch *b, const struct weekdays_in *in)
{
    struct arena *a = rq->arena;
    const struct weekday_in *d = in->weekdays.items;
    size_t n = in->weekdays.count;
    int64_t *prices = ARENA_ARRAY(a, int64_t, n);
    int32_t *weekday = ARENA_ARRAY(a, int32_t, n), *adjust = ARENA_ARRAY(a, int32_t, n);
    int32_t *min = ARENA_ARRAY(a, int32_t, n), *arrival = ARENA_ARRAY(a, int32_t, n);
    int32_t *departure = ARENA_ARRAY(a, int32_t, n);
    for (size_t i = 0; i < n; i++) {
        weekday[i] = d[i].weekday + 1;
        prices[i] = has(&d[i], PRICE) ? d[i].price.amount : -1;
        adjust[i] = has(&d[i], ADJUST) ? (int32_t)d[i].adjust_ppm : NO_ADJUST;
        min[i] = has(&d[i], MIN_NIGHTS) ? (int32_t)d[i].min_nights : -1;
        arrival[i] = d[i].closed_to_arrival;
        departure[i] = d[i].closed_to_departure;
    }
    DB_ADD(b, &q_weekdays_clear, db_uuid(&in->id));
    DB_ADD(b, &q_weekdays_put, db_uuid(&in->id), db_int4_array(a, weekday, n), db_int8_array(a, prices, n),
           db_int4_array(a, adjust, n), db_int4_array(a, min, n), db_int4_array(a, arrival, n),
           db_int4_array(a, departure, n));
}

static enum err property_weekdays_replace_exec(struct request *rq)
{
    const struct weekdays_in *in = rq->in;
    struct property_facts property;
    bool replayed;
    enum err e = rules_doc_lock(rq, &rules_doc_weekdays, &in->id, &property, NULL, &replayed);
    if (e || replayed || (e = check(rq, in, &property))) {
        return e;
    }
    struct db_batch *b = write_batch(rq);
    add_put(rq, b, in);
    return rules_doc_finish(rq, &rules_doc_weekdays, &property, b);
}
