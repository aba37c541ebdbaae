/*
 * Properties: what hosts offer, with their units, amenities and photos, and the search over them.
 *
 * Who sees a property: everyone while it is published, its host and co-hosts while it is a draft, and for
 * ever those who had a booking in it. A removed property keeps its rows because bookings refer to them.
 */
#ifndef NEXUS_PROPERTY_PROPERTY_H
#define NEXUS_PROPERTY_PROPERTY_H

#include "base/date.h"
#include "http/op.h"
#include "query/entity.h"

extern const struct entity entity_property, entity_unit;

extern const struct op op_property_list, op_property_list_own, op_property_create, op_property_read,
    op_property_update, op_property_delete;

#define PROPERTY_PRICE_MAX  100000000000 /* minor units a night; as in the database */
#define PROPERTY_NIGHTS_MAX 1125         /* of one stay, and of one calendar change */

enum property_status { PROPERTY_DRAFT, PROPERTY_PUBLISHED, PROPERTY_REMOVED };

/* NULL-terminated vocabularies, in the order of the enums above where there is one. */
extern const char *const property_statuses[], *const property_kinds[], *const property_room_types[],
                                                                           *const property_amenities[];

/* Money as clients send it. */
struct money_in {
    struct shape_seen seen;
    int64_t amount;
    struct str currency;
};
extern const struct shape money_shape;

/* What a write must know of the property it is about. */
struct property_facts {
    struct uuid id, host;
    enum property_status status;
    int64_t version;
    struct str currency; /* ISO 4217; in the request's arena */
    int min_nights, max_nights;
    date_t today; /* in the property's zone */
};

/*
 * Rights on one property. Its host has them where a role gives the op's permission, a co-host where the host
 * did (view property_grants), and whoever holds property.any on all. They are looked up by the statement that
 * reads the property; without them it answers like one that is not there. For ops flagged OP_ON_PROPERTY.
 *
 * property_lock also locks it against other changes by its hosts until the transaction ends (bookings go on).
 * The request's writes must be atomic (write_atomic). ERR_NOT_FOUND, or ERR_PRECONDITION by If-Match;
 * recorded. *replayed as in write_run.
 */
enum err property_lock(struct request *rq, const struct uuid *id, struct property_facts *out,
                       bool *replayed) MUST_CHECK;
/* The lock alone, in a batch of the caller, for what has a version of its own. */
int property_add_lock(struct request *rq, struct db_batch *b, const struct uuid *id);
enum err property_read_lock(struct request *rq, const PGresult *r, const struct uuid *id,
                            struct property_facts *out) MUST_CHECK;
/* What these statements are asked with, for others that do the same ($2 to $4 of property_lock). */
struct property_right {
    struct db_param user, permissions, everywhere;
};
struct property_right property_right(struct request *rq);
/* ERR_NOT_FOUND, recorded, without the right. One round trip. */
enum err property_require_granted(struct request *rq, const struct uuid *id) MUST_CHECK;

/*
 * The same for scope(): a condition in brackets without "and", true when the principal is host or co-host of
 * the property whose id is the SQL `property`. PERM_PUBLIC: whatever they hold.
 */
void property_plan_granted(struct plan_builder *b, const struct principal *who, const char *property,
                           enum perm perm);

/* Who sees the address: hosts and co-hosts, and guests who come. Supplies the computed field. */
struct selection;
void property_select_address(struct request *rq, struct selection *sel);

/* ERR_NOT_FOUND, recorded, unless the principal sees the property. One round trip. */
enum err property_require_visible(struct request *rq, const struct uuid *id) MUST_CHECK;

#endif
