/* What ops of pricing share. */
#include "pricing/pricing.h"

#include "http/audit.h"

void pricing_tell(struct request *rq, struct db_batch *b, const struct uuid *property,
                  const struct uuid *host)
{
    if (!uuid_eq(host, &rq->principal.user) || !uuid_is_nil(&rq->principal.actor)) {
        audit_add(rq, b, AUDIT_PRICING_UPDATE, property, NULL, NULL);
    }
}
