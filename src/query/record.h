/*
 * Reading PostgreSQL's binary form of values, records and arrays (src/backend/utils/adt/rowtypes.c,
 * arrayfuncs.c). The bytes come from a server we trust, but no length in them is believed: every read is
 * checked against what is left, and the first that does not fit marks the reader as bad, after which
 * everything reads as nothing.
 */
#ifndef NEXUS_QUERY_RECORD_H
#define NEXUS_QUERY_RECORD_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct record_reader {
    const char *p, *end;
    uint32_t left; /* columns or elements not read yet */
    uint32_t oid;  /* element type of an array */
    bool bad;
};

/* pg_type.dat */
#define INT2_OID   21
#define INT4_OID   23
#define RECORD_OID 2249

/* p NULL is SQL null. */
struct cell {
    const char *p;
    size_t n;
    uint32_t oid; /* of a record's column or an array's element; 0 at the top level of a result */
};

struct record_reader record_start(struct cell record);
/* One-dimensional, or empty. */
struct record_reader array_start(struct cell array);
/* The next column of a record. Bad when there is none. */
struct cell record_next(struct record_reader *r);
/* The next element of an array; false at the end (and when it is bad). */
bool array_next(struct record_reader *r, struct cell *out);

/* The value must have exactly the size; else *bad is set and 0 returned. */
int32_t cell_int4(struct cell c, bool *bad);
int64_t cell_int8(struct cell c, bool *bad);
double cell_float8(struct cell c, bool *bad);
/* int2, int4 or int8, as the size says. */
int64_t cell_int(struct cell c, bool *bad);

#endif
