/* The quote as it is read. */
#include "pricing/pricing.h"

#include "property/property.h"
#include "query/plan.h"

static const struct personal guest_plans = { "Prices a stay the guest asks about.",
                                             "until the quote is swept", "deleted with the account" };

#define DISPLAY_AMOUNT                                                                                       \
    " || case when ql.display_amount is null then '{}'::jsonb else jsonb_build_object('display_amount',"     \
    " jsonb_build_object('amount', ql.display_amount, 'currency', {t}.display_currency)) end"
#define DISPLAY                                                                                              \
    "case when {t}.display_currency is not null then jsonb_build_object("                                    \
    "'total', jsonb_build_object('amount', {t}.display_total, 'currency', {t}.display_currency),"            \
    " 'rate', trim_scale({t}.display_rate),"                                                                 \
    " 'as_of', (to_jsonb({t}.display_as_of at time zone 'UTC') #>> '{}') || 'Z') end"

static const struct field fields[] = {
    { "id", FIELD_UUID, "{t}.id", NULL, 0, NULL, PERM_PUBLIC, NULL, "Identifies the quote." },
    { "property_id", FIELD_UUID, "{t}.property_id", NULL, 0, NULL, PERM_PUBLIC, NULL, "Property it is for." },
    { "guest_id", FIELD_UUID, "{t}.guest_id", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, &guest_plans,
      "Who asked; null when asked without a token. Then whoever knows the id can read and book it." },
    { "check_in", FIELD_DATE, "{t}.check_in", NULL, 0, NULL, PERM_PUBLIC, &guest_plans, "First night." },
    { "check_out", FIELD_DATE, "{t}.check_out", NULL, 0, NULL, PERM_PUBLIC, &guest_plans,
      "Day of departure." },
    { "guests", FIELD_INT, "{t}.guests", NULL, 0, NULL, PERM_PUBLIC, &guest_plans, "Adults and children." },
    { "adults", FIELD_INT, "{t}.adults", NULL, 0, NULL, PERM_PUBLIC, &guest_plans,
      "Guests of 18 years or more." },
    { "children", FIELD_INT, "{t}.children", NULL, 0, NULL, PERM_PUBLIC, &guest_plans,
      "Guests of 2 to 17 years." },
    { "infants", FIELD_INT, "{t}.infants", NULL, 0, NULL, PERM_PUBLIC, &guest_plans, "Children under 2." },
    { "child_ages", FIELD_JSON, "to_jsonb({t}.child_ages)", NULL, 0, NULL, PERM_PUBLIC, &guest_plans,
      "Ages of the children; empty when they were not said." },
    { "lines", FIELD_JSON, QUOTE_PARTY_LINES_SQL("{t}.id", "guest", DISPLAY_AMOUNT), NULL, 0, NULL,
      PERM_PUBLIC, NULL, "What the total is made of. Included taxes are part of other lines." },
    { "total", FIELD_MONEY, "{t}.total", "{t}.currency", 0, NULL, PERM_PUBLIC, NULL,
      "What the guest pays: host_total, platform_total and tax_total together." },
    { "host_lines", FIELD_JSON, QUOTE_PARTY_LINES_SQL("{t}.id", "host", DISPLAY_AMOUNT), NULL, 0, NULL,
      PERM_PUBLIC, NULL, "What host_total is made of." },
    { "host_total", FIELD_MONEY, "{t}.host_total", "{t}.currency", 0, NULL, PERM_PUBLIC, NULL,
      "What the host gets of it." },
    { "platform_total", FIELD_MONEY, "{t}.platform_total", "{t}.currency", 0, NULL, PERM_PUBLIC, NULL,
      "Service fees of guest and host, less what the platform's coupon is worth." },
    { "tax_total", FIELD_MONEY, "{t}.tax_total", "{t}.currency", 0, NULL, PERM_PUBLIC, NULL,
      "Taxes, included ones too." },
    { "coupon", FIELD_TEXT, "(select qc.code from coupons qc where qc.id = {t}.coupon_id)", NULL,
      FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL, "Code of the coupon." },
    { "cancellation_policy", FIELD_TEXT, "{t}.cancellation_policy", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "What a guest gets back who cancels." },
    { "display", FIELD_JSON, DISPLAY, NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "The total in the currency asked for, which is not what is charged." },
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
    .json = quote_json,
    .default_sort = "-id",
    .scope = quote_scope,
    .doc = "The price of a stay, frozen until it expires.",
};
