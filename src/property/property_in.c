/* Shapes of property_create and property_update. */
#include "property/property_in.h"

#define IN(member) offsetof(struct property_in, member)

static const struct shape_field money_fields[] = {
    { .name = "amount",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct money_in, amount),
      .min = 0,
      .max = PROPERTY_PRICE_MAX,
      .doc = "Minor units of the currency: 12.50 USD is 1250.",
      .example = "12000" },
    { .name = "currency",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct money_in, currency),
      .min = 3,
      .max = 3,
      .format = "currency",
      .doc = "ISO 4217 code.",
      .example = "\"USD\"" },
};

const struct shape money_shape = {
    .name = "MoneyInput",
    .fields = money_fields,
    .count = SHAPE_COUNT(money_fields),
    .size = sizeof(struct money_in),
    .doc = "An amount of money.",
};

static const struct shape_field location_fields[] = {
    { .name = "lat",
      .type = SHAPE_NUMBER,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct location_in, lat),
      .fmin = -90,
      .fmax = 90,
      .doc = "Latitude in degrees, north is positive.",
      .example = "42.6526" },
    { .name = "lng",
      .type = SHAPE_NUMBER,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct location_in, lng),
      .fmin = -180,
      .fmax = 180,
      .doc = "Longitude in degrees, east is positive.",
      .example = "-73.7562" },
};
static const struct shape location_shape = {
    .name = "LocationInput",
    .fields = location_fields,
    .count = SHAPE_COUNT(location_fields),
    .size = sizeof(struct location_in),
    .doc = "A point on the map (WGS 84).",
};

static const struct shape_field unit_fields[] = {
    { .name = "name",
      .type = SHAPE_STRING,
      .offset = offsetof(struct unit_in, name),
      .min = 0,
      .max = 120,
      .doc = "What the host calls it.",
      .example = "\"Room 1\"" },
};
static const struct shape unit_shape = {
    .name = "UnitInput",
    .fields = unit_fields,
    .count = SHAPE_COUNT(unit_fields),
    .size = sizeof(struct unit_in),
    .doc = "Something that is let by itself.",
};

static const char *const statuses[] = { "draft", "published", NULL };

static const struct shape_field amenity_item = { .type = SHAPE_ENUM, .values = property_amenities };
static const struct shape_field photo_item = { .type = SHAPE_STRING, .format = "uri", .min = 1, .max = 2000 };
static const struct shape_field unit_item = { .type = SHAPE_OBJECT, .sub = &unit_shape };

