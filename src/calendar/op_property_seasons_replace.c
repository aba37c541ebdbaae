/* PUT /v1/properties/{id}/seasons */
#include "calendar/rules_doc.h"

#include "db/queries.h"
#include "http/idempotency.h"

#define SEASONS_MAX 50

struct season_in {
    struct shape_seen seen;
    struct uuid id;
    struct str name;
    date_t from, to;
    bool yearly;
    struct money_in price;
    int64_t adjust_ppm, min_nights, max_nights;
    struct shape_list arrival_weekdays; /* of int */
};
enum { ID, NAME, FROM, TO, YEARLY, PRICE, ADJUST, MIN_NIGHTS, MAX_NIGHTS, WEEKDAYS };
#define SEASON(member) offsetof(struct season_in, member)

struct seasons_in {
    struct shape_seen seen;
    struct uuid id;
    struct shape_list seasons; /* of struct season_in */
};

static const struct shape_field weekday_item = { .type = SHAPE_ENUM, .values = weekday_names };
static const struct shape_field season_fields[] = {
    [ID] = { .name = "id",
             .type = SHAPE_UUID,
             .offset = SEASON(id),
             .doc = "A season of this property that goes on under its id; left out: a new one." },
    [NAME] = { .name = "name",
               .type = SHAPE_STRING,
               .flags = SHAPE_REQUIRED,
               .offset = SEASON(name),
               .min = 1,
               .max = 100,
               .doc = "What the host calls it.",
               .example = "\"Summer\"" },
    [FROM] = { .name = "from",
               .type = SHAPE_DATE,
               .flags = SHAPE_REQUIRED,
               .offset = SEASON(from),
               .doc = "First night." },
    [TO] = { .name = "to",
             .example = "\"2027-05-04\"",
             .type = SHAPE_DATE,
             .flags = SHAPE_REQUIRED,
             .offset = SEASON(to),
             .doc = "The day after the last night." },
    [YEARLY] = { .name = "yearly",
                 .type = SHAPE_BOOL,
                 .offset = SEASON(yearly),
                 .doc = "true: in every year, by day and month; a year at most." },
    [PRICE] = { .name = "price",
                .type = SHAPE_OBJECT,
                .flags = SHAPE_NULLABLE,
                .offset = SEASON(price),
                .sub = &money_shape,
                .doc = "Price of a night." },
    [ADJUST] = { .name = "adjust_ppm",
                 .type = SHAPE_INT,
                 .flags = SHAPE_NULLABLE,
                 .offset = SEASON(adjust_ppm),
                 .min = RULES_ADJUST_MIN,
                 .max = RULES_ADJUST_MAX,
                 .doc = "Instead of price: what is added to the price, or taken off, in millionths.",
                 .example = "null" },
    [MIN_NIGHTS] = { .name = "min_nights",
                     .type = SHAPE_INT,
                     .flags = SHAPE_NULLABLE,
                     .offset = SEASON(min_nights),
                     .min = 1,
                     .max = PROPERTY_NIGHTS_MAX,
                     .doc = "Shortest stay that arrives in it." },
    [MAX_NIGHTS] = { .name = "max_nights",
                     .type = SHAPE_INT,
                     .flags = SHAPE_NULLABLE,
                     .offset = SEASON(max_nights),
                     .min = 1,
                     .max = PROPERTY_NIGHTS_MAX,
                     .doc = "Longest stay that arrives in it." },
    [WEEKDAYS] = { .name = "arrival_weekdays",
                   .type = SHAPE_LIST,
                   .flags = SHAPE_NULLABLE,
                   .offset = SEASON(arrival_weekdays),
                   .min = 1,
                   .max = 7,
                   .item = &weekday_item,
                   .doc = "A stay arrives on one of these weekdays only.",
                   .example = "[\"saturday\"]" },
};
static const struct shape season_shape = { .name = "SeasonIn",
                                           .fields = season_fields,
                                           .count = SHAPE_COUNT(season_fields),
                                           .size = sizeof(struct season_in),
                                           .doc = "What holds on the nights from <= night < to." };
