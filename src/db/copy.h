/*
 * Rows for COPY ... FROM STDIN (FORMAT binary), put together field by field. The fields must have the types
 * of the columns.
 */
#ifndef NEXUS_DB_COPY_H
#define NEXUS_DB_COPY_H

#include "base/address.h"
#include "base/buf.h"
#include "base/date.h"
#include "base/uuid.h"

#include <libpq-fe.h>
#include <stdbool.h>

struct copy {
    PGconn *c;    /* in COPY: rows are sent to it in large pieces; NULL: all are kept in b, at most 4 MB */
    struct buf b; /* the caller frees it */
    bool failed;  /* a piece could not be sent; everything after it is dropped */
};

void copy_start(struct copy *cp, PGconn *c);
void copy_stop(struct copy *cp);

void copy_row(struct copy *cp, int fields);
void copy_null(struct copy *cp);
void copy_bool(struct copy *cp, bool v);
void copy_int2(struct copy *cp, int v);
void copy_int4(struct copy *cp, int32_t v);
void copy_int8(struct copy *cp, int64_t v);
void copy_float8(struct copy *cp, double v);
void copy_text(struct copy *cp, struct str v);
void copy_textz(struct copy *cp, const char *v);
void copy_uuid(struct copy *cp, const struct uuid *v);
void copy_date(struct copy *cp, date_t v);
void copy_timestamptz(struct copy *cp, int64_t unix_us);
void copy_inet(struct copy *cp, const struct address *v);
void copy_point(struct copy *cp, double x, double y);
void copy_halves(struct copy *cp, int halves); /* numeric with one decimal: halves / 2; below 20000 */
/* Half-open ranges, ascending and not touching, as daterange and as datemultirange. */
struct copy_range {
    date_t from, to;
};
void copy_daterange(struct copy *cp, struct copy_range r);
void copy_datemultirange(struct copy *cp, const struct copy_range *r, int n);
void copy_int2_array(struct copy *cp, const int16_t *v, int n);

#endif
