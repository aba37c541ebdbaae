/* Nearest names by optimal string alignment distance, three rows at a time. */
#include "base/near.h"

#include <stdlib.h>

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* A third of the letters may be wrong, three at most. */
static unsigned near_bound(struct str given)
{
    return least(3, given.n < 3 ? 1 : (unsigned)given.n / 3);
}

struct near near_start(struct str given)
{
    return (struct near){ given, NULL, near_bound(given) + 1 };
}

void near_offer(struct near *n, const char *name)
{
    if (n->distance == 0) {
        return;
    }
    unsigned d = near_distance(n->given, str_from(name), n->distance - 1);
    if (d < n->distance) {
        n->distance = d;
        n->best = name;
    }
}

const char *near_best(const struct near *n)
{
    return n->best;
}

unsigned near_distance(struct str a, struct str b, unsigned bound)
{
    size_t apart = a.n > b.n ? a.n - b.n : b.n - a.n;
    if (a.n > NEAR_LENGTH_MAX || b.n > NEAR_LENGTH_MAX || apart > bound) {
        return bound + 1;
    }
    unsigned rows[3][NEAR_LENGTH_MAX + 1];
    unsigned *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b.n; j++) {
        above[j] = (unsigned)j;
    }
    for (size_t i = 1; i <= a.n; i++) {
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b.n; j++) {
            unsigned change = above[j - 1] + (a.p[i - 1] != b.p[j - 1]);
            row[j] = least(change, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1]) {
                row[j] = least(row[j], before[j - 2] + 1);
            }
        }
        unsigned *oldest = before;
        before = above;
        above = row;
        row = oldest;
    }
    return least(above[b.n], bound + 1);
}
