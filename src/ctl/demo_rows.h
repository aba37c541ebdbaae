/* The rows of each table of the invented content, in the order of foreign keys. */
#ifndef NEXUS_CTL_DEMO_ROWS_H
#define NEXUS_CTL_DEMO_ROWS_H

#include "ctl/copy.h"
#include "ctl/demo.h"

struct demo_writer {
    const struct demo_world *world;
    const int16_t *amenity_ids; /* by index of demo_amenities; 0 where the vocabulary has none */
    struct copy copy;
    struct buf text; /* scratch */
    struct demo_property property;
};

struct demo_rows {
    const char *table;
    const char *columns;
    bool of_users; /* `write` is called for every user, otherwise for every property */
    int lane;      /* tables of one lane share a connection */
    void (*write)(struct demo_writer *w, int64_t number);
};

#define DEMO_LANES 3
extern const struct demo_rows demo_rows[];
extern const int demo_rows_count;

int64_t demo_rows_calls(const struct demo_rows *r, const struct demo_world *w);

#endif
