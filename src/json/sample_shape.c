/* The sample shape. */
#include "json/sample_shape.h"

static const struct shape_field money_fields[] = {
    { .name = "amount",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct sample_money, amount),
      .min = 0,
      .max = 1000000,
      .doc = "Minor units." },
    { .name = "currency",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct sample_money, currency),
      .format = "currency",
      .doc = "ISO 4217 code." },
};

static const struct shape money_shape = {
    "SampleMoney", money_fields, SHAPE_COUNT(money_fields), sizeof(struct sample_money), "Money.", NULL, false
};

static const char *const kinds[] = { "guest", "owner", "repair", NULL };

static const struct shape_field stay_fields[] = {
    { .name = "from",
      .type = SHAPE_DATE,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct sample_stay, from),
      .doc = "First night." },
    { .name = "to",
      .type = SHAPE_DATE,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct sample_stay, to),
      .doc = "Day of departure." },
    { .name = "kind",
      .type = SHAPE_ENUM,
      .offset = offsetof(struct sample_stay, kind),
      .values = kinds,
      .doc = "Why." },
};

static void stay_check(const void *in, struct violations *v)
{
    const struct sample_stay *stay = in;
    if (stay->to <= stay->from) {
        violations_add(v, "/to", "rule", "must be after from");
    }
}

static const struct shape stay_shape = {
    "SampleStay", stay_fields, SHAPE_COUNT(stay_fields), sizeof(struct sample_stay), "A stay.",
    stay_check,   false
};

static const char *const rooms[] = { "entire_home", "private_room", "shared_room", "hotel_room", NULL };
static const char *const amenities[] = { "wifi", "kitchen", "pool", NULL };

static const struct shape_field amenity_item = { .type = SHAPE_ENUM, .values = amenities };
static const struct shape_field tag_item = { .type = SHAPE_STRING, .min = 1, .max = 5 };
static const struct shape_field stay_item = { .type = SHAPE_OBJECT, .sub = &stay_shape };
static const struct shape_field number_item = { .type = SHAPE_INT, .min = -5, .max = 5 };
static const struct shape_field row_item = { .type = SHAPE_LIST, .item = &number_item, .min = 1, .max = 2 };

#define AT(member) .offset = offsetof(struct sample, member)

