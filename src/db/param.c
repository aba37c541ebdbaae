/* Parameters in PostgreSQL's binary format: big-endian, arrays with a header. */
#include "db/db.h"

#include <endian.h>
#include <string.h>

/* PostgreSQL counts days and microseconds from 2000-01-01. */
#define PG_EPOCH_DAYS 10957
#define PG_EPOCH_US   INT64_C(946684800000000)

struct db_param db_null(enum db_type type)
{
    return (struct db_param){ type, 0, NULL };
}

static struct db_param copy(struct arena *a, enum db_type type, const void *p, int n)
{
    char *data = arena_alloc(a, (size_t)n);
    memcpy(data, p, (size_t)n);
    return (struct db_param){ type, n, data };
}

static uint32_t be_int4(int32_t v)
{
    return htobe32((uint32_t)v);
}

static uint64_t be_int8(int64_t v)
{
    return htobe64((uint64_t)v);
}

struct db_param db_bool(struct arena *a, bool v)
{
    static const char both[2] = { 0, 1 };
    return (struct db_param){ DB_BOOL, 1, &both[v] };
}

struct db_param db_int4(struct arena *a, int32_t v)
{
    uint32_t be = be_int4(v);
    return copy(a, DB_INT4, &be, sizeof(be));
}

struct db_param db_int8(struct arena *a, int64_t v)
{
    uint64_t be = be_int8(v);
    return copy(a, DB_INT8, &be, sizeof(be));
}

struct db_param db_float8(struct arena *a, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof(bits));
    bits = htobe64(bits);
    return copy(a, DB_FLOAT8, &bits, sizeof(bits));
}

struct db_param db_text(struct str v)
{
    return (struct db_param){ DB_TEXT, (int)v.n, v.p };
}

struct db_param db_bytea(struct str v)
{
    return (struct db_param){ DB_BYTEA, (int)v.n, v.p };
}

struct db_param db_uuid(const struct uuid *v)
{
    return (struct db_param){ DB_UUID, (int)sizeof(v->b), v ? (const char *)v->b : NULL };
}

struct db_param db_date(struct arena *a, date_t v)
{
    uint32_t be = be_int4(v - PG_EPOCH_DAYS);
    return copy(a, DB_DATE, &be, sizeof(be));
}

struct db_param db_timestamptz(struct arena *a, int64_t unix_us)
{
    uint64_t be = be_int8(unix_us - PG_EPOCH_US);
    return copy(a, DB_TIMESTAMPTZ, &be, sizeof(be));
}

/* Room for an array of `n` elements with `bytes` of data in all, its header written. *p is where elements go.
 */
static struct db_param array_start(struct arena *a, enum db_type array, enum db_type element, size_t n,
                                   size_t bytes, char **p)
{
    uint32_t header[5] = { be_int4(n > 0), 0, be_int4((int32_t)element), be_int4((int32_t)n), be_int4(1) };
    size_t header_size = n > 0 ? sizeof(header) : 3 * sizeof(header[0]);
    size_t size = header_size + 4 * n + bytes;
    char *data = arena_alloc(a, size);
    memcpy(data, header, header_size);
    *p = data + header_size;
    return (struct db_param){ array, (int)size, data };
}

static void array_put(char **p, const void *element, size_t n)
{
    uint32_t be = be_int4((int32_t)n);
    memcpy(*p, &be, sizeof(be));
    if (n > 0) {
        memcpy(*p + sizeof(be), element, n);
    }
    *p += sizeof(be) + n;
}

struct db_param db_array(struct arena *a, enum db_type array, enum db_type element, const struct str *v,
                         size_t n)
{
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++) {
        bytes += v[i].n;
    }
    char *p;
    struct db_param out = array_start(a, array, element, n, bytes, &p);
    for (size_t i = 0; i < n; i++) {
        array_put(&p, v[i].p, v[i].n);
    }
    return out;
}

struct db_param db_text_array(struct arena *a, const struct str *v, size_t n)
{
    return db_array(a, DB_TEXT_ARRAY, DB_TEXT, v, n);
}

struct db_param db_uuid_array(struct arena *a, const struct uuid *v, size_t n)
{
    char *p;
    struct db_param out = array_start(a, DB_UUID_ARRAY, DB_UUID, n, n * sizeof(v->b), &p);
    for (size_t i = 0; i < n; i++) {
        array_put(&p, v[i].b, sizeof(v[i].b));
    }
    return out;
}

struct db_param db_int8_array(struct arena *a, const int64_t *v, size_t n)
{
    char *p;
    struct db_param out = array_start(a, DB_INT8_ARRAY, DB_INT8, n, n * sizeof(*v), &p);
    for (size_t i = 0; i < n; i++) {
        uint64_t be = be_int8(v[i]);
        array_put(&p, &be, sizeof(be));
    }
    return out;
}

static struct db_param int4_array(struct arena *a, enum db_type array, enum db_type element, const int32_t *v,
                                  size_t n, int32_t shift)
{
    char *p;
    struct db_param out = array_start(a, array, element, n, n * sizeof(*v), &p);
    for (size_t i = 0; i < n; i++) {
        uint32_t be = be_int4(v[i] - shift);
        array_put(&p, &be, sizeof(be));
    }
    return out;
}

struct db_param db_int4_array(struct arena *a, const int32_t *v, size_t n)
{
    return int4_array(a, DB_INT4_ARRAY, DB_INT4, v, n, 0);
}

struct db_param db_date_array(struct arena *a, const date_t *v, size_t n)
{
    return int4_array(a, DB_DATE_ARRAY, DB_DATE, v, n, PG_EPOCH_DAYS);
}