/* `must` flags what a new property cannot do without, `may` what null resets to its default. */
#define MEMBERS(must, may)                                                                                   \
    [P_TITLE] = { .name = "title",                                                                           \
                  .type = SHAPE_STRING,                                                                      \
                  .flags = (must),                                                                           \
                  .offset = IN(title),                                                                       \
                  .min = 1,                                                                                  \
                  .max = 200,                                                                                \
                  .doc = "Headline.",                                                                        \
                  .example = "\"Bright flat by the river\"" },                                               \
    [P_DESCRIPTION] = { .name = "description",                                                               \
                        .type = SHAPE_STRING,                                                                \
                        .flags = (may) | SHAPE_MULTILINE,                                                    \
                        .offset = IN(description),                                                           \
                        .min = 0,                                                                            \
                        .max = 20000,                                                                        \
                        .doc = "Plain text." },                                                              \
    [P_KIND] = { .name = "kind",                                                                             \
                 .type = SHAPE_ENUM,                                                                         \
                 .flags = (must),                                                                            \
                 .offset = IN(kind),                                                                         \
                 .values = property_kinds,                                                                   \
                 .doc = "Kind of building." },                                                               \
    [P_ROOM_TYPE] = { .name = "room_type",                                                                   \
                      .type = SHAPE_ENUM,                                                                    \
                      .flags = (must),                                                                       \
                      .offset = IN(room_type),                                                               \
                      .values = property_room_types,                                                         \
                      .doc = "What of it guests have for themselves." },                                     \
    [P_STATUS] = { .name = "status",                                                                         \
                   .type = SHAPE_ENUM,                                                                       \
                   .offset = IN(status),                                                                     \
                   .values = statuses,                                                                       \
                   .doc = "draft is seen by its host only; a new property is a draft unless it says "        \
                          "otherwise." },                                                                    \
    [P_ADDRESS] = { .name = "address",                                                                       \
                    .type = SHAPE_STRING,                                                                    \
                    .flags = (may) | SHAPE_MULTILINE,                                                        \
                    .offset = IN(address),                                                                   \
                    .min = 0,                                                                                \
                    .max = 500,                                                                              \
                    .doc = "Street address; only guests with a booking see it." },                           \
    [P_CITY] = { .name = "city",                                                                             \
                 .type = SHAPE_STRING,                                                                       \
                 .flags = (must),                                                                            \
                 .offset = IN(city),                                                                         \
                 .min = 1,                                                                                   \
                 .max = 120,                                                                                 \
                 .doc = "City or place.",                                                                    \
                 .example = "\"Albany\"" },                                                                  \
    [P_COUNTRY] = { .name = "country",                                                                       \
                    .type = SHAPE_STRING,                                                                    \
                    .flags = (must),                                                                         \
                    .offset = IN(country),                                                                   \
                    .min = 2,                                                                                \
                    .max = 2,                                                                                \
                    .format = "country",                                                                     \
                    .doc = "ISO 3166-1 alpha-2.",                                                            \
                    .example = "\"US\"" },                                                                   \
    [P_LOCATION] = { .name = "location",                                                                     \
                     .type = SHAPE_OBJECT,                                                                   \
                     .flags = (must),                                                                        \
                     .offset = IN(location),                                                                 \
                     .sub = &location_shape,                                                                 \
                     .doc = "Where it is shown on a map." },                                                 \
    [P_TIME_ZONE] = { .name = "time_zone",                                                                   \
                      .type = SHAPE_STRING,                                                                  \
                      .flags = (must),                                                                       \
                      .offset = IN(time_zone),                                                               \
                      .min = 1,                                                                              \
                      .max = 64,                                                                             \
                      .format = "timezone",                                                                  \
                      .doc = "IANA zone; its nights are calendar days there.",                               \
                      .example = "\"America/New_York\"" },                                                   \
    [P_CAPACITY] = { .name = "capacity",                                                                     \
                     .type = SHAPE_INT,                                                                      \
                     .flags = (must),                                                                        \
                     .offset = IN(capacity),                                                                 \
                     .min = 1,                                                                               \
                     .max = 100,                                                                             \
                     .doc = "Guests at most, per unit.",                                                     \
                     .example = "4" },                                                                       \
    [P_BEDROOMS] = { .name = "bedrooms",                                                                     \
                     .type = SHAPE_INT,                                                                      \
                     .flags = (may),                                                                         \
                     .offset = IN(bedrooms),                                                                 \
                     .min = 0,                                                                               \
                     .max = 100,                                                                             \
                     .def = "1",                                                                             \
                     .doc = "Bedrooms." },                                                                   \
    [P_BEDS] = { .name = "beds",                                                                             \
                 .type = SHAPE_INT,                                                                          \
                 .flags = (may),                                                                             \
                 .offset = IN(beds),                                                                         \
                 .min = 0,                                                                                   \
                 .max = 200,                                                                                 \
                 .def = "1",                                                                                 \
                 .doc = "Beds." },                                                                           \
    [P_BATHROOMS] = { .name = "bathrooms",                                                                   \
                      .type = SHAPE_NUMBER,                                                                  \
                      .flags = (may),                                                                        \
                      .offset = IN(bathrooms),                                                               \
                      .fmin = 0,                                                                             \
                      .fmax = 100,                                                                           \
                      .def = "1",                                                                            \
                      .doc = "Bathrooms, to one decimal." },                                                 \
    [P_AMENITIES] = { .name = "amenities",                                                                   \
                      .type = SHAPE_LIST,                                                                    \
                      .flags = (may),                                                                        \
                      .offset = IN(amenities),                                                               \
                      .min = 0,                                                                              \
                      .max = 100,                                                                            \
                      .item = &amenity_item,                                                                 \
                      .doc = "What it offers; replaces the list.",                                           \
                      .example = "[\"wifi\",\"kitchen\"]" },                                                 \
    [P_HOUSE_RULES] = { .name = "house_rules",                                                               \
                        .type = SHAPE_STRING,                                                                \
                        .flags = (may) | SHAPE_MULTILINE,                                                    \
                        .offset = IN(house_rules),                                                           \
                        .min = 0,                                                                            \
                        .max = 20000,                                                                        \
                        .doc = "Plain text." },                                                              \
    [P_PRICE] = { .name = "price",                                                                           \
                  .type = SHAPE_OBJECT,                                                                      \
                  .flags = (must),                                                                           \
                  .offset = IN(price),                                                                       \
                  .sub = &money_shape,                                                                       \
                  .doc = "A night, where the calendar says nothing else. The currency stays what it was "    \
                         "made with." },                                                                     \
    [P_MIN_NIGHTS] = { .name = "min_nights",                                                                 \
                       .type = SHAPE_INT,                                                                    \
                       .flags = (may),                                                                       \
                       .offset = IN(min_nights),                                                             \
                       .min = 1,                                                                             \
                       .max = PROPERTY_NIGHTS_MAX,                                                           \
                       .def = "1",                                                                           \
                       .doc = "Shortest stay." },                                                            \
    [P_MAX_NIGHTS] = { .name = "max_nights",                                                                 \
                       .type = SHAPE_INT,                                                                    \
                       .flags = (may),                                                                       \
                       .offset = IN(max_nights),                                                             \
                       .min = 1,                                                                             \
                       .max = PROPERTY_NIGHTS_MAX,                                                           \
                       .def = "365",                                                                         \
                       .doc = "Longest stay." },                                                             \
    [P_PHOTOS] = { .name = "photos",                                                                         \
                   .type = SHAPE_LIST,                                                                       \
                   .flags = (may),                                                                           \
                   .offset = IN(photos),                                                                     \
                   .min = 0,                                                                                 \
                   .max = 100,                                                                               \
                   .item = &photo_item,                                                                      \
                   .doc = "URLs of photos, the best first; replaces the list.",                              \
                   .example = "[\"https://example.com/1.jpg\"]" }

