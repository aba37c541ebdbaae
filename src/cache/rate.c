/* Rate limits: one script call to Redis, or the buckets of this process. */
#include "cache/connection.h"

#include "base/buf.h"
#include "base/clock.h"
#include "cache/gcra.h"
#include "cache/rate.h"
#include "cache/rate_buckets.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#define KEY_MAX     256 /* prefix (64 at most), "rate:", class, subject */
#define SUBJECT_MAX 128 /* longer ones are replaced by their hash */

const char *const rate_class_names[RATE_CLASSES] = {
    [RATE_NONE] = "none",   [RATE_READ] = "read",   [RATE_SEARCH] = "search",
    [RATE_WRITE] = "write", [RATE_LOGIN] = "login",
};

/*
 * gcra_decide() in Lua; KEYS[1] = bucket, ARGV = interval, burst. Times are microseconds of the server's
 * clock: whole numbers below 2^53, which Lua's doubles hold exactly. A value that no run of this script wrote
 * counts as no value. Every bucket expires when it is full again. The script is made of functions that each
 * answer with a table, so that what else a request has to ask (a revocation, say) can be one more function
 * and one more key.
 */
static const char rate_script[] =
    "local function now_us()\n"
    "  local t = redis.call('TIME')\n"
    "  return t[1] * 1000000 + t[2]\n"
    "end\n"
    "local function bucket(key)\n"
    "  local v = redis.pcall('GET', key)\n"
    "  if type(v) == 'string' and #v <= 16 and string.find(v, '^%d+$') then return tonumber(v) end\n"
    "  return 0\n"
    "end\n"
    "local function gcra(key, interval, burst, now)\n"
    "  local window = interval * burst\n"
    "  local found = bucket(key)\n"
    "  local tat = math.min(math.max(found, now), now + window)\n"
    "  local next = tat + interval\n"
    "  local allowed = next <= now + window\n"
    "  local retry = 0\n"
    "  if allowed then tat = next else retry = next - window - now end\n"
    "  if tat ~= found then\n"
    "    redis.call('SET', key, string.format('%.0f', tat), 'PX', math.floor((tat - now) / 1000) + 1)\n"
    "  end\n"
    "  return {allowed and 1 or 0, math.floor((now + window - tat) / interval), retry, tat - now, now}\n"
    "end\n"
    "return gcra(KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), now_us())\n";

enum { ANSWER_ALLOWED, ANSWER_REMAINING, ANSWER_RETRY, ANSWER_RESET, ANSWER_NOW, ANSWER_COUNT };

struct rate_key {
    char text[KEY_MAX];
    size_t length;
    size_t prefix; /* bytes of the configured prefix, of no interest to the local buckets */
};

static bool ask_redis(struct cache *c, const struct rate_key *key, struct gcra_policy policy, int64_t *now_us,
                      struct rate_answer *out);

const struct rate_limit *rate_class_limit(const struct options *o, enum rate_class cls)
{
    switch (cls) {
    case RATE_READ:
        return &o->rate_read;
    case RATE_SEARCH:
        return &o->rate_search;
    case RATE_WRITE:
        return &o->rate_write;
    case RATE_LOGIN:
        return &o->rate_login;
    case RATE_NONE:
    case RATE_CLASSES:
        break;
    }
    return NULL;
}

static int64_t workers_of(const struct options *o)
{
    if (o->workers > 0) {
        return o->workers;
    }
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return 4 * (cores > 0 ? cores : 1);
}

static void key_make(const struct cache *c, enum rate_class cls, struct str subject, struct rate_key *key)
{
    char hash[17];
    if (subject.n > SUBJECT_MAX) {
        snprintf(hash, sizeof(hash), "%016" PRIx64, (uint64_t)XXH3_64bits(subject.p, subject.n));
        subject = str_from(hash);
    }
    int n = snprintf(key->text, sizeof(key->text), "%srate:%s:" STR_FMT, c->options->redis_prefix,
                     rate_class_names[cls], STR_ARG(subject));
    key->length = n > 0 && (size_t)n < sizeof(key->text) ? (size_t)n : sizeof(key->text) - 1;
    key->prefix = strlen(c->options->redis_prefix);
}

