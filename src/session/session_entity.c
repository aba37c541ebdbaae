/* A session as its user sees it. */
#include "session/session.h"

#include "query/plan.h"

static const struct personal trace = { "Lets people recognise where they are logged in.",
                                       "until the session is over, and a day longer",
                                       "deleted with the account" };

static const char *const kinds[] = { "direct", "oauth", "browser", "acting", NULL };

static const struct field fields[] = {
    { "id", FIELD_UUID, "{t}.id", NULL, 0, NULL, PERM_PUBLIC, NULL, "Identifies the session." },
    { "current", FIELD_BOOL, NULL, NULL, FIELD_COMPUTED, NULL, PERM_PUBLIC, NULL,
      "Whether the access token of this request belongs to it." },
    { "kind", FIELD_ENUM, "{t}.kind", NULL, 0, kinds, PERM_PUBLIC, NULL,
      "direct: by password here; oauth: an application; browser: the pages applications log in with; acting: "
      "a member of the "
      "staff." },
    { "client", FIELD_TEXT, "(select sc.name from oauth_clients sc where sc.id = {t}.client_id)", NULL,
      FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL, "Name of the application; null: the product's own." },
    { "methods", FIELD_TEXTS, "{t}.methods", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "How the user proved to be it (RFC 8176): pwd, otp, ..." },
    { "network", FIELD_TEXT, "{t}.network::text", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, &trace,
      "Where it was last used from, as far as it is kept: an IPv4 /24 or an IPv6 /48." },
    { "user_agent", FIELD_TEXT, "{t}.user_agent", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, &trace,
      "What it was last used with, as the program calls itself." },
    { "authenticated_at", FIELD_TIME, "{t}.authenticated_at", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "When the user last logged in." },
    { "created_at", FIELD_TIME, "{t}.created_at", NULL, FIELD_SORT, NULL, PERM_PUBLIC, NULL,
      "When it began." },
    { "used_at", FIELD_TIME, "{t}.used_at", NULL, 0, NULL, PERM_PUBLIC, &trace,
      "When it was last refreshed." },
    { "expires_at", FIELD_TIME, "{t}.expires_at", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "When it ends, however much it is used." },
};

/* One's own, and only those that are not over. The id is copied as plans outlive changes of the principal. */
static void session_scope(struct plan_builder *b, const struct principal *who, const char *alias)
{
    if (!who->known) {
        plan_sql(b, " and false");
        return;
    }
    struct uuid *me = ARENA_NEW(plan_arena(b), struct uuid);
    *me = who->user;
    plan_sql(b,
             " and %s.user_id = $%d and %s.ended_at is null and %s.expires_at > now()"
             " and %s.used_at > now() - %s.idle_seconds * interval '1 second'",
             alias, plan_param(b, db_uuid(me)), alias, alias, alias, alias);
}

const struct entity entity_session = {
    .name = "session",
    .type = "Session",
    .plural = "sessions",
    .table = "sessions",
    .key = "id",
    .fields = fields,
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .default_sort = "-created_at",
    .scope = session_scope,
    .doc = "A log-in that is not over.",
};
