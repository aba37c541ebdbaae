/*
 * Where an address is, by a database in MaxMind's format (option location_database): country and city. What
 * was found is kept for 24 hours; a file that was replaced is noticed within a minute. One process, no
 * thread.
 */
#ifndef NEXUS_TRACKING_LOCATION_H
#define NEXUS_TRACKING_LOCATION_H

#include "base/address.h"

#define LOCATION_CITY_SIZE 64
#define LOCATION_KEPT_US   INT64_C(86400000000)

struct location {
    char country[3];               /* ISO 3166-1; empty: not known */
    char city[LOCATION_CITY_SIZE]; /* in English; empty: not known */
};

struct locations;
/* With an empty path nothing is ever known. A file that cannot be read is logged, and tried again. */
struct locations *locations_open(const char *path);
void locations_close(struct locations *l);
/* Good until the next call. `now_us` is wall time. */
const struct location *locations_find(struct locations *l, const struct address *a, int64_t now_us);

#endif
