/* A link to an account of a provider, as its owner sees it. */
#include "federation/federation.h"

#include "query/plan.h"

static const struct personal address = { "Lets people recognise which account of the provider it is.",
                                         "until the link is removed", "deleted with the account" };

static const struct field fields[] = {
    { "id", FIELD_UUID, "{t}.id", NULL, 0, NULL, PERM_PUBLIC, NULL, "Identifies the link." },
    { "provider", FIELD_TEXT, "{t}.provider", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Name of the provider, as in the list of them." },
    { "email", FIELD_TEXT, "{t}.email", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, &address,
      "Address it had there when it was last used." },
    { "created_at", FIELD_TIME, "{t}.created_at", NULL, FIELD_SORT, NULL, PERM_PUBLIC, NULL,
      "When it was linked." },
    { "used_at", FIELD_TIME, "{t}.used_at", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "When it was last signed in with." },
};

/* One's own. The id is copied as plans outlive changes of the principal. */
static void identity_scope(struct plan_builder *b, const struct principal *who, const char *alias)
{
    if (!who->known) {
        plan_sql(b, " and false");
        return;
    }
    struct uuid *me = ARENA_NEW(plan_arena(b), struct uuid);
    *me = who->user;
    plan_sql(b, " and %s.user_id = $%d", alias, plan_param(b, db_uuid(me)));
}

const struct entity entity_identity = {
    .name = "identity",
    .type = "Identity",
    .plural = "identities",
    .table = "user_identities",
    .key = "id",
    .fields = fields,
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .default_sort = "-created_at",
    .scope = identity_scope,
    .doc = "An account of another provider that one can log in with.",
};

const struct op op_identity_list = {
    .name = "identity_list",
    .method = METHOD_GET,
    .path = "/v1/me/identities",
    .tag = "Accounts",
    .summary = "List linked accounts",
    .doc = "Accounts of other providers that one can log in with, the latest link first.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_READ,
    .flags = OP_LIST,
    .entity = &entity_identity,
    .exec = read_exec,
};
