/*
 * The price a guest pays for each hit of a search: the rules of quotes, run on what the search has read with
 * the hit, in the same round trip. Without a pricing document a stay costs its nights and the service fee.
 */
#ifndef NEXUS_PRICING_SEARCH_PRICE_H
#define NEXUS_PRICING_SEARCH_PRICE_H

#include "http/request.h"
#include "pricing/price_engine.h"
#include "json/shape.h"

/*
 * SQL behind the price of all nights as text, for {t} in property_search and the dates $1 and $2: where there
 * is a pricing document, lines with the days ahead, the price of each night, and the document.
 */
#define SEARCH_PRICE_BASIS                                                                                   \
    " || coalesce((select price_basis({t}.property_id, $1, $2, pp.plan) from property_pricing pp"            \
    " where pp.property_id = {t}.property_id), '')"

struct json_writer;
/* Money, and what it is made of. A stay that cannot be counted costs its nights; nobody can book it. */
void search_price_total(struct request *rq, struct json_writer *w, struct str basis,
                        const struct price_visitors *guests, struct str currency);
void search_price_parts(struct request *rq, struct json_writer *w, struct str basis,
                        const struct price_visitors *guests);

/* What search_price_parts writes. */
extern const struct shape_field search_price_parts_field;

#endif
