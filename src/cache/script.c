/* Scripts of Redis. */
#include "cache/script.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

struct call { /* what a script of numbers is given */
    const char *const *keys;
    size_t key_count;
    const int64_t *numbers;
    size_t number_count;
};

const char *cache_prefix(const struct cache *c)
{
    return c->options->redis_prefix;
}

static struct str sha_of(struct cache_script *script)
{
    unsigned char digest[20];
    if (!script->sha[0] &&
        EVP_Digest(script->text, strlen(script->text), digest, NULL, EVP_sha1(), NULL) == 1) {
        for (size_t i = 0; i < sizeof(digest); i++) {
            snprintf(script->sha + 2 * i, 3, "%02x", digest[i]);
        }
    }
    return (struct str){ script->sha, CACHE_SHA_SIZE - 1 };
}

static bool is_noscript(const struct cache_reply *r)
{
    return r && !r->array && r->value[0].type == REDIS_REPLY_ERROR &&
           str_starts(r->value[0].text, STR("NOSCRIPT"));
}

const struct cache_reply *cache_run(struct cache *c, struct cache_script *script, size_t words,
                                    void (*put)(struct cache *c, const void *data), const void *data)
{
    cache_words(c, words + 2);
    cache_word(c, STR("EVALSHA"));
    cache_word(c, sha_of(script));
    put(c, data);
    const struct cache_reply *reply = cache_command(c);
    if (is_noscript(reply)) {
        cache_words(c, words + 2);
        cache_word(c, STR("EVAL"));
        cache_word(c, str_from(script->text));
        put(c, data);
        reply = cache_command(c);
    }
    return reply;
}

void cache_script_reject(struct cache *c, const struct cache_reply *reply)
{
    bool said = reply->count > 0 && reply->value[0].type == REDIS_REPLY_ERROR;
    cache_reject(c, said ? reply->value[0].text.p : "unexpected answer of a script");
}

static void put_call(struct cache *c, const void *data)
{
    const struct call *call = data;
    cache_number(c, (int64_t)call->key_count);
    for (size_t i = 0; i < call->key_count; i++) {
        cache_word(c, str_from(call->keys[i]));
    }
    for (size_t i = 0; i < call->number_count; i++) {
        cache_number(c, call->numbers[i]);
    }
}

static bool read_answer(const struct cache_reply *r, int64_t *answer, size_t count)
{
    bool good = !r->overflow && r->count == count;
    for (size_t i = 0; good && i < count; i++) {
        answer[i] = r->value[i].integer;
        good = r->value[i].type == REDIS_REPLY_INTEGER && answer[i] >= 0;
    }
    return good;
}

bool cache_script_run(struct cache *c, struct cache_script *script, const char *const *keys, size_t key_count,
                      const int64_t *numbers, size_t number_count, int64_t *answer, size_t answer_count)
{
    const struct call call = { keys, key_count, numbers, number_count };
    if (!cache_begin(c)) {
        return false;
    }
    const struct cache_reply *reply = cache_run(c, script, 1 + key_count + number_count, put_call, &call);
    bool good = reply && read_answer(reply, answer, answer_count);
    if (reply && !good) {
        cache_script_reject(c, reply);
    }
    return good;
}