static const struct shape_field season_item = { .type = SHAPE_OBJECT, .sub = &season_shape };
static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct seasons_in, id),
      .doc = "The property." },
    { .name = "seasons",
      .type = SHAPE_LIST,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct seasons_in, seasons),
      .min = 0,
      .max = SEASONS_MAX,
      .item = &season_item,
      .doc = "All of them; of several that hold a night the last decides.",
      .example = "[{\"name\":\"Summer\",\"from\":\"2027-06-15\",\"to\":\"2027-09-01\",\"yearly\":true,"
                 "\"adjust_ppm\":200000,\"min_nights\":7,\"arrival_weekdays\":[\"saturday\"]}]" },
};

#define POINTER_SIZE 48
static const char *pointer_of(char out[POINTER_SIZE], size_t season, const char *member)
{
    snprintf(out, POINTER_SIZE, "/seasons/%zu%s", season, member);
    return out;
}

static bool has(const struct season_in *s, int member)
{
    return SHAPE_HAS(s, member) && !SHAPE_NULL(s, member);
}

/* The same day a year later, the 28th of February for the 29th. */
static date_t a_year_after(date_t d)
{
    int year, month, day;
    date_to_ymd(d, &year, &month, &day);
    return date_from_ymd(year + 1, month, month == 2 && day == 29 ? 28 : day);
}

static void check_season(const struct season_in *s, size_t i, struct violations *v)
{
    char p[POINTER_SIZE];
    if (s->to <= s->from) {
        violations_add(v, pointer_of(p, i, "/to"), "rule", "to is after from.");
    } else if (s->yearly && s->to > a_year_after(s->from)) {
        violations_add(v, pointer_of(p, i, "/to"), "max", "A yearly season has a year at most.");
    }
    if (has(s, MIN_NIGHTS) && has(s, MAX_NIGHTS) && s->min_nights > s->max_nights) {
        violations_add(v, pointer_of(p, i, "/min_nights"), "rule", "min_nights is at most max_nights.");
    }
    rules_check_price(v, pointer_of(p, i, "/adjust_ppm"), has(s, PRICE), has(s, ADJUST));
}

static void in_check(const void *p, struct violations *v)
{
    const struct seasons_in *in = p;
    const struct season_in *seasons = in->seasons.items;
    char at[POINTER_SIZE];
    for (size_t i = 0; i < in->seasons.count; i++) {
        check_season(&seasons[i], i, v);
        for (size_t k = 0; has(&seasons[i], ID) && k < i; k++) {
            if (has(&seasons[k], ID) && uuid_eq(&seasons[k].id, &seasons[i].id)) {
                violations_add(v, pointer_of(at, i, "/id"), "rule", "The season is there twice.");
            }
        }
    }
}

static const struct shape in_shape = { .name = "SeasonsReplace",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct seasons_in),
                                       .doc = "All seasons of a property.",
                                       .check = in_check };

static enum err property_seasons_replace_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_PRECONDITION, ERR_VALIDATION, ERR_NONE };

const struct op op_property_seasons_replace = {
    .name = "property_seasons_replace",
    .method = METHOD_PUT,
    .path = "/v1/properties/{id}/seasons",
    .tag = "Calendar",
    .summary = "Say what holds in which season",
    .doc = "By its host, or a co-host with calendar.write. Replaces all seasons. What a night says in the "
           "calendar wins "
           "over them, and they win over weekdays; but what a weekday adds to the price or takes off is laid "
           "over "
           "that of the season.",
    .perm = PERM_CALENDAR_WRITE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_CONDITIONAL | OP_ON_PROPERTY,
    .in = &in_shape,
    .out = &rules_doc_seasons_shape,
    .errors = errors,
    .exec = property_seasons_replace_exec,
};

/* An id must be one of the seasons there are: another property's would be taken away from it. */
static bool is_current(const PGresult *current, const struct uuid *id)
{
    for (int row = 0; row < PQntuples(current) && !db_is_null(current, row, 2); row++) {
        struct uuid other = db_get_uuid(current, row, 2);
        if (uuid_eq(&other, id)) {
            return true;
        }
    }
    return false;
}

