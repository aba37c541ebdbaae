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

bool price_convert(int64_t v, int64_t rate, int from_exponent, int to_exponent, int64_t *out)
{
    int up = to_exponent - from_exponent;
    wide n = (wide)(v < 0 ? -v : v), d = power_of_ten(PRICE_RATE_SCALE + (up < 0 ? -up : 0));
    if (__builtin_mul_overflow(n, (wide)rate, &n) ||
        __builtin_mul_overflow(n, power_of_ten(up > 0 ? up : 0), &n) ||
        __builtin_add_overflow(n, d / 2, &n) || n / d > INT64_MAX) {
        return false;
    }
    *out = (int64_t)(n / d) * (v < 0 ? -1 : 1);
    return true;
}
