/* GET /v1/properties: search among the published properties. */
#include "pricing/quote.h"
#include "pricing/search_price.h"
#include "property/property.h"
#include "property/search_rules.h"
#include "query/plan.h"

#include <limits.h>

#define US_PER_DAY 86400000000

struct property_list_in {
    struct shape_seen seen;
    struct shape_list bbox, near; /* of double */
    double radius;
    date_t check_in, check_out;
    int64_t guests, children, infants;
    struct shape_list child_ages;                 /* of int64_t */
    struct shape_list room_type, kind, amenities; /* of int */
    struct str q;
};

enum {
    BBOX,
    NEAR,
    RADIUS,
    CHECK_IN,
    CHECK_OUT,
    GUESTS,
    CHILDREN,
    INFANTS,
    CHILD_AGES,
    ROOM_TYPE,
    KIND,
    AMENITIES,
    Q
};
#define IN(member) offsetof(struct property_list_in, member)

static const struct shape_field degrees = { .type = SHAPE_NUMBER, .fmin = -180, .fmax = 180 };
static const struct shape_field room_type = { .type = SHAPE_ENUM, .values = property_room_types };
static const struct shape_field kind = { .type = SHAPE_ENUM, .values = property_kinds };
static const struct shape_field amenity = { .type = SHAPE_ENUM, .values = property_amenities };

static const struct shape_field in_fields[] = {
    [BBOX] = { .name = "bbox",
               .type = SHAPE_LIST,
               .in = IN_QUERY,
               .flags = SHAPE_COMMA,
               .offset = IN(bbox),
               .min = 4,
               .max = 4,
               .item = &degrees,
               .doc = "Map section: west,south,east,north in degrees. West greater than east crosses the "
                      "antimeridian.",
               .example = "[-73.9,42.6,-73.7,42.7]" },
    [NEAR] = { .name = "near",
               .type = SHAPE_LIST,
               .in = IN_QUERY,
               .flags = SHAPE_COMMA,
               .offset = IN(near),
               .min = 2,
               .max = 2,
               .item = &degrees,
               .doc = "Latitude,longitude in degrees; needs radius. Hits carry distance.",
               .example = "[42.65,-73.75]" },
    [RADIUS] = { .name = "radius",
                 .type = SHAPE_NUMBER,
                 .in = IN_QUERY,
                 .offset = IN(radius),
                 .fmin = 0.05,
                 .fmax = 500,
                 .doc = "Kilometres around near.",
                 .example = "5" },
    [CHECK_IN] = { .name = "check_in",
                   .type = SHAPE_DATE,
                   .in = IN_QUERY,
                   .offset = IN(check_in),
                   .doc = "First night. With check_out: only what can be booked for that stay; hits carry "
                          "total." },
    [CHECK_OUT] = { .name = "check_out",
                    .example = "\"2027-05-04\"",
                    .type = SHAPE_DATE,
                    .in = IN_QUERY,
                    .offset = IN(check_out),
                    .doc = "Day of departure." },
    [GUESTS] = { .name = "guests",
                 .type = SHAPE_INT,
                 .in = IN_QUERY,
                 .offset = IN(guests),
                 .min = 1,
                 .max = 100,
                 .doc = "Only what takes so many, adults and children together." },
    [CHILDREN] = { .name = "children",
                   .type = SHAPE_INT,
                   .in = IN_QUERY,
                   .offset = IN(children),
                   .min = 0,
                   .max = 99,
                   .def = "0",
                   .doc = "Those of the guests who are 2 to 17 years old; for total." },
    [INFANTS] = { .name = "infants",
                  .type = SHAPE_INT,
                  .in = IN_QUERY,
                  .offset = IN(infants),
                  .min = 0,
                  .max = 20,
                  .def = "0",
                  .doc = "Children under 2, who are no guests; for total." },
    [CHILD_AGES] = { .name = "child_ages",
                     .type = SHAPE_LIST,
                     .in = IN_QUERY,
                     .flags = SHAPE_COMMA,
                     .offset = IN(child_ages),
                     .min = 1,
                     .max = 99,
                     .item = &quote_child_age,
                     .doc = "The age of each child on the day of arrival; without it they count as 17." },
    [ROOM_TYPE] = { .name = "room_type",
                    .type = SHAPE_LIST,
                    .in = IN_QUERY,
                    .flags = SHAPE_COMMA,
                    .offset = IN(room_type),
                    .min = 1,
                    .max = 4,
                    .item = &room_type,
                    .doc = "Any of these room types." },
    [KIND] = { .name = "kind",
               .type = SHAPE_LIST,
               .in = IN_QUERY,
               .flags = SHAPE_COMMA,
               .offset = IN(kind),
               .min = 1,
               .max = 14,
               .item = &kind,
               .doc = "Any of these kinds." },
    [AMENITIES] = { .name = "amenities",
                    .type = SHAPE_LIST,
                    .in = IN_QUERY,
                    .flags = SHAPE_COMMA,
                    .offset = IN(amenities),
                    .min = 1,
                    .max = 20,
                    .item = &amenity,
                    .doc = "All of these amenities." },
    [Q] = { .name = "q",
            .type = SHAPE_STRING,
            .in = IN_QUERY,
            .offset = IN(q),
            .min = 1,
            .max = 200,
            .doc =
                "Words in title, city or description; \"quoted phrases\", or, and -not are understood. "
                "Without a "
                "small area, words that more than 10,000 properties have are looked for in 10,000 of them." },
};

