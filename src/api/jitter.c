/* Random spread of intervals and limits. */
#include "api/jitter.h"

#include <sys/random.h>

int64_t jitter(int64_t value, int percent)
{
    uint32_t r = 0;
    (void)!getrandom(&r, sizeof r, GRND_NONBLOCK); /* without randomness yet: no spread, nothing worse */
    int64_t span = value * percent / 100;
    return span > 0 ? value - span + (int64_t)(r % (uint64_t)(2 * span + 1)) : value;
}
