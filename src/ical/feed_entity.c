/* The feed as it is read, and what its ops share. */
#include "ical/feed.h"

#include "auth/secret.h"
#include "base/base64url.h"
#include "fetch/fetch.h"
#include "ical/feed_jobs.h"
#include "property/property.h"
#include "query/plan.h"

#include <string.h>

static const char *const states[] = { "new", "ok", "failing", "held", NULL };
static const struct personal elsewhere = { "Tells where else the unit is let.", "while the feed exists",
                                           "removed with the property" };

static const struct field fields[] = {
    { "id", FIELD_UUID, "{t}.id", NULL, 0, NULL, PERM_PUBLIC, NULL, "Identifies the feed." },
    { "property_id", FIELD_UUID, "{t}.property_id", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Property it is about." },
    { "unit_id", FIELD_UUID, "{t}.unit_id", NULL, 0, NULL, PERM_PUBLIC, NULL, "Unit whose nights it takes." },
    { "name", FIELD_TEXT, "{t}.name", NULL, 0, NULL, PERM_PUBLIC, NULL, "What the host calls it." },
    { "url", FIELD_TEXT, "{t}.url", NULL, 0, NULL, PERM_PUBLIC, &elsewhere, "Where the calendar is." },
    { "state", FIELD_ENUM, "{t}.state", NULL, 0, states, PERM_PUBLIC, NULL,
      "new: not read yet; ok; failing: the last import failed, what was there stays; held: it would free so "
      "much that it "
      "waits for the host or for a day (see held_since)." },
    { "checked_at", FIELD_TIME, "{t}.checked_at", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "When it was last asked." },
    { "succeeded_at", FIELD_TIME, "{t}.succeeded_at", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "When it last answered with a calendar: how old what is known is." },
    { "failures", FIELD_INT, "{t}.failures", NULL, 0, NULL, PERM_PUBLIC, NULL, "Imports that failed since." },
    { "fault", FIELD_TEXT, "{t}.fault", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "Why the last one failed, as a word: see docs/ical.md." },
    { "detail", FIELD_TEXT, "{t}.detail", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "The same for people." },
    { "held_since", FIELD_TIME, "{t}.held_since", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "Since when nights are kept that it would free." },
    { "event_count", FIELD_INT, "{t}.event_count", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Events to come that take nights." },
    { "own_count", FIELD_INT, "{t}.own_count", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Events left out because they came from here." },
    { "zones_taken", FIELD_INT, "{t}.zones_taken", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Events in time zones nobody knows, taken for the property's." },
    { "created_at", FIELD_TIME, "{t}.created_at", NULL, FIELD_SORT, NULL, PERM_PUBLIC, NULL,
      "When it was made." },
    { "updated_at", FIELD_TIME, "{t}.updated_at", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "When it was last changed." },
};

static void feed_scope(struct plan_builder *b, const struct principal *who, const char *alias)
{
    if (perm_has(who->perms, PERM_PROPERTY_ANY)) {
        return;
    }
    plan_sql(b, " and ");
    property_plan_granted(b, who, arena_printf(plan_arena(b), "%s.property_id", alias), PERM_CALENDAR_WRITE);
}

const struct entity entity_calendar_feed = {
    .name = "calendar_feed",
    .type = "CalendarFeed",
    .plural = "calendar_feeds",
    .table = "calendar_feeds",
    .key = "id",
    .version = "{t}.version",
    .fields = fields,
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .default_sort = "created_at",
    .scope = feed_scope,
    .doc = "A calendar of another platform that is imported every half hour.",
};

enum err feed_add_answer(struct request *rq, struct db_batch *b, const struct uuid *property,
                         const struct uuid *feed, struct feed_answer *out)
{
    struct db_param *of = ARENA_NEW(rq->arena, struct db_param), *params;
    int nparams;
    *of = db_uuid(property);
    out->selection = selection_default(rq, &entity_calendar_feed, feed);
    selection_where(out->selection, " and {t}.property_id = $1", of, 1);
    enum err e = plan_make(rq, out->selection, &out->plan, &params, &nparams);
    if (e) {
        return e;
    }
    out->index = db_add(b, plan_statement(out->plan), params, nparams);
    return ERR_NONE;
}

enum err feed_write_answer(struct request *rq, const struct db_batch *b, const struct feed_answer *answer)
{
    const PGresult *r = db_result(b, answer->index);
    return PQntuples(r) == 0 ? feed_none(rq) : plan_write(rq, answer->plan, answer->selection, r);
}

enum err feed_none(struct request *rq)
{
    return fail(rq, ERR_NOT_FOUND, NULL, "There is no such feed.");
}

enum err feed_check_url(struct request *rq, struct str url)
{
    return fetch_user_may_name(rq->options, url)
               ? ERR_NONE
               : fail(rq, ERR_VALIDATION, "/url", "Only public servers are asked, by https on port 443.");
}

void feed_add_import(struct request *rq, struct db_batch *b, const struct uuid *feed)
{
    char *id = arena_alloc(rq->arena, UUID_TEXT_SIZE);
    uuid_format(id, feed);
    job_add(rq, b, &job_calendar_import, str_from(id),
            str_from(arena_printf(rq->arena, "{\"feed_id\":\"%s\"}", id)), 0);
}

struct str feed_own_suffix(struct request *rq)
{
    const char *url = rq->options->public_url, *host = strstr(url, "://");
    host = host ? host + 3 : url;
    return str_from(arena_printf(rq->arena, "@%.*s", (int)strcspn(host, ":/"), host));
}

struct str export_token(struct request *rq, const struct uuid *unit, int32_t generation)
{
    unsigned char mac[SECRET_MAC_SIZE];
    char id[UUID_TEXT_SIZE], *text = arena_alloc(rq->arena, 2 * sizeof(mac));
    uuid_format(id, unit);
    struct str key =
        rq->secret.n > 0 ? rq->secret : STR("nexus"); /* as for cursors; nexusctl check complains */
    secret_mac(key, "calendar export", str_from(arena_printf(rq->arena, "%s/%d", id, generation)), mac);
    return (struct str){ text, base64url_encode(text, mac, 24) };
}

struct str export_url(struct request *rq, const struct uuid *unit, int32_t generation)
{
    char id[UUID_TEXT_SIZE];
    struct str base = str_from(rq->options->public_url);
    base.n -= base.n > 0 && base.p[base.n - 1] == '/';
    uuid_format(id, unit);
    return str_from(arena_printf(rq->arena, STR_FMT "/v1/calendars/%s/" STR_FMT ".ics", STR_ARG(base), id,
                                 STR_ARG(export_token(rq, unit, generation))));
}