static void check_area(const struct property_list_in *in, struct violations *v)
{
    if (SHAPE_HAS(in, BBOX) && SHAPE_HAS(in, NEAR)) {
        violations_add(v, "/near", "rule", "Give bbox or near, not both.");
    }
    if (SHAPE_HAS(in, NEAR) != SHAPE_HAS(in, RADIUS)) {
        violations_add(v, SHAPE_HAS(in, NEAR) ? "/radius" : "/near", "required",
                       "near and radius go together.");
    }
    const double *box = in->bbox.items, *near = in->near.items;
    if (SHAPE_HAS(in, BBOX) && (box[1] < -90 || box[3] > 90 || box[1] > box[3])) {
        violations_add(v, "/bbox", "rule",
                       "The order is west,south,east,north with -90 <= south <= north <= 90.");
    }
    if (SHAPE_HAS(in, NEAR) && (near[0] < -90 || near[0] > 90)) {
        violations_add(v, "/near", "rule", "The latitude comes first and is within -90..90.");
    }
}

static int guests_of(const struct property_list_in *in)
{
    return SHAPE_HAS(in, GUESTS) ? (int)in->guests : 1;
}

static void check_guests(const struct property_list_in *in, struct violations *v)
{
    if (in->children >= guests_of(in)) {
        violations_add(v, "/children", "rule", "At least one of the guests is an adult.");
    }
    if (SHAPE_HAS(in, CHILD_AGES) && (int64_t)in->child_ages.count != in->children) {
        violations_add(v, "/child_ages", "rule", "One age for each child.");
    }
}

static void in_check(const void *p, struct violations *v)
{
    const struct property_list_in *in = p;
    check_area(in, v);
    check_guests(in, v);
    if (SHAPE_HAS(in, CHECK_IN) != SHAPE_HAS(in, CHECK_OUT)) {
        violations_add(v, SHAPE_HAS(in, CHECK_IN) ? "/check_out" : "/check_in", "required",
                       "check_in and check_out go together.");
    } else if (SHAPE_HAS(in, CHECK_IN) && in->check_out <= in->check_in) {
        violations_add(v, "/check_out", "rule", "check_out is after check_in.");
    } else if (in->check_out - in->check_in > PROPERTY_NIGHTS_MAX) {
        violations_add(v, "/check_out", "max", "A stay has at most %d nights.", PROPERTY_NIGHTS_MAX);
    }
}

static const struct shape in_shape = {
    .name = "PropertySearch",
    .fields = in_fields,
    .count = SHAPE_COUNT(in_fields),
    .size = sizeof(struct property_list_in),
    .doc = "What to search for.",
    .check = in_check,
};

static enum err property_list_prepare(struct request *rq, struct selection *sel);

