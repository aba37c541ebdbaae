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

struct gcra_policy gcra_share(struct gcra_policy whole, int64_t parts)
{
    return (struct gcra_policy){ .interval_us = whole.interval_us * max64(parts, 1),
                                 .burst = max64(whole.burst / max64(parts, 1), 1) };
}

static int64_t window_of(struct gcra_policy policy)
{
    return policy.interval_us * policy.burst;
}

int64_t gcra_clamp(struct gcra_policy policy, int64_t now_us, int64_t tat_us)
{
    return min64(max64(tat_us, now_us), now_us + window_of(policy));
}

bool gcra_has_room(struct gcra_policy policy, int64_t now_us, int64_t clamped_us)
{
    return clamped_us + policy.interval_us <= now_us + window_of(policy);
}

struct gcra_answer gcra_answer(struct gcra_policy policy, int64_t now_us, int64_t before_us, int64_t after_us)
{
    int64_t end = now_us + window_of(policy);
    return (struct gcra_answer){
        .remaining = (end - after_us) / policy.interval_us,
        .retry_after_us = max64(before_us + policy.interval_us - end, 0),
        .reset_us = after_us - now_us,
    };
}

bool gcra_decide(const struct gcra_policy *policies, size_t count, int64_t now_us, int64_t *tat_us,
                 struct gcra_answer *out)
{
    bool allowed = true;
    for (size_t i = 0; i < count; i++) {
        tat_us[i] = gcra_clamp(policies[i], now_us, tat_us[i]);
        allowed = allowed && gcra_has_room(policies[i], now_us, tat_us[i]);
    }
    for (size_t i = 0; i < count; i++) {
        int64_t before = tat_us[i];
        tat_us[i] += allowed ? policies[i].interval_us : 0;
        out[i] = gcra_answer(policies[i], now_us, before, tat_us[i]);
    }
    return allowed;
}