static const struct shape_field fields[] = {
    [SAMPLE_ID] = { .name = "id",
                    .type = SHAPE_UUID,
                    .in = IN_PATH,
                    .flags = SHAPE_REQUIRED,
                    AT(id),
                    .doc = "Key." },
    [SAMPLE_LIMIT] = { .name = "limit",
                       .type = SHAPE_INT,
                       .in = IN_QUERY,
                       AT(limit),
                       .min = 1,
                       .max = 100,
                       .def = "20",
                       .doc = "Rows." },
    [SAMPLE_AMENITIES] = { .name = "amenities",
                           .type = SHAPE_LIST,
                           .in = IN_QUERY,
                           .flags = SHAPE_COMMA,
                           AT(amenities),
                           .min = 0,
                           .max = 3,
                           .item = &amenity_item,
                           .doc = "All of these." },
    [SAMPLE_TAGS] = { .name = "tag",
                      .type = SHAPE_LIST,
                      .in = IN_QUERY,
                      AT(tags),
                      .min = 1,
                      .max = 2,
                      .item = &tag_item,
                      .doc = "Any of these." },
    [SAMPLE_LAT] = { .name = "lat",
                     .type = SHAPE_NUMBER,
                     .in = IN_QUERY,
                     AT(lat),
                     .fmin = -90,
                     .fmax = 90,
                     .doc = "Latitude." },
    [SAMPLE_FLEXIBLE] = { .name = "flexible",
                          .type = SHAPE_BOOL,
                          .in = IN_QUERY,
                          AT(flexible),
                          .doc = "Any day." },
    [SAMPLE_NAME] = { .name = "name",
                      .type = SHAPE_STRING,
                      .flags = SHAPE_REQUIRED,
                      AT(name),
                      .min = 2,
                      .max = 10,
                      .doc = "Name." },
    [SAMPLE_ABOUT] = { .name = "about",
                       .type = SHAPE_STRING,
                       .flags = SHAPE_MULTILINE | SHAPE_NULLABLE,
                       AT(about),
                       .min = 0,
                       .max = 2000000,
                       .doc = "Text." },
    [SAMPLE_EMAIL] = { .name = "email",
                       .type = SHAPE_STRING,
                       AT(email),
                       .format = "email",
                       .doc = "Address." },
    [SAMPLE_PASSWORD] = { .name = "password",
                          .type = SHAPE_STRING,
                          .flags = SHAPE_SECRET | SHAPE_EXACT,
                          AT(password),
                          .min = 8,
                          .max = 64,
                          .doc = "Secret." },
    [SAMPLE_PHOTO] = { .name = "photo", .type = SHAPE_STRING, AT(photo), .format = "uri", .doc = "Picture." },
    [SAMPLE_ZONE] = { .name = "zone",
                      .type = SHAPE_STRING,
                      AT(zone),
                      .format = "timezone",
                      .def = "UTC",
                      .doc = "Zone." },
    [SAMPLE_GUESTS] = { .name = "guests",
                        .type = SHAPE_INT,
                        AT(guests),
                        .min = 1,
                        .max = 16,
                        .doc = "Persons." },
    [SAMPLE_ANY] = { .name = "any", .type = SHAPE_INT, AT(any), .doc = "Without bounds." },
    [SAMPLE_RATING] = { .name = "rating",
                        .type = SHAPE_NUMBER,
                        AT(rating),
                        .fmin = 0,
                        .fmax = 5,
                        .doc = "Stars." },
    [SAMPLE_INSTANT] = { .name = "instant",
                         .type = SHAPE_BOOL,
                         AT(instant),
                         .def = "true",
                         .doc = "At once." },
    [SAMPLE_ROOM] = { .name = "room", .type = SHAPE_ENUM, AT(room), .values = rooms, .doc = "Room." },
    [SAMPLE_DAY] = { .name = "day", .type = SHAPE_DATE, .flags = SHAPE_NULLABLE, AT(day), .doc = "Day." },
    [SAMPLE_OTHER] = { .name = "other", .type = SHAPE_UUID, AT(other), .doc = "Another key." },
    [SAMPLE_PRICE] = { .name = "price",
                       .type = SHAPE_OBJECT,
                       AT(price),
                       .sub = &money_shape,
                       .doc = "Price." },
    [SAMPLE_DEPOSIT] = { .name = "deposit",
                         .type = SHAPE_OBJECT,
                         .flags = SHAPE_NULLABLE,
                         AT(deposit),
                         .sub = &money_shape,
                         .doc = "Deposit." },
    [SAMPLE_STAYS] = { .name = "stays",
                       .type = SHAPE_LIST,
                       AT(stays),
                       .min = 0,
                       .max = 3,
                       .item = &stay_item,
                       .doc = "Stays." },
    [SAMPLE_NUMBERS] = { .name = "a/b~c",
                         .type = SHAPE_LIST,
                         AT(numbers),
                         .item = &number_item,
                         .doc = "Numbers." },
    [SAMPLE_GRID] = { .name = "grid",
                      .type = SHAPE_LIST,
                      AT(grid),
                      .item = &row_item,
                      .doc = "Rows of numbers." },
};

static void sample_check(const void *in, struct violations *v)
{
    const struct sample *sample = in;
    if (SHAPE_HAS(sample, SAMPLE_PRICE) && SHAPE_HAS(sample, SAMPLE_DEPOSIT) &&
        !SHAPE_NULL(sample, SAMPLE_DEPOSIT) && sample->deposit.amount > sample->price.amount) {
        violations_add(v, "/deposit/amount", "rule", "must not be more than the price");
    }
}

const struct shape sample_shape = {
    "Sample", fields, SHAPE_COUNT(fields), sizeof(struct sample), "Everything.", sample_check, false
};