const struct op op_property_list = {
    .name = "property_list",
    .method = METHOD_GET,
    .path = "/v1/properties",
    .tag = "Properties",
    .summary = "Search properties",
    .doc = "Published properties in a map section or around a point, free for the given dates, with the "
           "exact total of "
           "the stay. Prices and totals are compared as numbers, whatever their currency.",
    .perm = PERM_PUBLIC,
    .rate = RATE_SEARCH,
    .flags = OP_LIST,
    .in = &in_shape,
    .entity = &entity_property,
    .prepare = property_list_prepare,
    .exec = read_exec,
};

/* ---- conditions: constant texts, everything from the client is a parameter */

/*
 * The indexes that order properties hold only rows that also say review_count >= 0, which is all of them. A
 * search in a small area does not say it, and so cannot be tempted to walk such an index over the whole world
 * until it has met a page of hits: how many hits an area has is beyond PostgreSQL's statistics.
 */
static const char is_published[] = " and {t}.published";
static const char is_published_in_order[] = " and {t}.published and {t}.review_count >= 0";

static const char in_box[] = " and {t}.location <@ box(point($1,$2),point($3,$4))";
static const char in_boxes[] = " and ({t}.location <@ box(point($1,$2),point($3,$4))"
                               " or {t}.location <@ box(point($5,$6),point($7,$8)))";
/*
 * The same without the index. PostgreSQL takes a pair of bounds it knows nothing of for one row in 200 and
 * would rather read all rows than walk an order for so few; of a CASE it thinks that every second row passes.
 */
static const char in_wide_box[] = " and case when {t}.location[0] between $1 and $3 and {t}.location[1] "
                                  "between $2 and $4 then true else false end";
static const char in_wide_boxes[] =
    " and case when ({t}.location[0] between $1 and $3 or {t}.location[0] between $5 and $7)"
    " and {t}.location[1] between $2 and $4 and {t}.location[1] between $6 and $8 then true else false end";

#define DISTANCE                                                                                             \
    "(2 * 6371.0088 * asin(least(1, sqrt(sin(radians({t}.location[1] - $1) / 2) ^ 2"                         \
    " + cos(radians($1)) * cos(radians({t}.location[1])) * sin(radians({t}.location[0] - $2) / 2) ^ 2))))"

/* `busy` decides alone for a single unit; with several it is only necessary, see below. */
static const char is_free[] =
    " and {t}.unit_count > 0 and not ({t}.busy && daterange($1,$2 + {t}.preparation_nights))"
    " and ({t}.ruled or {t}.max_nights >= $2 - $1)";

/*
 * With several units each may be taken on another night, so the inventory itself is asked. OFFSET 0 keeps
 * PostgreSQL from making a hash table of all units instead.
 */
static const char has_free_unit[] =
    " and ({t}.unit_count = 1 or exists (select from units fu where fu.property_id = {t}.property_id"
    " and not exists (select from occupancy fo where fo.unit_id = fu.id"
    " and fo.nights && daterange($1,$2 + {t}.preparation_nights)) offset 0))";

/* The calendar may want longer stays of those who arrive on this day, or shorter ones; and of properties with
 * seasons, weekdays or other rules the function that knows them all is asked. */
static const char is_offered[] =
    " and case when {t}.ruled then stay_offered({t}.property_id, $1, $2)"
    " else coalesce((select mn.min_nights from calendar_nights mn"
    " where mn.property_id = {t}.property_id and mn.night = $1), {t}.min_nights) <= $2 - $1 end";

/* Only asked when the day may be over somewhere. */
static const char is_to_come[] = " and $1 >= (nexus_now() at time zone {t}p.time_zone)::date";

#define STAY_NIGHTS                                                                                          \
    "(case when {t}.ruled then stay_nights_price({t}.property_id, $1, $2)"                                   \
    " else {t}.price * ($2 - $1) + coalesce((select sum(tn.price - {t}.price) from calendar_nights tn"       \
    " where tn.property_id = {t}.property_id and tn.night >= $1 and tn.night < $2 and tn.price is not "      \
    "null), 0) end)::int8"

/* Chosen and sorted is by the price of the nights, which the database can tell; of the hits that are shown C
 * makes the price the guest pays, of the nights or, where the host has said more, of what search_price.h
 * wants. */
static const char stay_total[] = STAY_NIGHTS;
static const char stay_basis[] = STAY_NIGHTS "::text" SEARCH_PRICE_BASIS;

