/* The binary COPY format (PostgreSQL manual, COPY, "Binary Format") and the send functions of its types. */
#include "db/copy.h"

#include <endian.h>

#define PIECE                 (256 * 1024)
#define BUFFER_MAX            (4 * 1024 * 1024)
#define EPOCH_DAYS            10957 /* 2000-01-01, where PostgreSQL's dates begin */
#define EPOCH_US              ((int64_t)946684800 * 1000000)
#define INT2_OID              21
#define RANGE_LOWER_INCLUSIVE 0x02
#define PG_INET               2 /* PGSQL_AF_INET and PGSQL_AF_INET6, whatever the platform calls them */
#define PG_INET6              3

static void send(struct copy *cp)
{
    if (!cp->failed && (cp->b.overflow || PQputCopyData(cp->c, cp->b.p, (int)cp->b.n) != 1)) {
        cp->failed = true;
    }
    buf_reset(&cp->b);
}

static void put2(struct copy *cp, uint16_t v)
{
    v = htobe16(v);
    buf_add(&cp->b, &v, 2);
}

static void put4(struct copy *cp, uint32_t v)
{
    v = htobe32(v);
    buf_add(&cp->b, &v, 4);
}

static void put8(struct copy *cp, uint64_t v)
{
    v = htobe64(v);
    buf_add(&cp->b, &v, 8);
}

static void put_double(struct copy *cp, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof(bits));
    put8(cp, bits);
}

void copy_start(struct copy *cp, PGconn *c)
{
    static const char signature[] =
        "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0"; /* the literal's own NUL is the last of 19 bytes */
    *cp = (struct copy){ .c = c };
    buf_init(&cp->b, BUFFER_MAX);
    buf_add(&cp->b, signature, sizeof(signature));
}

void copy_stop(struct copy *cp)
{
    put2(cp, 0xffff);
    if (cp->c) {
        send(cp);
    }
}

void copy_row(struct copy *cp, int fields)
{
    if (cp->c && cp->b.n >= PIECE) {
        send(cp);
    }
    put2(cp, (uint16_t)fields);
}

void copy_null(struct copy *cp)
{
    put4(cp, 0xffffffffu);
}

void copy_bool(struct copy *cp, bool v)
{
    put4(cp, 1);
    buf_addc(&cp->b, (char)v);
}

void copy_int2(struct copy *cp, int v)
{
    put4(cp, 2);
    put2(cp, (uint16_t)v);
}

void copy_int4(struct copy *cp, int32_t v)
{
    put4(cp, 4);
    put4(cp, (uint32_t)v);
}

void copy_int8(struct copy *cp, int64_t v)
{
    put4(cp, 8);
    put8(cp, (uint64_t)v);
}

void copy_float8(struct copy *cp, double v)
{
    put4(cp, 8);
    put_double(cp, v);
}

void copy_text(struct copy *cp, struct str v)
{
    put4(cp, (uint32_t)v.n);
    buf_adds(&cp->b, v);
}

void copy_textz(struct copy *cp, const char *v)
{
    copy_text(cp, str_from(v));
}

void copy_uuid(struct copy *cp, const struct uuid *v)
{
    put4(cp, sizeof(v->b));
    buf_add(&cp->b, v->b, sizeof(v->b));
}

void copy_date(struct copy *cp, date_t v)
{
    copy_int4(cp, v - EPOCH_DAYS);
}

void copy_timestamptz(struct copy *cp, int64_t unix_us)
{
    copy_int8(cp, unix_us - EPOCH_US);
}

void copy_inet(struct copy *cp, const struct address *v)
{
    bool v4 = address_is_v4(v);
    unsigned size = v4 ? 4 : sizeof(v->b);
    put4(cp, 4 + size);
    buf_addc(&cp->b, v4 ? PG_INET : PG_INET6);
    buf_addc(&cp->b, (char)(8 * size)); /* of the prefix */
    buf_addc(&cp->b, 0);                /* no network */
    buf_addc(&cp->b, (char)size);
    buf_add(&cp->b, v->b + sizeof(v->b) - size, size);
}

void copy_point(struct copy *cp, double x, double y)
{
    put4(cp, 16);
    put_double(cp, x);
    put_double(cp, y);
}

/* Digits of base 10000: the whole part and, when there is a half, 5000. */
void copy_halves(struct copy *cp, int halves)
{
    int digits = halves == 0 ? 0 : halves % 2 ? 2 : 1;
    put4(cp, 8 + 2 * (uint32_t)digits);
    put2(cp, (uint16_t)digits);
    put2(cp, 0); /* weight of the first digit */
    put2(cp, 0); /* positive */
    put2(cp, 1); /* decimals shown */
    if (digits > 0) {
        put2(cp, (uint16_t)(halves / 2));
    }
    if (digits > 1) {
        put2(cp, 5000);
    }
}

void copy_daterange(struct copy *cp, struct copy_range r)
{
    put4(cp, 17);
    buf_addc(&cp->b, RANGE_LOWER_INCLUSIVE);
    copy_date(cp, r.from);
    copy_date(cp, r.to);
}

void copy_datemultirange(struct copy *cp, const struct copy_range *r, int n)
{
    put4(cp, 4 + (uint32_t)n * 21);
    put4(cp, (uint32_t)n);
    for (int i = 0; i < n; i++) {
        copy_daterange(cp, r[i]);
    }
}

void copy_int2_array(struct copy *cp, const int16_t *v, int n)
{
    put4(cp, n == 0 ? 12 : 20 + (uint32_t)n * 6);
    put4(cp, n == 0 ? 0 : 1); /* dimensions */
    put4(cp, 0);              /* no nulls */
    put4(cp, INT2_OID);
    if (n > 0) {
        put4(cp, (uint32_t)n);
        put4(cp, 1); /* lower bound */
    }
    for (int i = 0; i < n; i++) {
        copy_int2(cp, v[i]);
    }
}
