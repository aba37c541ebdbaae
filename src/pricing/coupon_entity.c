/* The coupon as it is read, by who has made it or may change all. */
#include "pricing/coupon.h"

#include "query/plan.h"

#include <ctype.h>

static const struct personal host_link = { "Says who pays for the coupon.", "while the coupon exists",
                                           "deleted with the account" };

static const struct field fields[] = {
    { "id", FIELD_UUID, "{t}.id", NULL, 0, NULL, PERM_PUBLIC, NULL, "Identifies the coupon." },
    { "code", FIELD_TEXT, "{t}.code", NULL, 0, NULL, PERM_PUBLIC, NULL, "What guests type, in capitals." },
    { "platform", FIELD_BOOL, "{t}.host_id is null", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Paid for by the platform, not by a host." },
    { "host_id", FIELD_UUID, "{t}.host_id", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, &host_link,
      "Host who pays for it." },
    { "property_id", FIELD_UUID, "{t}.property_id", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "The only property it holds for; null: all of the host, or of everybody." },
    { "percent_ppm", FIELD_INT, "{t}.percent_ppm", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "Off the nights after discounts, in parts per million." },
    { "amount", FIELD_MONEY, "coalesce({t}.amount, {t}.max_amount)", "{t}.currency", FIELD_NULLABLE, NULL,
      PERM_PUBLIC, NULL, "This much off them; with percent_ppm, at most this much." },
    { "min_nights", FIELD_INT, "{t}.min_nights", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "For stays of at least so many nights." },
    { "valid_from", FIELD_DATE, "{t}.valid_from", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "First day (UTC) on which quotes take it." },
    { "valid_until", FIELD_DATE, "{t}.valid_until", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "Last day." },
    { "max_uses", FIELD_INT, "{t}.max_uses", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "Bookings at most; null: any number." },
    { "max_uses_per_guest", FIELD_INT, "{t}.max_uses_per_guest", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC,
      NULL, "Bookings of one guest at most." },
    { "used", FIELD_INT, "{t}.used", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Bookings and holds that have it. One that ends unsold gives its use back." },
    { "active", FIELD_BOOL, "{t}.active", NULL, 0, NULL, PERM_PUBLIC, NULL, "false: ended by its host." },
    { "created_at", FIELD_TIME, "{t}.created_at", NULL, FIELD_SORT, NULL, PERM_PUBLIC, NULL,
      "When it was made." },
    { "updated_at", FIELD_TIME, "{t}.updated_at", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "When it was last changed." },
};

static void coupon_scope(struct plan_builder *b, const struct principal *who, const char *alias)
{
    if (!perm_has(who->perms, PERM_PROPERTY_ANY)) {
        plan_sql(b, " and %s.host_id = $%d", alias,
                 plan_param(b, db_uuid(principal_for(who, PERM_PROPERTY_MANAGE))));
    }
}

const struct entity entity_coupon = {
    .name = "coupon",
    .type = "Coupon",
    .plural = "coupons",
    .table = "coupons",
    .key = "id",
    .version = "{t}.version",
    .fields = fields,
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .default_sort = "-created_at",
    .scope = coupon_scope,
    .doc = "A code that takes something off the nights of a stay.",
};

bool coupon_of_anybody(const struct request *rq)
{
    return perm_has(rq->principal.perms, PERM_PROPERTY_ANY);
}

enum err coupon_owner(struct request *rq, bool platform, const struct uuid **host)
{
    *host = platform ? NULL : &rq->principal.user;
    return !platform || coupon_of_anybody(rq)
               ? ERR_NONE
               : fail(rq, ERR_FORBIDDEN, "/platform", "The platform's coupons are made by its staff.");
}

struct str coupon_code(struct arena *a, struct str code)
{
    char *copy = arena_strdup(a, code);
    for (size_t i = 0; i < code.n; i++) {
        copy[i] = (char)toupper((unsigned char)copy[i]);
    }
    return (struct str){ copy, code.n };
}
