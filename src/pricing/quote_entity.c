/* The quote as it is read. */
#include "pricing/pricing.h"

#include "property/property.h"
#include "query/plan.h"

static const struct personal guest_plans = { "Prices a stay the guest asks about.",
                                             "until the quote is swept", "deleted with the account" };

static const struct field fields[] = {
    { "id", FIELD_UUID, "{t}.id", NULL, 0, NULL, PERM_PUBLIC, NULL, "Identifies the quote." },
    { "property_id", FIELD_UUID, "{t}.property_id", NULL, 0, NULL, PERM_PUBLIC, NULL, "Property it is for." },
    { "guest_id", FIELD_UUID, "{t}.guest_id", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, &guest_plans,
      "Who asked; null when asked without a token. Then whoever knows the id can read and book it." },
    { "check_in", FIELD_DATE, "{t}.check_in", NULL, 0, NULL, PERM_PUBLIC, &guest_plans, "First night." },
    { "check_out", FIELD_DATE, "{t}.check_out", NULL, 0, NULL, PERM_PUBLIC, &guest_plans,
      "Day of departure." },
    { "guests", FIELD_INT, "{t}.guests", NULL, 0, NULL, PERM_PUBLIC, &guest_plans, "Guests." },
    { "lines", FIELD_JSON, QUOTE_LINES_SQL("{t}.id"), NULL, 0, NULL, PERM_PUBLIC, NULL,
      "What the total is made of: kind, description, quantity, unit_amount and amount of each line." },
    { "total", FIELD_MONEY, "{t}.total", "{t}.currency", 0, NULL, PERM_PUBLIC, NULL, "Sum of the lines." },
    { "expires_at", FIELD_TIME, "{t}.expires_at", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Until when it can be booked." },
    { "created_at", FIELD_TIME, "{t}.created_at", NULL, 0, NULL, PERM_PUBLIC, NULL, "When it was made." },
};

static const struct edge edges[] = {
    { "property", EDGE_ONE, &entity_property, "{t}.property_id = {p}.property_id", NULL, 0, true,
      "Property it is for." },
};

/* A quote asked for without a token belongs to whoever knows its id, which is random. */
static void quote_scope(struct plan_builder *b, const struct principal *who, const char *alias)
{
    if (who->known) {
        plan_sql(b, " and (%s.guest_id is null or %s.guest_id = $%d)", alias, alias,
                 plan_param(b, db_uuid(principal_for(who, PERM_BOOKING_CREATE))));
    } else {
        plan_sql(b, " and %s.guest_id is null", alias);
    }
}

const struct entity entity_quote = {
    .name = "quote",
    .type = "Quote",
    .plural = "quotes",
    .table = "quotes",
    .key = "id",
    .fields = fields,
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .edges = edges,
    .edge_count = sizeof(edges) / sizeof(edges[0]),
    .json = quote_lines_json,
    .default_sort = "-id",
    .scope = quote_scope,
    .doc = "The price of a stay, frozen until it expires.",
};
