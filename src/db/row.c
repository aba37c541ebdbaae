/* Columns of a binary row. A column of another type than asked for is a bug in the statement: it aborts. */
#include "db/db.h"

#include "base/log.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#define PG_EPOCH_DAYS 10957
#define PG_EPOCH_US   INT64_C(946684800000000)

static const char *fixed(const PGresult *r, int row, int col, int size)
{
    if (PQgetlength(r, row, col) != size || !PQfformat(r, col)) {
        LOG(LOG_ERROR, "column has another type than the program expects",
            LOG_TEXT("column", PQfname(r, col)), LOG_NUM("oid", PQftype(r, col)),
            LOG_NUM("length", PQgetlength(r, row, col)), LOG_NUM("row", row));
        abort();
    }
    return PQgetvalue(r, row, col);
}

static uint64_t get64(const PGresult *r, int row, int col)
{
    uint64_t be;
    memcpy(&be, fixed(r, row, col, sizeof(be)), sizeof(be));
    return be64toh(be);
}

bool db_is_null(const PGresult *r, int row, int col)
{
    return PQgetisnull(r, row, col);
}

bool db_get_bool(const PGresult *r, int row, int col)
{
    return *fixed(r, row, col, 1) != 0;
}

int32_t db_get_int4(const PGresult *r, int row, int col)
{
    uint32_t be;
    memcpy(&be, fixed(r, row, col, sizeof(be)), sizeof(be));
    return (int32_t)be32toh(be);
}

int64_t db_get_int8(const PGresult *r, int row, int col)
{
    return (int64_t)get64(r, row, col);
}

double db_get_float8(const PGresult *r, int row, int col)
{
    uint64_t bits = get64(r, row, col);
    double v;
    memcpy(&v, &bits, sizeof(v));
    return v;
}

struct str db_get_text(const PGresult *r, int row, int col)
{
    return PQgetisnull(r, row, col)
               ? STR_NONE
               : (struct str){ PQgetvalue(r, row, col), (size_t)PQgetlength(r, row, col) };
}

struct uuid db_get_uuid(const PGresult *r, int row, int col)
{
    struct uuid u;
    memcpy(u.b, fixed(r, row, col, sizeof(u.b)), sizeof(u.b));
    return u;
}

date_t db_get_date(const PGresult *r, int row, int col)
{
    return db_get_int4(r, row, col) + PG_EPOCH_DAYS;
}

int64_t db_get_timestamptz(const PGresult *r, int row, int col)
{
    return db_get_int8(r, row, col) + PG_EPOCH_US;
}