static enum err check(struct request *rq, const struct seasons_in *in, const struct property_facts *property,
                      const PGresult *current)
{
    const struct season_in *seasons = in->seasons.items;
    enum err e = ERR_NONE;
    char p[POINTER_SIZE];
    for (size_t i = 0; i < in->seasons.count; i++) {
        if (has(&seasons[i], PRICE)) {
            enum err bad =
                rules_check_currency(rq, property, &seasons[i].price, pointer_of(p, i, "/price/currency"));
            e = e ? e : bad;
        }
        if (has(&seasons[i], ID) && !is_current(current, &seasons[i].id)) {
            e = fail(rq, ERR_VALIDATION, pointer_of(p, i, "/id"), "The property has no such season.");
        }
    }
    return e;
}

/* Nulls are -1 on their way: arrays have none. An adjustment of -1 millionth stays apart from that. */
#define NO_ADJUST INT32_MIN

static void add_put(struct request *rq, struct db_batch *b, const struct seasons_in *in)
{
    struct arena *a = rq->arena;
    const struct season_in *s = in->seasons.items;
    size_t n = in->seasons.count;
    struct uuid *ids = ARENA_ARRAY(a, struct uuid, n);
    struct str *names = ARENA_ARRAY(a, struct str, n);
    date_t *from = ARENA_ARRAY(a, date_t, n), *to = ARENA_ARRAY(a, date_t, n);
    int64_t *prices = ARENA_ARRAY(a, int64_t, n);
    int32_t *yearly = ARENA_ARRAY(a, int32_t, n), *adjust = ARENA_ARRAY(a, int32_t, n);
    int32_t *min = ARENA_ARRAY(a, int32_t, n), *max = ARENA_ARRAY(a, int32_t, n);
    int32_t *weekdays = ARENA_ARRAY(a, int32_t, n);
    for (size_t i = 0; i < n; i++) {
        ids[i] = has(&s[i], ID) ? s[i].id : uuid_v7();
        names[i] = s[i].name;
        from[i] = s[i].from;
        to[i] = s[i].to;
        yearly[i] = s[i].yearly;
        prices[i] = has(&s[i], PRICE) ? s[i].price.amount : -1;
        adjust[i] = has(&s[i], ADJUST) ? (int32_t)s[i].adjust_ppm : NO_ADJUST;
        min[i] = has(&s[i], MIN_NIGHTS) ? (int32_t)s[i].min_nights : -1;
        max[i] = has(&s[i], MAX_NIGHTS) ? (int32_t)s[i].max_nights : -1;
        weekdays[i] = 0;
        const int *day = s[i].arrival_weekdays.items;
        for (size_t k = 0; has(&s[i], WEEKDAYS) && k < s[i].arrival_weekdays.count; k++) {
            weekdays[i] |= 1 << (day[k] + 1);
        }
    }
    DB_ADD(b, &q_seasons_clear, db_uuid(&in->id));
    DB_ADD(b, &q_seasons_put, db_uuid(&in->id), db_uuid_array(a, ids, n), db_text_array(a, names, n),
           db_date_array(a, from, n), db_date_array(a, to, n), db_int4_array(a, yearly, n),
           db_int8_array(a, prices, n), db_int4_array(a, adjust, n), db_int4_array(a, min, n),
           db_int4_array(a, max, n), db_int4_array(a, weekdays, n));
}

static enum err property_seasons_replace_exec(struct request *rq)
{
    const struct seasons_in *in = rq->in;
    struct property_facts property;
    const PGresult *current;
    bool replayed;
    enum err e = rules_doc_lock(rq, &rules_doc_seasons, &in->id, &property, &current, &replayed);
    if (e || replayed || (e = check(rq, in, &property, current))) {
        return e;
    }
    struct db_batch *b = write_batch(rq);
    add_put(rq, b, in);
    return rules_doc_finish(rq, &rules_doc_seasons, &property, b);
}
