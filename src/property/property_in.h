/*
 * What a host says about a property: one table of members for making one (most are required) and for changing
 * one (all are optional; null resets what has a default).
 */
#ifndef NEXUS_PROPERTY_PROPERTY_IN_H
#define NEXUS_PROPERTY_PROPERTY_IN_H

#include "property/property.h"

struct location_in {
    struct shape_seen seen;
    double lat, lng;
};
struct unit_in {
    struct shape_seen seen;
    struct str name;
};

struct property_in {
    struct shape_seen seen;
    struct str title, description, address, city, country, time_zone, house_rules;
    int kind, room_type, status; /* indexes of the vocabularies; -1: absent */
    struct location_in location;
    int64_t capacity, bedrooms, beds, min_nights, max_nights;
    double bathrooms;
    struct money_in price;
    struct shape_list amenities; /* of int: indexes */
    struct shape_list photos;    /* of struct str */
    struct shape_list units;     /* of struct unit_in; only when made */
    struct uuid id;              /* only when changed */
};

/* Bits of `seen`; the same in both tables. The last one is `units` or `id`. */
enum property_member {
    P_TITLE,
    P_DESCRIPTION,
    P_KIND,
    P_ROOM_TYPE,
    P_STATUS,
    P_ADDRESS,
    P_CITY,
    P_COUNTRY,
    P_LOCATION,
    P_TIME_ZONE,
    P_CAPACITY,
    P_BEDROOMS,
    P_BEDS,
    P_BATHROOMS,
    P_AMENITIES,
    P_HOUSE_RULES,
    P_PRICE,
    P_MIN_NIGHTS,
    P_MAX_NIGHTS,
    P_PHOTOS,
    P_LAST,
    P_MEMBERS
};

extern const struct shape property_create_shape, property_update_shape;

/* Statements of the store; they only add to the batch. */
void property_add_insert(struct request *rq, struct db_batch *b, const struct uuid *id,
                         const struct property_in *in);
void property_add_update(struct request *rq, struct db_batch *b, const struct property_in *in);
void property_add_amenities(struct request *rq, struct db_batch *b, const struct uuid *id,
                            const struct shape_list *amenities);
void property_add_photos(struct request *rq, struct db_batch *b, const struct uuid *id,
                         const struct shape_list *photos);

/* The property as its host sees it, read in the same batch, and written as the answer after the run. */
struct property_answer {
    const struct plan *plan;
    struct selection *selection;
    int index;
};
enum err property_add_answer(struct request *rq, struct db_batch *b, const struct uuid *id,
                             struct property_answer *out) MUST_CHECK;
enum err property_write_answer(struct request *rq, const struct db_batch *b,
                               const struct property_answer *answer) MUST_CHECK;

#endif