static const char has_amenities[] =
    " and {t}.amenity_ids @> array(select am.id from amenities am where am.slug = any($1))";

#define WORDS_MATCH                                                                                          \
    "to_tsvector('simple', wp.title || ' ' || wp.city || ' ' || wp.description)"                             \
    " @@ websearch_to_tsquery('simple', $1)"

/* In a small area the words of the sorted candidates are looked at until the page is full. */
static const char has_words_here[] =
    " and (select " WORDS_MATCH " from properties wp where wp.id = {t}.property_id)";

/* Elsewhere the index of words comes first. The limit bounds what a word that is everywhere can cost. */
static const char has_words[] =
    " and {t}.property_id in (select wp.id from properties wp where " WORDS_MATCH " limit 10000)";

static struct db_param *params_of_area(struct arena *a, const struct search_area *area)
{
    struct db_param *p = ARENA_ARRAY(a, struct db_param, area->count * 4);
    for (size_t i = 0; i < area->count; i++) {
        p[4 * i] = db_float8(a, area->box[i].west);
        p[4 * i + 1] = db_float8(a, area->box[i].south);
        p[4 * i + 2] = db_float8(a, area->box[i].east);
        p[4 * i + 3] = db_float8(a, area->box[i].north);
    }
    return p;
}

static void where_area(struct arena *a, struct selection *sel, const struct search_area *area)
{
    static const char *const texts[2][SEARCH_AREA_MAX] = { { in_box, in_boxes },
                                                           { in_wide_box, in_wide_boxes } };
    bool wide = search_area_is_wide(area);
    selection_where(sel, texts[wide][area->count - 1], params_of_area(a, area), (int)area->count * 4);
}

static struct search_area area_of(const struct property_list_in *in)
{
    const double *box = in->bbox.items, *near = in->near.items;
    return SHAPE_HAS(in, BBOX) ? search_area_of_box(box[0], box[1], box[2], box[3])
                               : search_area_around(near[0], near[1], in->radius);
}

static void where_near(struct arena *a, struct selection *sel, const struct property_list_in *in)
{
    const double *near = in->near.items;
    struct db_param *p = ARENA_ARRAY(a, struct db_param, 3);
    p[0] = db_float8(a, near[0]);
    p[1] = db_float8(a, near[1]);
    p[2] = db_float8(a, in->radius);
    selection_where(sel, " and " DISTANCE " <= $3", p, 3);
    selection_compute(sel, "distance", DISTANCE, p, 2);
}

/* Zones reach from -12:00 to +14:00: somewhere it may still be the day before, or already the day after. */
static date_t utc_date(const struct request *rq)
{
    return (date_t)(rq->now_us / US_PER_DAY);
}

static struct price_visitors party_of(struct request *rq)
{
    const struct property_list_in *in = rq->in;
    return (struct price_visitors){ guests_of(in) - (int)in->children, (int)in->children, (int)in->infants,
                                    quote_child_ages(rq->arena, &in->child_ages) };
}

static void show_total(struct request *rq, struct json_writer *w, struct str basis, struct str currency)
{
    struct price_visitors guests = party_of(rq);
    search_price_total(rq, w, basis, &guests, currency);
}

static void show_parts(struct request *rq, struct json_writer *w, struct str basis, struct str currency)
{
    (void)currency;
    struct price_visitors guests = party_of(rq);
    search_price_parts(rq, w, basis, &guests);
}

static void where_stay(struct request *rq, struct selection *sel, const struct property_list_in *in)
{
    struct db_param *p = ARENA_ARRAY(rq->arena, struct db_param, 2);
    p[0] = db_date(rq->arena, in->check_in);
    p[1] = db_date(rq->arena, in->check_out);
    selection_where(sel, is_free, p, 2);
    selection_where_late(sel, is_offered, p, 2);
    selection_where_late(sel, has_free_unit, p, 2);
    selection_compute_shown(sel, "total", stay_total, stay_basis, p, 2, show_total);
    selection_compute_shown(sel, "total_parts", "null::jsonb", stay_basis, p, 2, show_parts);
    /* In a sandbox the database alone knows what day it is. */
    if (in->check_in <= utc_date(rq) + 1 || rq->options->sandbox) {
        selection_where(sel, is_to_come, p, 1);
    }
}

