/* An entry of the audit log as it is read. */
#include "admin/admin.h"

#include "audit/audit.h"
#include "query/plan.h"
#include "json/shape.h"

static const struct personal who_did = { "Says who has to answer for a change.", "for good",
                                         "kept; the account behind it is made anonymous" };
static const struct personal where_from = { "Says where from somebody changed something.", "for good",
                                            "kept: a network of at least 256 addresses names nobody" };

/* One member a row, as text: what an entry holds differs from action to action. */
#define CHANGES_SQL                                                                                          \
    "(select coalesce(jsonb_agg(jsonb_build_object('name', coalesce(cb.key, ca.key), 'before', cb.value "    \
    "#>> '{}',"                                                                                              \
    " 'after', ca.value #>> '{}') order by coalesce(cb.key, ca.key)), '[]')"                                 \
    " from jsonb_each(coalesce({t}.before, '{}')) cb full join jsonb_each(coalesce({t}.after, '{}')) ca"     \
    " on ca.key = cb.key)"

static const struct shape_field change_fields[] = {
    { .name = "name",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "What was changed.",
      .example = "\"status\"" },
    { .name = "before",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_NULLABLE,
      .doc = "What it was, lists and objects as JSON; null: nothing, or not kept.",
      .example = "\"active\"" },
    { .name = "after",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_NULLABLE,
      .doc = "What it was then; (changed) for texts, which are not kept.",
      .example = "\"suspended\"" },
};
static const struct shape change_shape = {
    .name = "AuditChange",
    .fields = change_fields,
    .count = SHAPE_COUNT(change_fields),
    .doc = "One thing that was changed.",
};
static const struct shape_field change_item = { .type = SHAPE_OBJECT, .sub = &change_shape };
static const struct shape_field changes = {
    .name = "changes", .type = SHAPE_LIST, .item = &change_item, .doc = "What was changed."
};
static const struct field_json described[] = { { "changes", &changes }, { NULL, NULL } };

static const struct field fields[] = {
    { "id", FIELD_UUID, "{t}.id", NULL, 0, NULL, PERM_PUBLIC, NULL, "Identifies the entry." },
    { "at", FIELD_TIME, "{t}.at", NULL, FIELD_FILTER | FIELD_SORT, NULL, PERM_PUBLIC, NULL, "When." },
    { "user_id", FIELD_UUID, "{t}.user_id", NULL, FIELD_FILTER | FIELD_NULLABLE, NULL, PERM_PUBLIC, &who_did,
      "Whose rights were used; null: nobody's." },
    { "actor_id", FIELD_UUID, "{t}.actor_id", NULL, FIELD_FILTER | FIELD_NULLABLE, NULL, PERM_PUBLIC,
      &who_did, "Member of the staff who acted as user_id." },
    { "client_id", FIELD_UUID, "{t}.client_id", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "OAuth client; null: the product's own front-ends." },
    { "operator", FIELD_TEXT, "{t}.operator", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, &who_did,
      "User of the server's system, for what was done in its shell." },
    { "action", FIELD_ENUM, "{t}.action", NULL, FIELD_FILTER, audit_action_names, PERM_PUBLIC, NULL,
      "What happened." },
    { "target_type", FIELD_ENUM, "{t}.target_type", NULL, FIELD_FILTER, audit_target_types, PERM_PUBLIC, NULL,
      "To what kind of thing." },
    { "target_id", FIELD_TEXT, "{t}.target_id", NULL, FIELD_FILTER | FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "To which: an id, or the name of a role or key." },
    { "changes", FIELD_JSON, CHANGES_SQL, NULL, 0, NULL, PERM_PUBLIC, NULL, "What was changed." },
    { "request_id", FIELD_TEXT, "{t}.request_id", NULL, FIELD_FILTER | FIELD_NULLABLE, NULL, PERM_PUBLIC,
      NULL, "Request it was part of; finds it in the log." },
    { "network", FIELD_TEXT, "{t}.network::text", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, &where_from,
      "Where the request came from: an IPv4 /24 or an IPv6 /48." },
};

static void audit_entry_scope(struct plan_builder *b, const struct principal *who, const char *alias)
{
    (void)alias;
    if (!perm_has(who->perms, PERM_AUDIT_READ)) {
        plan_sql(b, " and false");
    }
}

const struct entity entity_audit_entry = {
    .name = "audit_entry",
    .type = "AuditEntry",
    .plural = "audit_entries",
    .table = "audit_log",
    .key = "id",
    .fields = fields,
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .json = described,
    .default_sort = "-at",
    .scope = audit_entry_scope,
    .doc = "Who did what to what; never changed and never removed.",
};
