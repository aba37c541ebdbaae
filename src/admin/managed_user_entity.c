/* An account as those see it who look after accounts. */
#include "admin/admin.h"

#include "query/plan.h"

static const struct personal name_personal = { "Shows hosts, guests and authors to each other.",
                                               "while the account exists", "replaced by a neutral one" };
static const struct personal email_personal = { "Identifies the account at log-in and reaches its owner.",
                                                "while the account exists", "replaced by a random address" };
static const struct personal trace = { "Tells whether an account is in use.",
                                       "until the session is over, and a day longer",
                                       "deleted with the account" };

static const char *const statuses[] = { "active", "suspended", "deactivated", NULL };

static const struct field fields[] = {
    { "id", FIELD_UUID, "{t}.id", NULL, 0, NULL, PERM_PUBLIC, NULL, "Identifies the account." },
    { "email", FIELD_TEXT, "{t}.email", NULL, FIELD_FILTER, NULL, PERM_PUBLIC, &email_personal,
      "Address, in lower case." },
    { "email_verified", FIELD_BOOL, "{t}.email_verified_at is not null", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Whether its owner has shown to read the address." },
    { "name", FIELD_TEXT, "{t}.name", NULL, 0, NULL, PERM_PUBLIC, &name_personal, "Name shown to others." },
    { "status", FIELD_ENUM, "{t}.status", NULL, FIELD_FILTER, statuses, PERM_PUBLIC, NULL,
      "suspended: by the staff; deactivated: by its owner." },
    { "roles", FIELD_TEXTS,
      "array(select r.role_name from user_roles r where r.user_id = {t}.id order by r.role_name)", NULL, 0,
      NULL, PERM_PUBLIC, NULL, "What the account may do, as names of roles." },
    { "second_factor", FIELD_BOOL,
      "exists (select from user_totp f where f.user_id = {t}.id and f.confirmed_at is not null)", NULL, 0,
      NULL, PERM_PUBLIC, NULL, "Whether a log-in also needs a code." },
    { "sessions", FIELD_INT,
      "(select count(*) from sessions n where n.user_id = {t}.id and n.ended_at is null and n.expires_at > "
      "now())",
      NULL, FIELD_HIDDEN, NULL, PERM_PUBLIC, &trace, "Sessions that are not over." },
    { "properties", FIELD_INT,
      "(select count(*) from properties h where h.host_id = {t}.id and h.status <> 'removed')", NULL,
      FIELD_HIDDEN, NULL, PERM_PUBLIC, NULL, "Properties it hosts, drafts too." },
    { "created_at", FIELD_TIME, "{t}.created_at", NULL, FIELD_SORT, NULL, PERM_PUBLIC, NULL,
      "When the user signed up." },
    { "updated_at", FIELD_TIME, "{t}.updated_at", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "When it was last changed." },
};

static void managed_user_scope(struct plan_builder *b, const struct principal *who, const char *alias)
{
    (void)alias;
    if (!perm_has(who->perms, PERM_USER_READ) && !perm_has(who->perms, PERM_USER_MANAGE)) {
        plan_sql(b, " and false");
    }
}

const struct entity entity_managed_user = {
    .name = "managed_user",
    .type = "ManagedUser",
    .plural = "managed_users",
    .table = "users",
    .key = "id",
    .version = "{t}.version",
    .fields = fields,
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .default_sort = "-created_at",
    .scope = managed_user_scope,
    .doc = "An account as those see it who look after accounts.",
};