static const struct shape_field create_fields[] = {
    MEMBERS(SHAPE_REQUIRED, 0),
    [P_LAST] = { .name = "units",
                 .type = SHAPE_LIST,
                 .offset = IN(units),
                 .min = 1,
                 .max = 100,
                 .item = &unit_item,
                 .doc = "One unit when left out.",
                 .example = "[{\"name\":\"Room 1\"},{\"name\":\"Room 2\"}]" },
};

static const struct shape_field update_fields[] = {
    MEMBERS(0, SHAPE_NULLABLE),
    [P_LAST] = { .name = "id",
                 .type = SHAPE_UUID,
                 .in = IN_PATH,
                 .flags = SHAPE_REQUIRED,
                 .offset = IN(id),
                 .doc = "The property." },
};

static void check_new(const void *p, struct violations *v)
{
    const struct property_in *in = p;
    if (in->min_nights > in->max_nights) {
        violations_add(v, "/min_nights", "rule", "min_nights is at most max_nights.");
    }
}

const struct shape property_create_shape = {
    .name = "PropertyCreate",
    .fields = create_fields,
    .count = SHAPE_COUNT(create_fields),
    .size = sizeof(struct property_in),
    .doc = "A property to offer.",
    .check = check_new,
};

const struct shape property_update_shape = {
    .name = "PropertyUpdate",
    .fields = update_fields,
    .count = SHAPE_COUNT(update_fields),
    .size = sizeof(struct property_in),
    .doc = "Members to change; those left out stay as they are.",
};
