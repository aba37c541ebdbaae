/*
 * Faster loading of an empty table: its secondary indexes and its unique and exclusion constraints are
 * dropped and made again from the full table, in the transaction that loads it. Whoever else looks never sees
 * the table without them, and a load that ends half-way leaves them as they were.
 */
#ifndef NEXUS_CTL_INDEXES_H
#define NEXUS_CTL_INDEXES_H

#include "base/arena.h"
#include "ctl/pg.h"

#define INDEXES_MAX 16

struct indexes {
    const char *make[INDEXES_MAX];   /* SQL; memory in the arena */
    const char *settle[INDEXES_MAX]; /* SQL to run afterwards, or "" */
    int count;
    bool truncated; /* in this transaction, so that COPY may write frozen rows */
};

/*
 * Nothing is dropped when the table has rows. An empty one that nothing refers to is also truncated. False
 * after the reason has been printed.
 */
bool indexes_drop(PGconn *c, const char *table, struct arena *a, struct indexes *out);
bool indexes_make(PGconn *c, const struct indexes *x);

#endif
