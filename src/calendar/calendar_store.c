/* The SQL calls of the calendar, and its rows as JSON. */
#include "calendar/calendar.h"

#include "db/queries.h"
#include "http/audit.h"
#include "property/property.h"
#include "json/write.h"

/* What the answer looks like, for the documentation. */
static const struct shape_field night_fields[] = {
    { .name = "date",
      .type = SHAPE_DATE,
      .flags = SHAPE_REQUIRED,
      .doc = "The night from this day to the next." },
    { .name = "available",
      .type = SHAPE_BOOL,
      .flags = SHAPE_REQUIRED,
      .doc = "At least one unit is free, and neither is the day over nor too near or too far ahead." },
    { .name = "blocked",
      .type = SHAPE_BOOL,
      .flags = SHAPE_REQUIRED,
      .doc = "The host keeps every unit for itself." },
    { .name = "price",
      .type = SHAPE_OBJECT,
      .flags = SHAPE_REQUIRED,
      .sub = &money_shape,
      .doc = "Of this night." },
    { .name = "min_nights",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED,
      .doc = "Shortest stay that may arrive on this day." },
    { .name = "max_nights",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED,
      .doc = "Longest stay that may arrive on this day." },
    { .name = "closed_to_arrival",
      .type = SHAPE_BOOL,
      .flags = SHAPE_REQUIRED,
      .doc = "No stay arrives on this day." },
    { .name = "closed_to_departure",
      .type = SHAPE_BOOL,
      .flags = SHAPE_REQUIRED,
      .doc = "No stay ends on this day." },
    { .name = "season_id",
      .type = SHAPE_UUID,
      .flags = SHAPE_REQUIRED | SHAPE_NULLABLE,
      .doc = "Season the night is in." },
    { .name = "reason",
      .type = SHAPE_STRING,
      .doc = "Why it is blocked on some unit; only for hosts and co-hosts, and only when the host has said "
             "it." },
};
static const struct shape night_shape = {
    .name = "CalendarNight", .fields = night_fields, .count = SHAPE_COUNT(night_fields), .doc = "One night."
};
const struct shape_field calendar_night_item = { .type = SHAPE_OBJECT, .sub = &night_shape };
static const struct shape_field calendar_fields[] = {
    { .name = "data",
      .type = SHAPE_LIST,
      .flags = SHAPE_REQUIRED,
      .item = &calendar_night_item,
      .doc = "Nights in order." },
};
const struct shape calendar_shape = { .name = "Calendar",
                                      .fields = calendar_fields,
                                      .count = SHAPE_COUNT(calendar_fields),
                                      .doc = "Nights of a property." };

int calendar_add_read(struct request *rq, struct db_batch *b, const struct uuid *property, date_t from,
                      date_t to)
{
    return DB_ADD(b, &q_calendar_read, db_uuid(property), db_date(rq->arena, from), db_date(rq->arena, to),
                  db_uuid(principal_for(&rq->principal, PERM_PROPERTY_WRITE)),
                  db_bool(rq->arena, perm_has(rq->principal.perms, PERM_PROPERTY_ANY)));
}

static void write_night(struct json_writer *w, const PGresult *r, int row)
{
    json_write_object(w);
    JSON_MEMBER(w, "date", date, db_get_date(r, row, 0));
    JSON_MEMBER(w, "available", bool, db_get_bool(r, row, 1));
    JSON_MEMBER(w, "blocked", bool, db_get_bool(r, row, 2));
    json_write_key(w, STR("price"));
    json_write_object(w);
    JSON_MEMBER(w, "amount", int, db_get_int8(r, row, 3));
    JSON_MEMBER(w, "currency", str, db_get_text(r, row, 4));
    json_write_object_end(w);
    JSON_MEMBER(w, "min_nights", int, db_get_int4(r, row, 5));
    JSON_MEMBER(w, "max_nights", int, db_get_int4(r, row, 6));
    JSON_MEMBER(w, "closed_to_arrival", bool, db_get_bool(r, row, 7));
    JSON_MEMBER(w, "closed_to_departure", bool, db_get_bool(r, row, 8));
    json_write_key(w, STR("season_id"));
    if (db_is_null(r, row, 9)) {
        json_write_null(w);
    } else {
        struct uuid season = db_get_uuid(r, row, 9);
        json_write_uuid(w, &season);
    }
    if (!db_is_null(r, row, 10)) {
        JSON_MEMBER(w, "reason", str, db_get_text(r, row, 10));
    }
    json_write_object_end(w);
}

