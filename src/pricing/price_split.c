/* Shares, splits and conversions: the only places where money is rounded. */
#include "pricing/price_engine.h"

#include <stdlib.h>

__extension__ typedef __int128 wide;

static int64_t narrow(wide v)
{
    return v > INT64_MAX ? INT64_MAX : (int64_t)v;
}

int64_t price_share(int64_t v, int64_t ppm, int64_t divisor)
{
    return narrow(((wide)v * ppm * 2 + divisor) / ((wide)divisor * 2));
}

struct remainder {
    wide rest;
    size_t place;
};

/* The largest first, the first of equals first. */
static int by_size(const void *a, const void *b)
{
    const struct remainder *x = a, *y = b;
    if (x->rest != y->rest) {
        return x->rest > y->rest ? -1 : 1;
    }
    return x->place < y->place ? -1 : 1;
}

void price_split(struct arena *a, int64_t total, const int64_t *weights, size_t n, int64_t *out)
{
    struct remainder *rests = ARENA_ARRAY(a, struct remainder, n);
    wide sum = 0;
    int64_t left = total;
    for (size_t i = 0; i < n; i++) {
        sum += weights[i];
    }
    bool equal = sum == 0;
    sum = equal ? (wide)n : sum;
    for (size_t i = 0; i < n; i++) {
        wide product = (wide)total * (equal ? 1 : weights[i]);
        out[i] = (int64_t)(product / sum);
        rests[i] = (struct remainder){ product % sum, i };
        left -= out[i];
    }
    if (left > 0) {
        qsort(rests, n, sizeof(rests[0]), by_size);
    }
    for (size_t i = 0; i < (size_t)left; i++) {
        out[rests[i].place]++;
    }
}

static wide power_of_ten(int n)
{
    wide p = 1;
    while (n-- > 0) {
        p *= 10;
    }
    return p;
}

/* v * rate in the other currency's minor units is *n / *d. */
static bool fraction_of(int64_t v, const struct price_rate *r, wide *n, wide *d)
{
    int up = r->to_exponent - r->from_exponent;
    *d = power_of_ten(PRICE_RATE_SCALE + (up < 0 ? -up : 0));
    return !__builtin_mul_overflow((wide)v, (wide)r->rate, n) &&
           !__builtin_mul_overflow(*n, power_of_ten(up > 0 ? up : 0), n) &&
           *n / *d<INT64_MAX && * n / *d> - INT64_MAX;
}

bool price_convert(int64_t v, const struct price_rate *rate, int64_t *out)
{
    wide n, d;
    if (!fraction_of(v, rate, &n, &d)) {
        return false;
    }
    *out = (int64_t)((n + (n < 0 ? -d : d) / 2) / d);
    return true;
}

bool price_convert_parts(struct arena *a, const int64_t *v, size_t count, const struct price_rate *rate,
                         int64_t *out, int64_t *sum)
{
    struct remainder *rests = ARENA_ARRAY(a, struct remainder, count);
    int64_t exact = 0, left;
    wide n, d;
    for (size_t i = 0; i < count; i++) {
        exact += v[i];
    }
    if (!price_convert(exact, rate, sum)) {
        return false;
    }
    left = *sum;
    for (size_t i = 0; i < count; i++) {
        if (!fraction_of(v[i], rate, &n, &d)) {
            return false;
        }
        wide down = n / d - (n % d < 0);
        out[i] = (int64_t)down;
        rests[i] = (struct remainder){ n - down * d, i };
        left -= out[i];
    }
    qsort(rests, count, sizeof(rests[0]), by_size);
    for (size_t i = 0; i < count && left > 0; i++, left--) {
        out[rests[i].place]++;
    }
    return true;
}