void rate_check(struct cache *c, enum rate_class cls, struct str subject, struct rate_answer *out)
{
    const struct rate_limit *limit = rate_class_limit(c->options, cls);
    int64_t now_us;
    if (!limit || limit->count <= 0) {
        *out = (struct rate_answer){ .allowed = true };
        return;
    }
    rate_decide(c, cls, gcra_policy(*limit), subject, &now_us, out);
}

void rate_decide(struct cache *c, enum rate_class cls, struct gcra_policy policy, struct str subject,
                 int64_t *now_us, struct rate_answer *out)
{
    struct rate_key key;
    key_make(c, cls, subject, &key);
    if (!cache_begin(c) || !ask_redis(c, &key, policy, now_us, out)) {
        struct str name = { key.text + key.prefix, key.length - key.prefix };
        *now_us = clock_mono_us();
        rate_buckets_decide(c->buckets, name, gcra_share(policy, workers_of(c->options)), *now_us, out);
    }
}

/* EVALSHA names a script by the SHA-1 of its text. */
static const char *script_sha(struct cache *c)
{
    unsigned char digest[20];
    if (!c->script_sha[0] &&
        EVP_Digest(rate_script, sizeof(rate_script) - 1, digest, NULL, EVP_sha1(), NULL) == 1) {
        for (size_t i = 0; i < sizeof(digest); i++) {
            snprintf(c->script_sha + 2 * i, 3, "%02x", digest[i]);
        }
    }
    return c->script_sha;
}

static bool is_noscript(const redisReply *reply)
{
    return reply && reply->type == REDIS_REPLY_ERROR && str_starts(str_from(reply->str), STR("NOSCRIPT"));
}

/* The server knows the script by its hash; after a restart or SCRIPT FLUSH it is sent once in full. */
static redisReply *run_script(struct cache *c, const struct rate_key *key, struct gcra_policy policy)
{
    char interval[24], burst[24];
    int interval_n = snprintf(interval, sizeof(interval), "%" PRId64, policy.interval_us);
    int burst_n = snprintf(burst, sizeof(burst), "%" PRId64, policy.burst);
    const char *words[] = { "EVALSHA", script_sha(c), "1", key->text, interval, burst };
    size_t lengths[] = { 7, 40, 1, key->length, (size_t)interval_n, (size_t)burst_n };
    struct cache_args args = { 6, words, lengths };
    redisReply *reply = cache_command(c, &args);
    if (is_noscript(reply)) {
        freeReplyObject(reply);
        words[0] = "EVAL";
        lengths[0] = 4;
        words[1] = rate_script;
        lengths[1] = sizeof(rate_script) - 1;
        reply = cache_command(c, &args);
    }
    return reply;
}

static bool is_answer(const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != ANSWER_COUNT) {
        return false;
    }
    for (size_t i = 0; i < ANSWER_COUNT; i++) {
        if (reply->element[i]->type != REDIS_REPLY_INTEGER || reply->element[i]->integer < 0) {
            return false;
        }
    }
    return true;
}

static bool ask_redis(struct cache *c, const struct rate_key *key, struct gcra_policy policy, int64_t *now_us,
                      struct rate_answer *out)
{
    redisReply *reply = run_script(c, key, policy);
    bool good = reply && is_answer(reply);
    if (good) {
        *out = (struct rate_answer){
            .allowed = reply->element[ANSWER_ALLOWED]->integer == 1,
            .limit = policy.burst,
            .remaining = reply->element[ANSWER_REMAINING]->integer,
            .retry_after_us = reply->element[ANSWER_RETRY]->integer,
            .reset_us = reply->element[ANSWER_RESET]->integer,
        };
        *now_us = reply->element[ANSWER_NOW]->integer;
    } else if (reply) {
        cache_reject(c,
                     reply->type == REDIS_REPLY_ERROR ? reply->str : "unexpected answer of the rate script");
    }
    freeReplyObject(reply);
    return good;
}