void calendar_write_nights(struct json_writer *w, const PGresult *r)
{
    json_write_key(w, STR("data"));
    json_write_array(w);
    for (int row = 0; row < PQntuples(r); row++) {
        write_night(w, r, row);
    }
    json_write_array_end(w);
}

static int32_t *column(struct arena *a, const struct night_change *nights, size_t count,
                       enum calendar_value which)
{
    int32_t *v = ARENA_ARRAY(a, int32_t, count);
    for (size_t i = 0; i < count; i++) {
        v[i] = (int32_t)nights[i].value[which];
    }
    return v;
}

void calendar_add_nights(struct request *rq, struct db_batch *b, const struct uuid *property,
                         const struct night_change *nights, size_t count)
{
    struct arena *a = rq->arena;
    date_t *days = ARENA_ARRAY(a, date_t, count);
    int64_t *prices = ARENA_ARRAY(a, int64_t, count);
    for (size_t i = 0; i < count; i++) {
        days[i] = nights[i].night;
        prices[i] = nights[i].value[CALENDAR_PRICE];
    }
#define COLUMN(which) db_int4_array(a, column(a, nights, count, which), count)
    DB_ADD(b, &q_calendar_nights_put, db_uuid(property), db_date_array(a, days, count),
           db_int8_array(a, prices, count), COLUMN(CALENDAR_MIN_NIGHTS), COLUMN(CALENDAR_MAX_NIGHTS),
           COLUMN(CALENDAR_CLOSED_TO_ARRIVAL), COLUMN(CALENDAR_CLOSED_TO_DEPARTURE));
#undef COLUMN
}

int calendar_add_blocks(struct request *rq, struct db_batch *b, const struct uuid *units,
                        const struct str *reasons, const struct block_run *runs, size_t count)
{
    struct arena *a = rq->arena;
    struct uuid *unit = ARENA_ARRAY(a, struct uuid, count);
    date_t *from = ARENA_ARRAY(a, date_t, count), *to = ARENA_ARRAY(a, date_t, count);
    int32_t *blocked = ARENA_ARRAY(a, int32_t, count), *range = ARENA_ARRAY(a, int32_t, count);
    struct str *why = ARENA_ARRAY(a, struct str, count);
    for (size_t i = 0; i < count; i++) {
        unit[i] = units[runs[i].unit];
        from[i] = runs[i].from;
        to[i] = runs[i].to;
        blocked[i] = runs[i].blocked;
        range[i] = runs[i].range;
        why[i] = reasons[runs[i].range].p ? reasons[runs[i].range] : STR("");
    }
    return DB_ADD(b, &q_calendar_blocks_put, db_uuid_array(a, unit, count), db_date_array(a, from, count),
                  db_date_array(a, to, count), db_int4_array(a, blocked, count),
                  db_int4_array(a, range, count), db_text_array(a, why, count));
}

int calendar_blocks_clash(const PGresult *r)
{
    return db_is_null(r, 0, 0) ? -1 : db_get_int4(r, 0, 0);
}

void calendar_tell(struct request *rq, struct db_batch *b, const struct property_facts *property,
                   const struct audit_text *after, size_t n)
{
    if (!uuid_eq(&property->host, &rq->principal.user) || !uuid_is_nil(&rq->principal.actor)) {
        audit_add(rq, b, AUDIT_CALENDAR_UPDATE, &property->id, NULL, audit_texts(rq->arena, after, n));
    }
}
