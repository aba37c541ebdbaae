/* Reference model of the rate limiter; also used as it is for the local fall-back. */
#include "cache/gcra.h"

/* Keeps interval * burst far below 2^53, the range in which Lua's numbers are exact integers. */
#define BURST_MAX INT64_C(1000000000)

static int64_t max64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t min64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

struct gcra_policy gcra_policy(struct rate_limit limit)
{
    int64_t burst = min64(max64(limit.count, 1), BURST_MAX);
    return (struct gcra_policy){ .interval_us = max64(limit.period_us / burst, 1), .burst = burst };
}

struct gcra_policy gcra_share(struct gcra_policy whole, int64_t workers)
{
    return (struct gcra_policy){ .interval_us = whole.interval_us * max64(workers, 1),
                                 .burst = max64(whole.burst / max64(workers, 1), 1) };
}

void gcra_decide(struct gcra_policy policy, int64_t now_us, int64_t *tat_us, struct rate_answer *out)
{
    int64_t window = policy.interval_us * policy.burst;
    int64_t tat = min64(max64(*tat_us, now_us), now_us + window);
    int64_t next = tat + policy.interval_us;
    bool allowed = next <= now_us + window;
    tat = allowed ? next : tat;
    *tat_us = tat;
    *out = (struct rate_answer){
        .allowed = allowed,
        .limit = policy.burst,
        .remaining = (now_us + window - tat) / policy.interval_us,
        .retry_after_us = allowed ? 0 : next - window - now_us,
        .reset_us = tat - now_us,
    };
}
