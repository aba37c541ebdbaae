/* A registered client as admins see it. */
#include "oauth/oauth.h"

#include "query/plan.h"

static const struct field fields[] = {
    { "id", FIELD_UUID, "{t}.id", NULL, 0, NULL, PERM_PUBLIC, NULL, "Identifies the client: its client_id." },
    { "name", FIELD_TEXT, "{t}.name", NULL, 0, NULL, PERM_PUBLIC, NULL, "What users are shown." },
    { "confidential", FIELD_BOOL, "({t}.secret_hash is not null)", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Whether it has a secret." },
    { "redirect_uris", FIELD_TEXTS, "{t}.redirect_uris", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Where users are sent with a code." },
    { "post_logout_redirect_uris", FIELD_TEXTS, "{t}.post_logout_redirect_uris", NULL, 0, NULL, PERM_PUBLIC,
      NULL, "Where users may be sent after logging out." },
    { "grants", FIELD_TEXTS, "{t}.grants", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "What it may send to /oauth/token." },
    { "scopes", FIELD_TEXTS, "{t}.scopes", NULL, 0, NULL, PERM_PUBLIC, NULL, "What it may ask for." },
    { "audiences", FIELD_TEXTS, "{t}.audiences", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Resources it may ask tokens for besides this API." },
    { "trusted", FIELD_BOOL, "{t}.trusted", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Whether users are not asked for consent." },
    { "disabled_at", FIELD_TIME, "{t}.disabled_at", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "Since when it is switched off; null: it is not." },
    { "created_at", FIELD_TIME, "{t}.created_at", NULL, FIELD_SORT, NULL, PERM_PUBLIC, NULL,
      "When it was registered." },
    { "updated_at", FIELD_TIME, "{t}.updated_at", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "When it was last changed." },
};

static void client_scope(struct plan_builder *b, const struct principal *who, const char *alias)
{
    (void)alias;
    if (!who->known || !perm_has(who->perms, PERM_CLIENT_MANAGE)) {
        plan_sql(b, " and false");
    }
}

const struct entity entity_client = {
    .name = "client",
    .type = "Client",
    .plural = "clients",
    .table = "oauth_clients",
    .key = "id",
    .version = "{t}.version",
    .fields = fields,
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .default_sort = "-created_at",
    .scope = client_scope,
    .doc = "A program that uses this API for its users, or on its own.",
};
