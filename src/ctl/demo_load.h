/*
 * Write the invented content. With leave to set session_replication_role (conf/postgresql/roles.sql) three
 * connections load at once without triggers; otherwise one connection loads table after table and PostgreSQL
 * checks every foreign key. Either way nothing is to be seen before all is loaded.
 */
#ifndef NEXUS_CTL_DEMO_LOAD_H
#define NEXUS_CTL_DEMO_LOAD_H

#include "ctl/demo.h"
#include "ctl/pg.h"

struct demo_timing { /* per table, in the order of demo_rows */
    int64_t copy_us, index_us;
};

/* `timings` has demo_rows_count items. */
enum ctl_exit demo_load(const struct options *o, const struct demo_world *w, bool quiet,
                        struct demo_timing *timings);

#endif
