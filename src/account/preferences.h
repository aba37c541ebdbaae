/* Preferences of an account: a closed set of members, kept as one JSON object. */
#ifndef NEXUS_ACCOUNT_PREFERENCES_H
#define NEXUS_ACCOUNT_PREFERENCES_H

#include "query/entity.h"
#include "json/shape.h"

struct preferences_in {
    struct shape_seen seen;
    struct str currency, language, time_zone;
    int units;
    bool marketing_mails;
};
extern const struct shape preferences_in_shape;

/* What the members given change, as JSON text in the arena; null takes a member away. */
struct str preferences_patch(struct arena *a, const struct preferences_in *in);
/* The patch that takes all of them away. */
extern const struct str preferences_none;

/* How they are read: every member is there. The text is what PostgreSQL makes of an account without any. */
extern const struct field_json account_json[];
#define PREFERENCES_SQL(column)                                                                              \
    "jsonb_build_object('currency', " column "->'currency', 'language', " column "->'language', "            \
    "'time_zone', " column "->'time_zone', 'units', " column "->'units', "                                   \
    "'marketing_mails', coalesce(" column "->'marketing_mails', 'false'))"
#define PREFERENCES_NEW                                                                                      \
    "{\"units\": null, \"currency\": null, \"language\": null, \"time_zone\": null, \"marketing_mails\": "   \
    "false}"

#endif
