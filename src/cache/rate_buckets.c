/* A hash table of fixed size, open-addressed within short runs. */
#include "cache/rate_buckets.h"

#include "base/uuid.h"
#include "cache/cache.h"

#include <string.h>
#include <xxhash.h>

static uint64_t seed_of(struct rate_buckets *b)
{
    uint64_t seed = atomic_load_explicit(&b->seed, memory_order_relaxed);
    if (seed == 0) {
        struct uuid random = uuid_v4();
        uint64_t fresh;
        memcpy(&fresh, random.b + 8, sizeof(fresh)); /* its variant bits make it non-zero */
        seed = atomic_compare_exchange_strong(&b->seed, &seed, fresh) ? fresh : seed;
    }
    return seed;
}

static int64_t tat_of(const struct rate_slot *s)
{
    return atomic_load_explicit(&s->tat_us, memory_order_relaxed);
}

/* The key's own bucket, else an unused one, else the one whose bucket is fullest; the latter two emptied. */
static struct rate_slot *slot_of(struct rate_buckets *b, uint64_t hash)
{
    struct rate_slot *run = &b->slot[hash & (RATE_BUCKETS - 1)];
    for (;;) {
        struct rate_slot *victim = NULL;
        uint64_t held = 0;
        for (size_t i = 0; i < RATE_BUCKETS_RUN; i++) {
            uint64_t found = atomic_load(&run[i].hash);
            if (found == hash) {
                return &run[i];
            }
            if (!victim || (held != 0 && (found == 0 || tat_of(&run[i]) < tat_of(victim)))) {
                victim = &run[i];
                held = found;
            }
        }
        if (atomic_compare_exchange_strong(&victim->hash, &held, hash)) {
            if (held != 0) {
                atomic_store(&victim->tat_us, 0);
            }
            return victim;
        }
    }
}

/* Take one event. False without room; *before and *after say what was found and left. */
static bool take(struct rate_slot *s, struct gcra_policy policy, int64_t now_us, int64_t *before,
                 int64_t *after)
{
    int64_t found = atomic_load(&s->tat_us);
    for (;;) {
        *before = gcra_clamp(policy, now_us, found);
        bool room = gcra_has_room(policy, now_us, *before);
        *after = *before + (room ? policy.interval_us : 0);
        if (atomic_compare_exchange_weak(&s->tat_us, &found, *after)) {
            return room;
        }
    }
}

/* Give back what was taken; nobody else's event is lost by it. */
static void put_back(struct rate_slot *s, struct gcra_policy policy)
{
    atomic_fetch_sub(&s->tat_us, policy.interval_us);
}

bool rate_buckets_decide(struct rate_buckets *b, const struct str *keys, const struct gcra_policy *policies,
                         size_t count, int64_t now_us, struct gcra_answer *out)
{
    struct rate_slot *slot[RATE_BUCKETS_MAX];
    bool taken[RATE_BUCKETS_MAX];
    bool allowed = true;
    uint64_t seed = seed_of(b);
    for (size_t i = 0; i < count; i++) {
        int64_t before, after;
        slot[i] = slot_of(b, XXH3_64bits_withSeed(keys[i].p, keys[i].n, seed) | 1u);
        taken[i] = take(slot[i], policies[i], now_us, &before, &after);
        out[i] = gcra_answer(policies[i], now_us, before, after);
        allowed = allowed && taken[i];
    }
    for (size_t i = 0; i < count && !allowed; i++) {
        if (taken[i]) {
            put_back(slot[i], policies[i]);
            out[i].remaining++;
            out[i].reset_us -= policies[i].interval_us;
        }
    }
    return allowed;
}
