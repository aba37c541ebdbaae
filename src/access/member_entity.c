/* The co-host as he is read. */
#include "access/access.h"

#include "account/account.h"
#include "property/property.h"
#include "query/plan.h"

static const struct personal work = { "Tells hosts who helps them.", "while the property exists",
                                      "removed with the account" };

static const struct field fields[] = {
    { "user_id", FIELD_UUID, "{t}.user_id", NULL, 0, NULL, PERM_PUBLIC, &work, "Account of the co-host." },
    { "property_id", FIELD_UUID, "{t}.property_id", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Property it is about." },
    { "permissions", FIELD_TEXTS, "array(select p from unnest({t}.permissions) p order by p)", NULL, 0, NULL,
      PERM_PUBLIC, NULL, "What the co-host may do there." },
    { "share_ppm", FIELD_INT, "{t}.share_ppm", NULL, 0, NULL, PERM_PUBLIC, &work,
      "What he gets of the host's part of each payout, in millionths." },
    { "created_at", FIELD_TIME, "{t}.created_at", NULL, 0, NULL, PERM_PUBLIC, NULL, "Since when." },
    { "updated_at", FIELD_TIME, "{t}.updated_at", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "When it was last changed." },
};

static const struct edge edges[] = {
    { "user", EDGE_ONE, &entity_user_public, "{t}.id = {p}.user_id", NULL, 0, false, "Who it is." },
};

/* For those who may choose co-hosts, and oneself. */
static void member_scope(struct plan_builder *b, const struct principal *who, const char *alias)
{
    if (perm_has(who->perms, PERM_PROPERTY_ANY)) {
        return;
    }
    plan_sql(b, " and (%s.user_id = $%d or ", alias, plan_param(b, db_uuid(&who->user)));
    property_plan_granted(b, who, arena_printf(plan_arena(b), "%s.property_id", alias), PERM_PROPERTY_MANAGE);
    plan_sql(b, ")");
}

/* The key is one within a property, and lists and items are of one property. */
const struct entity entity_property_member = {
    .name = "property_member",
    .type = "PropertyMember",
    .plural = "property_members",
    .table = "property_members",
    .key = "user_id",
    .version = "{t}.version",
    .fields = fields,
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .edges = edges,
    .edge_count = sizeof(edges) / sizeof(edges[0]),
    .scope = member_scope,
    .doc = "A co-host: an account that may do on one property what its host allowed.",
};
