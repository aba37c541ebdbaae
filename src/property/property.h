/*
 * Properties: what hosts offer, with their units, amenities and photos, and the search over them.
 *
 * Who sees a property: everyone while it is published, its host while it is a draft, and for ever those who
 * had a booking in it. A removed property keeps its rows because bookings refer to them.
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
 * Read one property and lock it against other changes by its host until the transaction ends (bookings go
 * on). The request's writes must be atomic (write_atomic). ERR_NOT_FOUND when the principal cannot see it,
 * ERR_FORBIDDEN when it is another host's, ERR_PRECONDITION by If-Match; recorded. *replayed as in write_run.
 */
enum err property_lock_own(struct request *rq, const struct uuid *id, struct property_facts *out,
                           bool *replayed) MUST_CHECK;

/* ERR_NOT_FOUND, recorded, unless the principal sees the property. One round trip. */
enum err property_require_visible(struct request *rq, const struct uuid *id) MUST_CHECK;

#endif
