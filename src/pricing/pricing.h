/* Quotes: the price of a stay, frozen for a while. A booking is made from one. */
#ifndef NEXUS_PRICING_PRICING_H
#define NEXUS_PRICING_PRICING_H

#include "http/op.h"
#include "query/entity.h"

extern const struct entity entity_quote;
extern const struct op op_quote_create, op_quote_read, op_quote_explain, op_pricing_read, op_pricing_update;

/* Add an entry to the audit log when somebody else than the host changes the pricing: hosts do it all day. */
void pricing_tell(struct request *rq, struct db_batch *b, const struct uuid *property,
                  const struct uuid *host);

struct shape_field;
extern const struct shape_field quote_lines_shape;

/* Their JSON, for entities that show them: `lines` alone (bookings), and all of a quote. */
extern const struct field_json quote_lines_json[], quote_json[];

/* Lines of a party ('guest', 'host') of a quote as a FIELD_JSON expression; `quote` is the SQL of its id,
 * `more` what a line has besides, beginning with a comma or ||. */
#define QUOTE_PARTY_LINES_SQL(quote, party, more)                                                            \
    "coalesce((select jsonb_agg(jsonb_build_object('kind', ql.kind, 'description', ql.description,"          \
    " 'quantity', ql.quantity, 'payee', ql.payee, 'included', ql.included,"                                  \
    " 'unit_amount', jsonb_build_object('amount', ql.unit_amount, 'currency', {t}.currency),"                \
    " 'amount', jsonb_build_object('amount', ql.amount, 'currency', {t}.currency))" more                     \
    " order by ql.position)"                                                                                 \
    " from quote_lines ql where ql.quote_id = " quote " and ql.party = '" party "'), '[]'::jsonb)"
#define QUOTE_LINES_SQL(quote) QUOTE_PARTY_LINES_SQL(quote, "guest", "")

#endif
