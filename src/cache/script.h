/* Inside src/cache: scripts that take numbers and answer with whole numbers not below zero. */
#ifndef NEXUS_CACHE_SCRIPT_H
#define NEXUS_CACHE_SCRIPT_H

#include "cache/cache.h"

struct cache_script {
    const char *text;
    char sha[41]; /* hexadecimal; filled on first use */
};

/*
 * One round trip, two when the server has to be told the script. The answer must be an array of
 * `answer_count` numbers, or one number. False without Redis, or when the answer is another; the circuit is
 * open then.
 */
bool cache_script_run(struct cache *c, struct cache_script *script, const char *const *keys, size_t key_count,
                      const int64_t *numbers, size_t number_count, int64_t *answer, size_t answer_count);

const char *cache_prefix(const struct cache *c);

#endif
