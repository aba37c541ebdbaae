/* Scripts of Redis. */
#include "cache/script.h"

#include "base/str.h"
#include "cache/connection.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#define WORDS_MAX   16
#define NUMBER_SIZE 24

const char *cache_prefix(const struct cache *c)
{
    return c->options->redis_prefix;
}

/* EVALSHA names a script by the SHA-1 of its text. */
static const char *sha_of(struct cache_script *script)
{
    unsigned char digest[20];
    if (!script->sha[0] &&
        EVP_Digest(script->text, strlen(script->text), digest, NULL, EVP_sha1(), NULL) == 1) {
        for (size_t i = 0; i < sizeof(digest); i++) {
            snprintf(script->sha + 2 * i, 3, "%02x", digest[i]);
        }
    }
    return script->sha;
}

static bool is_noscript(const redisReply *reply)
{
    return reply && reply->type == REDIS_REPLY_ERROR && str_starts(str_from(reply->str), STR("NOSCRIPT"));
}

static bool number_of(const redisReply *reply, int64_t *out)
{
    *out = reply->type == REDIS_REPLY_INTEGER ? reply->integer : -1;
    return *out >= 0;
}

static bool read_answer(const redisReply *reply, int64_t *answer, size_t count)
{
    if (reply->type != REDIS_REPLY_ARRAY) {
        return count == 1 && number_of(reply, answer);
    }
    bool good = reply->elements == count;
    for (size_t i = 0; good && i < count; i++) {
        good = number_of(reply->element[i], &answer[i]);
    }
    return good;
}

static redisReply *run(struct cache *c, struct cache_script *script, struct cache_args *args,
                       const char **words, size_t *lengths)
{
    words[0] = "EVALSHA";
    words[1] = sha_of(script);
    lengths[0] = 7;
    lengths[1] = 40;
    redisReply *reply = cache_command(c, args);
    if (is_noscript(reply)) {
        freeReplyObject(reply);
        words[0] = "EVAL";
        words[1] = script->text;
        lengths[0] = 4;
        lengths[1] = strlen(script->text);
        reply = cache_command(c, args);
    }
    return reply;
}

bool cache_script_run(struct cache *c, struct cache_script *script, const char *const *keys, size_t key_count,
                      const int64_t *numbers, size_t number_count, int64_t *answer, size_t answer_count)
{
    const char *words[WORDS_MAX];
    size_t lengths[WORDS_MAX], n = 2;
    char text[WORDS_MAX][NUMBER_SIZE];
    if (3 + key_count + number_count > WORDS_MAX) {
        abort();
    }
    snprintf(text[n], NUMBER_SIZE, "%zu", key_count);
    words[n] = text[n];
    n++;
    for (size_t i = 0; i < key_count; i++) {
        words[n++] = keys[i];
    }
    for (size_t i = 0; i < number_count; i++, n++) {
        snprintf(text[n], NUMBER_SIZE, "%" PRId64, numbers[i]);
        words[n] = text[n];
    }
    for (size_t i = 2; i < n; i++) {
        lengths[i] = strlen(words[i]);
    }
    struct cache_args args = { (int)n, words, lengths };
    redisReply *reply = cache_begin(c) ? run(c, script, &args, words, lengths) : NULL;
    bool good = reply && read_answer(reply, answer, answer_count);
    if (reply && !good) {
        cache_reject(c, reply->type == REDIS_REPLY_ERROR ? reply->str : "unexpected answer of a script");
    }
    freeReplyObject(reply);
    return good;
}
