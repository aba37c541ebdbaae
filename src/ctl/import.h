/*
 * Loading the files of Inside Airbnb (listings, calendar, reviews): each is read as a stream and sent with
 * COPY into a temporary table, then everything is merged in SQL, all in one transaction. What was imported
 * before is left as it is, so that a second run changes nothing.
 */
#ifndef NEXUS_CTL_IMPORT_H
#define NEXUS_CTL_IMPORT_H

#include "base/date.h"
#include "ctl/copy.h"
#include "ctl/csv.h"
#include "ctl/idset.h"

#define IMPORT_SOURCE "inside-airbnb"

enum import_what {
    IMPORT_LISTINGS,
    IMPORT_HOSTS,
    IMPORT_NIGHTS,
    IMPORT_PRICES,
    IMPORT_REVIEWS,
    IMPORT_WHATS
};
extern const char *const import_names[IMPORT_WHATS];

struct import_count {
    int64_t read, loaded, unchanged, rejected;
};

struct import {
    PGconn *c;
    const char *dir;
    const char *city, *country, *time_zone, *currency;
    const char *move_to;      /* first day of the calendar as loaded, or NULL: as published */
    int exponent;             /* of the currency */
    bool quiet;               /* no progress */
    char listings_path[4096]; /* set by import_read, for reports */
    struct arena *memory;
    struct idset listings, hosts;
    struct import_count counts[IMPORT_WHATS];
};

/* Read the files into the temporary tables. Not found, lost input and database failures are reported. */
enum ctl_exit import_read(struct import *im);
/* Merge them into the tables and fill the counts. */
enum ctl_exit import_merge(struct import *im);

#endif
