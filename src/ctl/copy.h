/* COPY of rows (db/copy.h) on a connection of nexusctl. After a failure everything is dropped until copy_end,
 * which says what it was. */
#ifndef NEXUS_CTL_COPY_H
#define NEXUS_CTL_COPY_H

#include "ctl/pg.h"
#include "db/copy.h"

/* `sql` is the whole COPY statement. False after the reason has been printed. */
bool copy_begin(struct copy *cp, PGconn *c, const char *sql);
bool copy_end(struct copy *cp);

#endif
