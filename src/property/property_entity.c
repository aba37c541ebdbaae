/* The property and its units as they are read. */
#include "property/property.h"

#include "account/account.h"
#include "pricing/search_price.h"
#include "query/plan.h"
#include "review/review.h"

const char *const property_statuses[] = { "draft", "published", "removed", NULL };

const char *const property_kinds[] = { "apartment", "house",     "guesthouse", "villa", "cabin",
                                       "loft",      "townhouse", "bungalow",   "hotel", "hostel",
                                       "boat",      "farm",      "tiny_house", "other", NULL };

const char *const property_room_types[] = { "entire_home", "private_room", "shared_room", "hotel_room",
                                            NULL };

const char *const property_amenities[] = {
#define AMENITY(slug) slug,
#include "property/amenities.def"
#undef AMENITY
    NULL
};

static const struct personal host_link = { "Shows who offers the property.", "while the property exists",
                                           "kept; the account behind it is made anonymous" };
static const struct personal host_address = { "Lets guests find the property.", "while the property exists",
                                              "emptied when the host's account is erased" };
static const struct personal host_text = { "Describes the property in the host's own words.",
                                           "while the property exists",
                                           "emptied when the host's account is erased" };

/*
 * {t} is the property's row in property_search, {t}p that in properties. Whatever lists choose, sort or page
 * by is in the former, so that filter, order and cursor are one index condition and a search looks at nothing
 * else; the rest is read for the rows of the page.
 */
