/* A hash table of fixed size, open-addressed within short runs. */
#include "cache/rate_buckets.h"

#include "base/uuid.h"

#include <stdlib.h>
#include <xxhash.h>

#define BUCKETS 8192 /* a power of two; 128 KiB, touched only while Redis is away */
#define RUN     8    /* places a key may be in */

struct bucket {
    uint64_t hash; /* 0: unused */
    int64_t tat_us;
};

struct rate_buckets {
    uint64_t seed; /* secret, so that nobody can choose subjects that crowd one run */
    struct bucket slot[BUCKETS + RUN];
};

struct rate_buckets *rate_buckets_create(void)
{
    struct rate_buckets *b = calloc(1, sizeof(*b));
    if (!b) {
        abort();
    }
    struct uuid random = uuid_v4();
    memcpy(&b->seed, random.b + 8, sizeof(b->seed));
    return b;
}

void rate_buckets_free(struct rate_buckets *b)
{
    free(b);
}

/* The key's own bucket, else an unused one, else the one whose bucket is fullest; the latter two emptied. */
static struct bucket *bucket_of(struct rate_buckets *b, uint64_t hash)
{
    struct bucket *run = &b->slot[hash & (BUCKETS - 1)];
    struct bucket *victim = run;
    for (size_t i = 0; i < RUN; i++) {
        if (run[i].hash == hash) {
            return &run[i];
        }
        if (victim->hash != 0 && (run[i].hash == 0 || run[i].tat_us < victim->tat_us)) {
            victim = &run[i];
        }
    }
    *victim = (struct bucket){ .hash = hash };
    return victim;
}

void rate_buckets_decide(struct rate_buckets *b, struct str key, struct gcra_policy policy, int64_t now_us,
                         struct rate_answer *out)
{
    uint64_t hash = XXH3_64bits_withSeed(key.p, key.n, b->seed) | 1u;
    gcra_decide(policy, now_us, &bucket_of(b, hash)->tat_us, out);
    out->local = true;
}