static void where_words(struct arena *a, struct selection *sel, const char *sql,
                        const struct shape_list *list, const char *const *values)
{
    const int *index = list->items;
    struct str *words = ARENA_ARRAY(a, struct str, list->count);
    for (size_t i = 0; i < list->count; i++) {
        words[i] = str_from(values[index[i]]);
    }
    struct db_param *p = ARENA_NEW(a, struct db_param);
    *p = db_text_array(a, words, list->count);
    selection_where(sel, sql, p, 1);
}

static void where_one(struct arena *a, struct selection *sel, const char *sql, struct db_param value)
{
    struct db_param *p = ARENA_NEW(a, struct db_param);
    *p = value;
    selection_where(sel, sql, p, 1);
}

/* What is computed per hit can only order hits that are few, so it needs an area that can be looked up. */
static enum err check_sense(struct request *rq, const struct selection *sel,
                            const struct property_list_in *in, bool narrow)
{
    if (SHAPE_HAS(in, CHECK_IN) && in->check_in < utc_date(rq) - 1 && !rq->options->sandbox) {
        return fail(rq, ERR_BAD_PARAMETER, "/check_in", "The day is over everywhere.");
    }
    if (selection_uses(sel, "total") && !SHAPE_HAS(in, CHECK_IN)) {
        return fail(rq, ERR_BAD_PARAMETER, "/check_in", "total needs check_in and check_out.");
    }
    if (selection_uses(sel, "distance") && !SHAPE_HAS(in, NEAR)) {
        return fail(rq, ERR_BAD_PARAMETER, "/near", "distance needs near and radius.");
    }
    if ((selection_uses(sel, "total") || selection_uses(sel, "distance")) && !narrow) {
        return fail(rq, ERR_BAD_PARAMETER, "/bbox",
                    "Ordering or choosing by total or distance needs an area of at most %.0f square degrees.",
                    SEARCH_WIDE);
    }
    return ERR_NONE;
}

static bool where_place(struct request *rq, struct selection *sel, const struct property_list_in *in)
{
    if (!SHAPE_HAS(in, BBOX) && !SHAPE_HAS(in, NEAR)) {
        return false;
    }
    struct search_area area = area_of(in);
    where_area(rq->arena, sel, &area);
    if (SHAPE_HAS(in, NEAR)) {
        where_near(rq->arena, sel, in);
    }
    return !search_area_is_wide(&area);
}

static void where_kind_of_place(struct arena *a, struct selection *sel, const struct property_list_in *in)
{
    if (SHAPE_HAS(in, GUESTS)) {
        where_one(a, sel, " and {t}.capacity >= $1", db_int4(a, (int32_t)in->guests));
    }
    if (SHAPE_HAS(in, ROOM_TYPE)) {
        where_words(a, sel, " and {t}.room_type = any($1)", &in->room_type, property_room_types);
    }
    if (SHAPE_HAS(in, KIND)) {
        where_words(a, sel, " and {t}p.kind = any($1)", &in->kind, property_kinds);
    }
    if (SHAPE_HAS(in, AMENITIES)) {
        where_words(a, sel, has_amenities, &in->amenities, property_amenities);
    }
}

static void where_said(struct arena *a, struct selection *sel, struct str words, bool narrow)
{
    struct db_param *p = ARENA_NEW(a, struct db_param);
    *p = db_text(words);
    if (narrow) {
        selection_where_late(sel, has_words_here, p, 1);
    } else {
        selection_where(sel, has_words, p, 1);
    }
}

static enum err property_list_prepare(struct request *rq, struct selection *sel)
{
    const struct property_list_in *in = rq->in;
    bool narrow = where_place(rq, sel, in);
    /* Words that are rare would make a walk along an order as long as in a small area. */
    selection_where(sel, narrow || SHAPE_HAS(in, Q) ? is_published : is_published_in_order, NULL, 0);
    if (SHAPE_HAS(in, CHECK_IN)) {
        where_stay(rq, sel, in);
    }
    where_kind_of_place(rq->arena, sel, in);
    if (SHAPE_HAS(in, Q)) {
        where_said(rq->arena, sel, in->q, narrow);
    }
    return check_sense(rq, sel, in, narrow);
}
