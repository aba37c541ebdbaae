/* Preferences: what they may be, what a change of them says. */
#include "account/preferences.h"

#include "json/write.h"

#include <stddef.h>

#define PATCH_MAX 1024

enum { P_CURRENCY, P_LANGUAGE, P_TIME_ZONE, P_UNITS, P_MARKETING_MAILS };

static const char *const units[] = { "metric", "imperial", NULL };

#define MEMBERS(extra)                                                                                       \
    [P_CURRENCY] = { .name = "currency",                                                                     \
                     .type = SHAPE_STRING,                                                                   \
                     .flags = SHAPE_NULLABLE | (extra),                                                      \
                     .offset = offsetof(struct preferences_in, currency),                                    \
                     .min = 3,                                                                               \
                     .max = 3,                                                                               \
                     .format = "currency",                                                                   \
                     .doc = "Currency prices are shown in, ISO 4217.",                                       \
                     .example = "\"EUR\"" },                                                                 \
    [P_LANGUAGE] = { .name = "language",                                                                     \
                     .type = SHAPE_STRING,                                                                   \
                     .flags = SHAPE_NULLABLE | (extra),                                                      \
                     .offset = offsetof(struct preferences_in, language),                                    \
                     .min = 2,                                                                               \
                     .max = 35,                                                                              \
                     .format = "language",                                                                   \
                     .doc = "Language of pages and mails, BCP 47.",                                          \
                     .example = "\"de-CH\"" },                                                               \
    [P_TIME_ZONE] = { .name = "time_zone",                                                                   \
                      .type = SHAPE_STRING,                                                                  \
                      .flags = SHAPE_NULLABLE | (extra),                                                     \
                      .offset = offsetof(struct preferences_in, time_zone),                                  \
                      .min = 1,                                                                              \
                      .max = 64,                                                                             \
                      .format = "timezone",                                                                  \
                      .doc = "Zone instants are shown in, IANA name.",                                       \
                      .example = "\"Europe/Zurich\"" },                                                      \
    [P_UNITS] = { .name = "units",                                                                           \
                  .type = SHAPE_ENUM,                                                                        \
                  .flags = SHAPE_NULLABLE | (extra),                                                         \
                  .offset = offsetof(struct preferences_in, units),                                          \
                  .values = units,                                                                           \
                  .doc = "Units distances are shown in.",                                                    \
                  .example = "\"metric\"" },                                                                 \
    [P_MARKETING_MAILS] = { .name = "marketing_mails",                                                       \
                            .type = SHAPE_BOOL,                                                              \
                            .flags = (extra),                                                                \
                            .offset = offsetof(struct preferences_in, marketing_mails),                      \
                            .doc = "Whether mails that are not about one's own bookings are wanted.",        \
                            .example = "false" }

static const struct shape_field in_fields[] = { MEMBERS(0) };
const struct shape preferences_in_shape = {
    .name = "PreferencesInput",
    .fields = in_fields,
    .count = SHAPE_COUNT(in_fields),
    .size = sizeof(struct preferences_in),
    .doc = "Preferences to change; members left out stay as they are, null takes them away.",
};

static const struct shape_field out_fields[] = { MEMBERS(SHAPE_REQUIRED) };
static const struct shape out_shape = {
    .name = "Preferences",
    .fields = out_fields,
    .count = SHAPE_COUNT(out_fields),
    .size = sizeof(struct preferences_in),
    .doc = "Preferences; null where none is set.",
};
static const struct shape_field out_field = {
    .name = "preferences", .type = SHAPE_OBJECT, .sub = &out_shape, .doc = "How things are shown."
};
const struct field_json account_json[] = { { "preferences", &out_field }, { NULL, NULL } };

#define NONE                                                                                                 \
    "{\"currency\":null,\"language\":null,\"time_zone\":null,\"units\":null,\"marketing_mails\":null}"
const struct str preferences_none = { NONE, sizeof(NONE) - 1 };

/* Texts that were not given or are null are absent, which is written as null. */
struct str preferences_patch(struct arena *a, const struct preferences_in *in)
{
    const struct str texts[] = { [P_CURRENCY] = in->currency,
                                 [P_LANGUAGE] = in->language,
                                 [P_TIME_ZONE] = in->time_zone,
                                 [P_UNITS] = in->units >= 0 ? str_from(units[in->units]) : STR_NONE };
    struct buf text;
    buf_init(&text, PATCH_MAX);
    struct json_writer w = json_write_start(&text);
    json_write_object(&w);
    for (size_t i = P_CURRENCY; i <= P_UNITS; i++) {
        if (SHAPE_HAS(in, i)) {
            json_write_key(&w, str_from(in_fields[i].name));
            json_write_str(&w, SHAPE_NULL(in, i) ? STR_NONE : texts[i]);
        }
    }
    if (SHAPE_HAS(in, P_MARKETING_MAILS)) {
        JSON_MEMBER(&w, "marketing_mails", bool, in->marketing_mails);
    }
    json_write_object_end(&w);
    struct str patch = arena_str(a, buf_str(&text));
    buf_free(&text);
    return patch;
}
