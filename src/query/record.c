/* A reader that stops at the first lie. */
#include "query/record.h"

#include <endian.h>

static bool take(struct record_reader *r, void *out, size_t n)
{
    if (r->bad || (size_t)(r->end - r->p) < n) {
        r->bad = true;
        memset(out, 0, n);
        return false;
    }
    memcpy(out, r->p, n);
    r->p += n;
    return true;
}

static uint32_t take4(struct record_reader *r)
{
    uint32_t be;
    take(r, &be, sizeof(be));
    return be32toh(be);
}

struct record_reader record_start(struct cell record)
{
    struct record_reader r = { .p = record.p,
                               .end = record.p ? record.p + record.n : NULL,
                               .bad = !record.p };
    r.left = take4(&r);
    return r;
}

struct record_reader array_start(struct cell array)
{
    struct record_reader r = { .p = array.p, .end = array.p ? array.p + array.n : NULL, .bad = !array.p };
    uint32_t dimensions = take4(&r);
    take4(&r); /* whether there are nulls */
    r.oid = take4(&r);
    if (dimensions == 0) {
        return r;
    }
    r.left = take4(&r);
    take4(&r); /* lower bound */
    r.bad = r.bad || dimensions != 1;
    return r;
}

static struct cell take_value(struct record_reader *r, uint32_t oid)
{
    int32_t length = (int32_t)take4(r);
    if (r->bad || length == -1) {
        return (struct cell){ NULL, 0, oid };
    }
    if (length < 0 || (size_t)length > (size_t)(r->end - r->p)) {
        r->bad = true;
        return (struct cell){ NULL, 0, oid };
    }
    struct cell c = { r->p, (size_t)length, oid };
    r->p += length;
    return c;
}

struct cell record_next(struct record_reader *r)
{
    r->bad = r->bad || r->left == 0;
    if (r->bad) {
        return (struct cell){ 0 };
    }
    r->left--;
    uint32_t oid = take4(r);
    return take_value(r, oid);
}

bool array_next(struct record_reader *r, struct cell *out)
{
    if (r->bad || r->left == 0) {
        return false;
    }
    r->left--;
    *out = take_value(r, r->oid);
    return !r->bad;
}

static uint64_t cell_bits(struct cell c, size_t n, bool *bad)
{
    uint64_t be = 0;
    if (!c.p || c.n != n) {
        *bad = true;
        return 0;
    }
    memcpy((char *)&be + (sizeof(be) - n), c.p, n);
    return be64toh(be);
}

int32_t cell_int4(struct cell c, bool *bad)
{
    return (int32_t)(uint32_t)cell_bits(c, sizeof(int32_t), bad);
}

int64_t cell_int8(struct cell c, bool *bad)
{
    return (int64_t)cell_bits(c, sizeof(int64_t), bad);
}

int64_t cell_int(struct cell c, bool *bad)
{
    switch (c.n) {
    case sizeof(int16_t):
        return (int16_t)(uint16_t)cell_bits(c, sizeof(int16_t), bad);
    case sizeof(int32_t):
        return cell_int4(c, bad);
    default:
        return cell_int8(c, bad);
    }
}

double cell_float8(struct cell c, bool *bad)
{
    uint64_t bits = cell_bits(c, sizeof(bits), bad);
    double v;
    memcpy(&v, &bits, sizeof(v));
    return v;
}
