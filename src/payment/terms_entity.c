/* How a property wants to be paid, as it is read. */
#include "payment/payment.h"

#include "property/property.h"

static const struct field fields[] = {
    { "property_id", FIELD_UUID, "{t}.property_id", NULL, 0, NULL, PERM_PUBLIC, NULL, "The property." },
    { "deposit_ppm", FIELD_INT, "coalesce({t}t.deposit_ppm, 1000000)", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Part of the price that is paid when a stay is booked, in millionths; 1000000: everything." },
    { "balance_days", FIELD_INT, "coalesce({t}t.balance_days, 0)", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Days before arrival on which the rest is due. Whoever books later pays everything at once." },
    { "security", FIELD_MONEY, "{t}t.security", "{t}.currency", FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "What is held for the stay and released after it; null: nothing." },
};

/* Whoever sees the property sees them. */
static void terms_scope(struct plan_builder *b, const struct principal *who, const char *alias)
{
    entity_property.scope(b, who, alias);
}

const struct entity entity_payment_terms = {
    .name = "payment_terms",
    .type = "PaymentTerms",
    .plural = "payment_terms",
    .table = "property_search",
    .key = "property_id",
    .from = "left join payment_terms {t}t on {t}t.property_id = {t}.property_id",
    .fields = fields,
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .scope = terms_scope,
    .doc = "When a property wants which part of the price.",
};