static const struct field fields[] = {
    { "id", FIELD_UUID, "{t}.property_id", NULL, 0, NULL, PERM_PUBLIC, NULL, "Identifies the property." },
    { "host_id", FIELD_UUID, "{t}p.host_id", NULL, 0, NULL, PERM_PUBLIC, &host_link,
      "Account that offers it." },
    { "status", FIELD_ENUM, "{t}p.status", NULL, 0, property_statuses, PERM_PUBLIC, NULL,
      "draft: only its host sees it; published: everyone; removed: only those who had a booking in it." },
    { "title", FIELD_TEXT, "{t}p.title", NULL, 0, NULL, PERM_PUBLIC, &host_text, "Headline." },
    { "description", FIELD_TEXT, "{t}p.description", NULL, 0, NULL, PERM_PUBLIC, &host_text,
      "Plain text, may have several lines." },
    { "kind", FIELD_ENUM, "{t}p.kind", NULL, 0, property_kinds, PERM_PUBLIC, NULL, "Kind of building." },
    { "room_type", FIELD_ENUM, "{t}p.room_type", NULL, 0, property_room_types, PERM_PUBLIC, NULL,
      "What of it guests have for themselves." },
    { "address", FIELD_TEXT, "{t}p.address", NULL, FIELD_COMPUTED | FIELD_NULLABLE, NULL, PERM_PUBLIC,
      &host_address,
      "Street address. Only its host and guests with a confirmed booking see it; null for others. Not in "
      "lists." },
    { "city", FIELD_TEXT, "{t}p.city", NULL, 0, NULL, PERM_PUBLIC, NULL, "City or place." },
    { "country", FIELD_TEXT, "{t}p.country", NULL, 0, NULL, PERM_PUBLIC, NULL, "ISO 3166-1 alpha-2." },
    { "location", FIELD_POINT, "{t}.location", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Where it is shown on a map (WGS 84). Hosts who do not want to show the door give a point near by." },
    { "time_zone", FIELD_TEXT, "{t}p.time_zone", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "IANA zone. Its dates are calendar days there." },
    { "capacity", FIELD_INT, "{t}.capacity", NULL, FIELD_FILTER, NULL, PERM_PUBLIC, NULL,
      "Guests at most, per unit." },
    { "bedrooms", FIELD_INT, "{t}.bedrooms", NULL, FIELD_FILTER, NULL, PERM_PUBLIC, NULL, "Bedrooms." },
    { "beds", FIELD_INT, "{t}p.beds", NULL, 0, NULL, PERM_PUBLIC, NULL, "Beds." },
    { "bathrooms", FIELD_NUMBER, "{t}p.bathrooms::float8", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Bathrooms; a half is one without shower or bath." },
    { "amenities", FIELD_WORDS, "{t}.amenity_ids", NULL, 0, property_amenities, PERM_PUBLIC, NULL,
      "What it offers, by name." },
    { "house_rules", FIELD_TEXT, "{t}p.house_rules", NULL, 0, NULL, PERM_PUBLIC, &host_text,
      "Plain text, may have several lines." },
    { "price", FIELD_MONEY, "{t}.price", "{t}.currency", FIELD_FILTER | FIELD_SORT, NULL, PERM_PUBLIC, NULL,
      "A night, where the calendar says nothing else." },
    { "min_nights", FIELD_INT, "{t}.min_nights", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Shortest stay, where the calendar says nothing else for the day of arrival." },
    { "max_nights", FIELD_INT, "{t}.max_nights", NULL, 0, NULL, PERM_PUBLIC, NULL, "Longest stay." },
    { "photos", FIELD_TEXTS,
      "array(select ph.url from property_photos ph where ph.property_id = {t}.property_id order by "
      "ph.position)",
      NULL, 0, NULL, PERM_PUBLIC, &host_text, "URLs of photos, the best first." },
    { "rating", FIELD_NUMBER, "{t}.rating", NULL, FIELD_FILTER | FIELD_SORT, NULL, PERM_PUBLIC, NULL,
      "Average of its reviews, 1 to 5; 0 when there is none." },
    { "review_count", FIELD_INT, "{t}.review_count", NULL, FIELD_FILTER, NULL, PERM_PUBLIC, NULL,
      "Reviews." },
    { "total", FIELD_MONEY, "{t}.price", "{t}.currency", FIELD_COMPUTED | FIELD_FILTER | FIELD_SORT, NULL,
      PERM_PUBLIC, NULL,
      "What a quote for the stay and guests searched for (one adult when none are named) comes to, fees "
      "and taxes "
      "included; filters and order go by its nights alone. Only in searches with dates." },
    { "total_parts", FIELD_JSON, "null::jsonb", NULL, FIELD_COMPUTED | FIELD_HIDDEN, NULL, PERM_PUBLIC, NULL,
      "What total contains, in minor units of its currency." },
    { "distance", FIELD_NUMBER, "0::float8", NULL, FIELD_COMPUTED | FIELD_SORT, NULL, PERM_PUBLIC, NULL,
      "Kilometres from the point searched near, along the surface of the earth; only in searches with "
      "near." },
    { "created_at", FIELD_TIME, "{t}.created_at", NULL, FIELD_SORT, NULL, PERM_PUBLIC, NULL,
      "When it was made." },
    { "updated_at", FIELD_TIME, "{t}p.updated_at", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "When it was last changed." },
};

static const struct edge edges[] = {
    { "host", EDGE_ONE, &entity_user_public, "{t}.id = {p}p.host_id", NULL, 0, false, "Who offers it." },
    { "units", EDGE_MANY, &entity_unit, "{t}.property_id = {p}.property_id", "{t}.position, {t}.id", 100,
      false, "What is let: one unit for a flat, several for a house with alike rooms." },
    { "reviews", EDGE_MANY, &entity_review, "{t}.property_id = {p}.property_id",
      "{t}.created_at desc, {t}.id desc", 10, false, "The latest reviews." },
};

void property_plan_granted(struct plan_builder *b, const struct principal *who, const char *property,
                           enum perm perm)
{
    const struct uuid *user = perm == PERM_PUBLIC ? principal_for(who, PERM_PROPERTY_WRITE) : &who->user;
    int me = plan_param(b, db_uuid(user));
    const char *role = perm_has(who->perms, perm) ? "*," : "";
    if (perm == PERM_PUBLIC) {
        plan_sql(b, "exists (select from property_grants pg where pg.property_id = %s and pg.user_id = $%d)",
                 property, me);
    } else if (perm_has(who->ceiling, perm)) {
        plan_sql(b,
                 "exists (select from property_grants pg where pg.property_id = %s and pg.user_id = $%d"
                 " and pg.permissions && '{%s%s}'::text[])",
                 property, me, role, perm_name(perm));
    } else {
        plan_sql(b, "$%d::uuid is null", me);
    }
}

/* A published property passes without a look at who asks. */
static void property_scope(struct plan_builder *b, const struct principal *who, const char *alias)
{
    if (perm_has(who->perms, PERM_PROPERTY_ANY)) {
        return;
    }
    if (!who->known) {
        plan_sql(b, " and %s.published", alias);
        return;
    }
    int me = plan_param(b, db_uuid(principal_for(who, PERM_PROPERTY_WRITE)));
    int guest = plan_param(b, db_uuid(principal_for(who, PERM_BOOKING_READ)));
    plan_sql(b, " and (%s.published or property_shown(%s.property_id, $%d, $%d))", alias, alias, me, guest);
}

void property_select_address(struct request *rq, struct selection *sel)
{
    if (!rq->principal.known) {
        selection_compute(sel, "address", "null::text", NULL, 0);
        return;
    }
    if (perm_has(rq->principal.perms, PERM_PROPERTY_ANY)) {
        selection_compute(sel, "address", "{t}p.address", NULL, 0);
        return;
    }
    struct db_param *me = ARENA_ARRAY(rq->arena, struct db_param, 2);
    me[0] = db_uuid(principal_for(&rq->principal, PERM_PROPERTY_WRITE));
    me[1] = db_uuid(principal_for(&rq->principal, PERM_BOOKING_READ));
    /* Any grant will do, so its tables are asked themselves: every read with a token pays for this. */
    selection_compute(
        sel, "address",
        "case when {t}p.host_id = $1 or exists (select from property_members am where am.property_id = "
        "{t}.property_id and am.user_id = $1) or exists (select from bookings ab where ab.property_id = "
        "{t}.property_id and ab.guest_id = $2 and ab.status <> 'cancelled') then {t}p.address end",
        me, 2);
}

static const struct field_json property_json[] = { { "total_parts", &search_price_parts_field },
                                                   { NULL, NULL } };

const struct entity entity_property = {
    .name = "property",
    .type = "Property",
    .plural = "properties",
    .table = "property_search",
    .key = "id",
    .version = "{t}p.version",
    .from = "left join properties {t}p on {t}p.id = {t}.property_id",
    .page_first = true,
    .fields = fields,
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .edges = edges,
    .edge_count = sizeof(edges) / sizeof(edges[0]),
    .json = property_json,
    .default_sort = "-created_at",
    .scope = property_scope,
    .open = "{t}.published",
    .doc = "A place that can be booked by the night.",
};

static const struct field unit_fields[] = {
    { "id", FIELD_UUID, "{t}.id", NULL, 0, NULL, PERM_PUBLIC, NULL, "Identifies the unit." },
    { "property_id", FIELD_UUID, "{t}.property_id", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Property it is part of." },
    { "position", FIELD_INT, "{t}.position", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Order in which units are given to guests." },
    { "name", FIELD_TEXT, "{t}.name", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "What the host calls it; may be empty." },
};

/* Only reached from what was seen already: a property or a booking. */
const struct entity entity_unit = {
    .name = "unit",
    .type = "Unit",
    .plural = "units",
    .table = "units",
    .key = "id",
    .fields = unit_fields,
    .field_count = sizeof(unit_fields) / sizeof(unit_fields[0]),
    .default_sort = "id",
    .doc = "What one booking takes: a flat, or one of several alike rooms.",
};
