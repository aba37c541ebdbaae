/*
 * Invented content. Everything about property number i follows from (count, seed, today, i) alone, so that
 * several connections can each write their tables without asking one another, and two runs make the same
 * rows.
 */
#ifndef NEXUS_CTL_DEMO_H
#define NEXUS_CTL_DEMO_H

#include "base/buf.h"
#include "base/date.h"
#include "base/uuid.h"

#include <stdbool.h>
#include <stdint.h>

#define DEMO_STAYS          5
#define DEMO_STAYS_PAST     3 /* the first ones; the rest lie ahead */
#define DEMO_AMENITIES_MAX  8
#define DEMO_NEIGHBOURHOODS 12
#define DEMO_PROPERTIES_MAX 1000000

struct demo_city {
    const char *name, *country, *zone, *currency;
    double lat, lon;
    int weight;    /* share of the properties */
    int64_t price; /* median for two guests, minor units */
    int64_t round; /* prices are multiples of this */
    double radius; /* km: spread of the neighbourhoods */
};
extern const struct demo_city demo_cities[];
extern const int demo_city_count;

struct demo_world {
    int64_t properties, hosts, guests;
    uint64_t seed;
    date_t today;
    int64_t *first; /* number of the first property of each city, then of one beyond the last */
};

/* Fill all but the caller's properties, seed and today. Memory is malloc'd; demo_world_free gives it back. */
void demo_world_init(struct demo_world *w);
void demo_world_free(struct demo_world *w);

struct demo_stay {
    date_t check_in, check_out;
    int guests;
    bool cancelled;
    int64_t guest; /* number of the user */
    int64_t total;
    int64_t created_us; /* Unix microseconds */
    int64_t cancelled_us;
    int rating; /* 0: no review */
    int64_t reviewed_us;
};

struct demo_property {
    int64_t number, host;
    const struct demo_city *city;
    int neighbourhood;
    double lat, lon;
    int kind, room_type; /* indices of demo_kinds and demo_room_types */
    int capacity, bedrooms, beds, half_baths;
    int64_t price;
    int min_nights, max_nights;
    int64_t created_us;
    uint8_t amenities[DEMO_AMENITIES_MAX]; /* ids as they stand in the vocabulary: indices of its order,
                                              ascending */
    int amenity_count;
    struct demo_stay stays[DEMO_STAYS];
    uint64_t words; /* chooses among the templates */
};

extern const char *const demo_kinds[];
extern const char *const demo_room_types[];
extern const char *const demo_amenities[]; /* slugs */
extern const int demo_amenity_count;

void demo_property_make(const struct demo_world *w, int64_t number, struct demo_property *out);

/* Texts are appended to `out`. */
void demo_title(const struct demo_property *p, struct buf *out);
void demo_description(const struct demo_property *p, struct buf *out);
void demo_address(const struct demo_property *p, struct buf *out);
void demo_house_rules(const struct demo_property *p, struct buf *out);
void demo_review_text(const struct demo_property *p, int stay, struct buf *out);
void demo_user_name(const struct demo_world *w, int64_t user, struct buf *out);
void demo_user_email(const struct demo_world *w, int64_t user, struct buf *out);

/* Users are numbered: hosts first, then guests. */
enum demo_table { DEMO_USER = 1, DEMO_PROPERTY, DEMO_UNIT, DEMO_BOOKING, DEMO_OCCUPANCY, DEMO_REVIEW };
/*
 * Id of row `number` of a table. In form a UUID of version 7 whose time grows with the number, so that rows
 * arrive in the order of their keys and no two neighbours share a millisecond: equal leading bits make a GiST
 * index slow.
 */
struct uuid demo_id(const struct demo_world *w, enum demo_table table, int64_t number);

#endif
