/* The review as it is read. */
#include "review/review.h"

#include "property/property.h"
#include "query/plan.h"

static const struct personal author = { "Tells who speaks.", "while the property exists",
                                        "the name becomes \"Former guest\", the link to the account is cut" };
static const struct personal opinion = { "Helps other guests to choose.", "while the property exists",
                                         "kept without a person behind it" };

static const struct field fields[] = {
    { "id", FIELD_UUID, "{t}.id", NULL, 0, NULL, PERM_PUBLIC, NULL, "Identifies the review." },
    { "property_id", FIELD_UUID, "{t}.property_id", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Property it is about." },
    { "author_id", FIELD_UUID, "{t}.author_id", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, &author,
      "Account of the guest; null when it came from elsewhere or was erased." },
    { "author_name", FIELD_TEXT, "{t}.author_name", NULL, 0, NULL, PERM_PUBLIC, &author, "Name shown." },
    { "rating", FIELD_INT, "{t}.rating", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, &opinion,
      "1 to 5; null when only words were given." },
    { "comment", FIELD_TEXT, "{t}.comment", NULL, 0, NULL, PERM_PUBLIC, &opinion, "Plain text." },
    { "created_at", FIELD_TIME, "{t}.created_at", NULL, FIELD_SORT, NULL, PERM_PUBLIC, NULL,
      "When it was written." },
};

static void review_scope(struct plan_builder *b, const struct principal *who, const char *alias)
{
    if (perm_has(who->perms, PERM_PROPERTY_ANY)) {
        return;
    }
    if (!who->known) {
        plan_sql(b,
                 " and exists (select from properties rp where rp.id = %s.property_id and rp.status = "
                 "'published')",
                 alias);
        return;
    }
    plan_sql(
        b,
        " and (exists (select from properties rp where rp.id = %s.property_id and rp.status = 'published')"
        " or ",
        alias);
    property_plan_granted(b, who, arena_printf(plan_arena(b), "%s.property_id", alias), PERM_PUBLIC);
    plan_sql(b, ")");
}

const struct entity entity_review = {
    .name = "review",
    .type = "Review",
    .plural = "reviews",
    .table = "reviews",
    .key = "id",
    .fields = fields,
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .default_sort = "-created_at",
    .scope = review_scope,
    .doc = "What a guest says of a property.",
};
