/* Quotes: the price of a stay, frozen for a while. A booking is made from one. */
#ifndef NEXUS_PRICING_PRICING_H
#define NEXUS_PRICING_PRICING_H

#include "http/op.h"
#include "pricing/pricing_rules.h"
#include "query/entity.h"

extern const struct entity entity_quote;
extern const struct op op_quote_create, op_quote_read;

/* Their shape, for entities that show them. */
extern const struct field_json quote_lines_json[];

/* `lines` of a quote as a FIELD_JSON expression; `quote` is the SQL of its id. */
#define QUOTE_LINES_SQL(quote)                                                                               \
    "coalesce((select jsonb_agg(jsonb_build_object('kind', ql.kind, 'description', ql.description,"          \
    " 'quantity', ql.quantity,"                                                                              \
    " 'unit_amount', jsonb_build_object('amount', ql.unit_amount, 'currency', {t}.currency),"                \
    " 'amount', jsonb_build_object('amount', ql.amount, 'currency', {t}.currency)) order by ql.position)"    \
    " from quote_lines ql where ql.quote_id = " quote "), '[]'::jsonb)"

#endif
