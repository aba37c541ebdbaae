/*
 * Coupons: codes that take something off the nights of a stay. A host's coupon holds for the host's
 * properties and is paid for by the host, the platform's (made by who holds property.any) for all, and by the
 * platform. A use is reserved by the booking that is made with it, and the database counts.
 */
#ifndef NEXUS_PRICING_COUPON_H
#define NEXUS_PRICING_COUPON_H

#include "http/op.h"
#include "query/entity.h"

extern const struct entity entity_coupon;
extern const struct op op_coupon_create, op_coupon_list, op_coupon_read, op_coupon_update;

/* Whose a new coupon is: NULL for the platform's. ERR_FORBIDDEN, recorded. */
enum err coupon_owner(struct request *rq, bool platform, const struct uuid **host) MUST_CHECK;
/* Whether the principal may do to every coupon what hosts may do to theirs. */
bool coupon_of_anybody(const struct request *rq);

/* Codes are kept and compared in capitals. In the arena. */
struct str coupon_code(struct arena *a, struct str code);

#endif
