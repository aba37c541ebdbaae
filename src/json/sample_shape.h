/* A shape with every type, flag and bound; for the unit tests and the fuzzer. */
#ifndef NEXUS_JSON_SAMPLE_SHAPE_H
#define NEXUS_JSON_SAMPLE_SHAPE_H

#include "json/decode.h"

struct sample_money {
    struct shape_seen seen;
    int64_t amount;
    struct str currency;
};

struct sample_stay {
    struct shape_seen seen;
    date_t from, to;
    int kind;
};

struct sample {
    struct shape_seen seen;
    struct uuid id;              /* path */
    int64_t limit;               /* query */
    struct shape_list amenities; /* query, comma */
    struct shape_list tags;      /* query, repeated */
    double lat;                  /* query */
    bool flexible;               /* query */
    struct str name;
    struct str about;
    struct str email;
    struct str password;
    struct str photo;
    struct str zone;
    int64_t guests;
    int64_t any;
    double rating;
    bool instant;
    int room;
    date_t day;
    struct uuid other;
    struct sample_money price;
    struct sample_money deposit;
    struct shape_list stays;
    struct shape_list numbers;
    struct shape_list grid;
};

enum sample_bit { /* of the fields, in the order of the table */
                  SAMPLE_ID,
                  SAMPLE_LIMIT,
                  SAMPLE_AMENITIES,
                  SAMPLE_TAGS,
                  SAMPLE_LAT,
                  SAMPLE_FLEXIBLE,
                  SAMPLE_NAME,
                  SAMPLE_ABOUT,
                  SAMPLE_EMAIL,
                  SAMPLE_PASSWORD,
                  SAMPLE_PHOTO,
                  SAMPLE_ZONE,
                  SAMPLE_GUESTS,
                  SAMPLE_ANY,
                  SAMPLE_RATING,
                  SAMPLE_INSTANT,
                  SAMPLE_ROOM,
                  SAMPLE_DAY,
                  SAMPLE_OTHER,
                  SAMPLE_PRICE,
                  SAMPLE_DEPOSIT,
                  SAMPLE_STAYS,
                  SAMPLE_NUMBERS,
                  SAMPLE_GRID
};

extern const struct shape sample_shape;

#endif
