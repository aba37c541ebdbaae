/* The role as it is read. */
#include "access/access.h"

#include "query/plan.h"

static const struct field fields[] = {
    { "name", FIELD_TEXT, "{t}.name", NULL, FIELD_SORT, NULL, PERM_PUBLIC, NULL, "Identifies the role." },
    { "doc", FIELD_TEXT, "{t}.doc", NULL, 0, NULL, PERM_PUBLIC, NULL, "What it is for." },
    { "built_in", FIELD_BOOL, "{t}.built_in", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Comes with the product and stays." },
    { "permissions", FIELD_TEXTS,
      "array(select rp.permission from role_permissions rp where rp.role_name = {t}.name order by "
      "rp.permission)",
      NULL, 0, NULL, PERM_PUBLIC, NULL,
      "What it allows; * stands for everything, also what is yet to come." },
    { "created_at", FIELD_TIME, "{t}.created_at", NULL, 0, NULL, PERM_PUBLIC, NULL, "When it was made." },
    { "updated_at", FIELD_TIME, "{t}.updated_at", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "When it was last changed." },
};

static void role_scope(struct plan_builder *b, const struct principal *who, const char *alias)
{
    (void)alias;
    if (!perm_has(who->perms, PERM_ROLE_MANAGE)) {
        plan_sql(b, " and false");
    }
}

const struct entity entity_role = {
    .name = "role",
    .type = "Role",
    .plural = "roles",
    .table = "roles",
    .key = "name",
    .version = "{t}.version",
    .fields = fields,
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .default_sort = "name",
    .scope = role_scope,
    .doc = "A set of permissions that users can be given.",
};
