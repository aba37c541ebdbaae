/* Users as others see them, and one's own account. */
#include "account/account.h"

#include "query/plan.h"

static const struct personal name_personal = { "Shows hosts, guests and authors to each other.",
                                               "while the account exists", "replaced by a neutral one" };
static const struct personal email_personal = { "Identifies the account at log-in and reaches its owner.",
                                                "while the account exists", "replaced by a random address" };

static const struct field user_fields[] = {
    { "id", FIELD_UUID, "{t}.id", NULL, 0, NULL, PERM_PUBLIC, NULL, "Identifies the user." },
    { "name", FIELD_TEXT, "{t}.name", NULL, 0, NULL, PERM_PUBLIC, &name_personal, "Name shown to others." },
    { "created_at", FIELD_TIME, "{t}.created_at", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "When the user signed up." },
};

/* Whom an edge leads to is known already from the row it starts at; there is no list of all users. */
const struct entity entity_user_public = {
    .name = "user",
    .type = "User",
    .plural = "users",
    .table = "users",
    .key = "id",
    .fields = user_fields,
    .field_count = sizeof(user_fields) / sizeof(user_fields[0]),
    .default_sort = "-created_at",
    .doc = "What everybody may know of a user.",
};

static const struct field account_fields[] = {
    { "id", FIELD_UUID, "{t}.id", NULL, 0, NULL, PERM_PUBLIC, NULL, "Identifies the user." },
    { "email", FIELD_TEXT, "{t}.email", NULL, 0, NULL, PERM_PUBLIC, &email_personal,
      "Address, in lower case; only its owner sees it." },
    { "name", FIELD_TEXT, "{t}.name", NULL, 0, NULL, PERM_PUBLIC, &name_personal, "Name shown to others." },
    { "roles", FIELD_TEXTS,
      "array(select r.role_name from user_roles r where r.user_id = {t}.id order by r.role_name)", NULL, 0,
      NULL, PERM_PUBLIC, NULL, "What the account may do, as names of roles." },
    { "created_at", FIELD_TIME, "{t}.created_at", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "When the user signed up." },
    { "updated_at", FIELD_TIME, "{t}.updated_at", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "When it was last changed." },
};

/* The id is copied: sign-up plans its answer as the user who is being made, and then goes on as who it was.
 */
static void account_scope(struct plan_builder *b, const struct principal *who, const char *alias)
{
    struct uuid *me = ARENA_NEW(plan_arena(b), struct uuid);
    *me = who->user;
    if (who->known) {
        plan_sql(b, " and %s.id = $%d", alias, plan_param(b, db_uuid(me)));
    } else {
        plan_sql(b, " and false");
    }
}

const struct entity entity_account = {
    .name = "account",
    .type = "Account",
    .plural = "accounts",
    .table = "users",
    .key = "id",
    .version = "{t}.version",
    .fields = account_fields,
    .field_count = sizeof(account_fields) / sizeof(account_fields[0]),
    .default_sort = "-created_at",
    .scope = account_scope,
    .doc = "One's own account.",
};
