/* Inside src/cache: scripts, known to the server by the SHA-1 of their text. */
#ifndef NEXUS_CACHE_SCRIPT_H
#define NEXUS_CACHE_SCRIPT_H

#include "cache/connection.h"

#define CACHE_SHA_SIZE 41 /* hexadecimal, and NUL */

struct cache_script {
    const char *text;
    char sha[CACHE_SHA_SIZE]; /* "" until it is computed */
};

/*
 * Within a call (cache_begin): run a script. `put` writes the `words` that follow it: number of keys, keys,
 * arguments. One round trip, two when the server has to be told the text. As cache_command.
 */
const struct cache_reply *cache_run(struct cache *c, struct cache_script *script, size_t words,
                                    void (*put)(struct cache *c, const void *data), const void *data);

/*
 * A whole call to a script that takes numbers and answers with whole numbers not below zero: an array of
 * `answer_count`, or one number. False without Redis, or when the answer is another; the circuit is open
 * then.
 */
bool cache_script_run(struct cache *c, struct cache_script *script, const char *const *keys, size_t key_count,
                      const int64_t *numbers, size_t number_count, int64_t *answer, size_t answer_count);

/* An answer that was not the expected one: close the connection, and remember what the server said. */
void cache_script_reject(struct cache *c, const struct cache_reply *reply);

const char *cache_prefix(const struct cache *c);

#endif
