/* Users as others see them, and one's own account. */
#include "account/account.h"
#include "account/preferences.h"

#include "query/plan.h"

static const struct personal name_personal = { "Shows hosts, guests and authors to each other.",
                                               "while the account exists", "replaced by a neutral one" };
static const struct personal email_personal = { "Identifies the account at log-in and reaches its owner.",
                                                "while the account exists", "replaced by a random address" };

static const struct personal phone_personal = { "Reaches the owner about a stay.", "while the account exists",
                                                "deleted" };
static const struct personal profile_personal = { "Lets guests and hosts know whom they deal with.",
                                                  "while the account exists", "deleted" };
static const struct personal preferences_personal = { "Shows things the way the owner likes.",
                                                      "while the account exists", "deleted" };

/* Those who are gone keep their name where they had a part, and nothing else. */
#define WHILE_ACTIVE(text, other) "case when {t}.status = 'active' then " text " else " other " end"

static const struct field user_fields[] = {
    { "id", FIELD_UUID, "{t}.id", NULL, 0, NULL, PERM_PUBLIC, NULL, "Identifies the user." },
    { "name", FIELD_TEXT, "{t}.name", NULL, 0, NULL, PERM_PUBLIC, &name_personal, "Name shown to others." },
    { "photo_url", FIELD_TEXT, WHILE_ACTIVE("{t}.photo_url", "null"), NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC,
      &profile_personal, "Photo." },
    { "about", FIELD_TEXT, WHILE_ACTIVE("{t}.about", "''"), NULL, FIELD_HIDDEN, NULL, PERM_PUBLIC,
      &profile_personal, "What the user says of themselves." },
    { "languages", FIELD_TEXTS, WHILE_ACTIVE("{t}.languages", "'{}'"), NULL, FIELD_HIDDEN, NULL, PERM_PUBLIC,
      &profile_personal, "Languages the user speaks, BCP 47." },
    { "published_properties", FIELD_INT,
      "(select count(*) from properties o where o.host_id = {t}.id and o.status = 'published')", NULL,
      FIELD_HIDDEN, NULL, PERM_PUBLIC, NULL, "How many properties the user offers." },
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
    { "email_verified", FIELD_BOOL, "({t}.email_verified_at is not null)", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Whether a link that was mailed to the address has been used." },
    { "name", FIELD_TEXT, "{t}.name", NULL, 0, NULL, PERM_PUBLIC, &name_personal, "Name shown to others." },
    { "photo_url", FIELD_TEXT, "{t}.photo_url", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, &profile_personal,
      "Photo shown to others." },
    { "phone", FIELD_TEXT, "{t}.phone", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, &phone_personal,
      "Telephone number, E.164; only its owner sees it." },
    { "about", FIELD_TEXT, "{t}.about", NULL, 0, NULL, PERM_PUBLIC, &profile_personal,
      "What the user says of themselves." },
    { "languages", FIELD_TEXTS, "{t}.languages", NULL, 0, NULL, PERM_PUBLIC, &profile_personal,
      "Languages the user speaks, BCP 47." },
    { "preferences", FIELD_JSON, PREFERENCES_SQL("{t}.preferences"), NULL, 0, NULL, PERM_PUBLIC,
      &preferences_personal, "How things are shown." },
    { "roles", FIELD_TEXTS,
      "array(select r.role_name from user_roles r where r.user_id = {t}.id order by r.role_name)", NULL, 0,
      NULL, PERM_PUBLIC, NULL, "What the account may do, as names of roles." },
    { "actor_id", FIELD_UUID, NULL, NULL, FIELD_COMPUTED | FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "Member of the staff who acts as the user with the token of this request; null: nobody." },
    { "created_at", FIELD_TIME, "{t}.created_at", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "When the user signed up." },
    { "updated_at", FIELD_TIME, "{t}.updated_at", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "When it was last changed." },
};

static void account_scope(struct plan_builder *b, const struct principal *who, const char *alias)
{
    if (who->known) {
        plan_sql(b, " and %s.id = $%d", alias, plan_param(b, db_uuid(&who->user)));
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
    .json = account_json,
    .scope = account_scope,
    .doc = "One's own account.",
};
