/* The one call of a request: quotas and access versions, from Redis or, without it, from this host's memory.
 */
#include "cache/ask.h"

#include "base/clock.h"
#include "cache/announce.h"
#include "cache/connection.h"
#include "cache/script.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#define SUBJECT_MAX 128 /* longer ones are replaced by their hash */
#define KEY_MAX     256
#define STRICT_PARTS                                                                                         \
    2 /* of the limit of a strict bucket, decided without Redis: hosts do not know of each other */

/*
 * KEYS = buckets, then access:all and those of the bearer. ARGV = number of buckets; a fresh value; what to
 * do about access:all: "!" replaces it, a value replaces it when it is that value, "" leaves it; then
 * interval and burst of each bucket. The first part is gcra_decide() in Lua: times are microseconds of the
 * server's clock, whole numbers below 2^53, which Lua's doubles hold exactly; a value that no run of this
 * script wrote counts as no value, and so does one of another type, which MGET leaves out; every bucket
 * expires when it is full again. What is used often is local: globals are looked up by name. Answers now,
 * three numbers a bucket, and the versions in one text, "" when one of them is pending or was written by
 * nobody of ours.
 */
static struct cache_script script = {
    .text = "local call, format, find = redis.call, string.format, string.find\n"
            "local keys, argv, n = KEYS, ARGV, ARGV[1] + 0\n"
            "local t = call('TIME')\n"
            "local now = t[1] * 1000000 + t[2]\n"
            "local kept = call('MGET', unpack(keys))\n"
            "local out, tat, left, pass = {now}, {}, {}, true\n"
            "for i = 1, n do\n"
            "  local interval, v = argv[2 + 2 * i] + 0, kept[i]\n"
            "  local limit = now + interval * argv[3 + 2 * i]\n"
            "  v = v and #v <= 16 and find(v, '^%d+$') and v + 0 or 0\n"
            "  kept[i] = v\n"
            "  if v < now then v = now elseif v > limit then v = limit end\n"
            "  tat[i], left[i] = v, limit - v\n"
            "  pass = pass and limit - v >= interval\n"
            "end\n"
            "for i = 1, n do\n"
            "  local interval, v, rest = argv[2 + 2 * i] + 0, tat[i], left[i]\n"
            "  out[3 * i] = rest < interval and interval - rest or 0\n"
            "  if pass then v, rest = v + interval, rest - interval end\n"
            "  if pass or kept[i] > v then\n"
            "    call('SET', keys[i], format('%d', v), 'PX', format('%d', (v - now) / 1000 + 1))\n"
            "  end\n"
            "  out[3 * i - 1] = (rest - rest % interval) / interval\n"
            "  out[3 * i + 1] = v - now\n"
            "end\n"
            "if #keys > n then\n"
            "  local all = kept[n + 1]\n"
            "  if not all or argv[3] == '!' or all == argv[3] then\n"
            "    all = argv[2]\n"
            "    call('SET', keys[n + 1], all)\n"
            "  end\n"
            "  local versions = #all == 16 and all or ''\n"
            "  for i = n + 2, #keys do\n"
            "    local v = kept[i] or ''\n"
            "    versions = (v == '' or #v == 16) and versions ~= '' and versions .. ' ' .. v or ''\n"
            "  end\n"
            "  out[3 * n + 2] = versions\n"
            "end\n"
            "return out\n",
};

struct ask { /* everything the command is made of */
    const struct cache_question *q;
    struct gcra_policy policies[RATE_BUCKETS_MAX];
    struct str keys[RATE_BUCKETS_MAX];
    char key_texts[RATE_BUCKETS_MAX][KEY_MAX];
    size_t prefix; /* bytes of the configured prefix, of no interest to the local buckets */
    struct str everybody;
};

static void add_text(char *key, size_t *n, struct str text)
{
    size_t room = KEY_MAX - *n;
    size_t size = text.n < room ? text.n : room;
    memcpy(key + *n, text.p, size);
    *n += size;
}

static void make_key(struct cache *c, struct ask *a, size_t i)
{
    const struct rate_bucket *b = &a->q->buckets[i];
    struct str subject = b->subject;
    char hash[17];
    size_t n = 0;
    if (subject.n > SUBJECT_MAX) {
        snprintf(hash, sizeof(hash), "%016" PRIx64, (uint64_t)XXH3_64bits(subject.p, subject.n));
        subject = str_from(hash);
    }
    add_text(a->key_texts[i], &n, str_from(c->options->redis_prefix));
    a->prefix = n;
    add_text(a->key_texts[i], &n, STR("rate:"));
    add_text(a->key_texts[i], &n, str_from(b->policy));
    add_text(a->key_texts[i], &n, STR(":"));
    add_text(a->key_texts[i], &n, subject);
    a->keys[i] = (struct str){ a->key_texts[i], n };
    a->policies[i] = gcra_policy(b->limit);
}

static size_t version_keys(const struct cache_question *q)
{
    return q->versions ? 1 + q->id_count : 0;
}

/* What follows the script: number of keys, keys, arguments. */
static size_t words_of(const struct cache_question *q)
{
    return 1 + q->bucket_count + version_keys(q) + 3 + 2 * q->bucket_count;
}

static void put_question(struct cache *c, const void *data)
{
    const struct ask *a = data;
    const struct cache_question *q = a->q;
    cache_number(c, (int64_t)(q->bucket_count + version_keys(q)));
    for (size_t i = 0; i < q->bucket_count; i++) {
        cache_word(c, a->keys[i]);
    }
    if (q->versions) {
        announce_put_key(c, NULL);
        for (size_t i = 0; i < q->id_count; i++) {
            announce_put_key(c, q->ids[i]);
        }
    }
    cache_number(c, (int64_t)q->bucket_count);
    cache_word(c, str_from(c->fresh));
    cache_word(c, a->everybody);
    for (size_t i = 0; i < q->bucket_count; i++) {
        cache_number(c, a->policies[i].interval_us);
        cache_number(c, a->policies[i].burst);
    }
}

static bool is_answer(const struct cache_question *q, const struct cache_reply *r)
{
    size_t numbers = 1 + 3 * q->bucket_count;
    if (!r->array || r->overflow || r->count != numbers + q->versions) {
        return false;
    }
    for (size_t i = 0; i < numbers; i++) {
        if (r->value[i].type != REDIS_REPLY_INTEGER || r->value[i].integer < 0) {
            return false;
        }
    }
    return !q->versions ||
           (r->value[numbers].type == REDIS_REPLY_STRING && r->value[numbers].text.n < CACHE_VERSION_SIZE);
}

/* What a server says that took the place of another during the very call is not relied on; the next call
 * will. */
static void take_versions(struct cache *c, struct str text, bool replaced, struct cache_versions *versions)
{
    if (replaced) {
        versions->state = VERSIONS_PENDING;
        return;
    }
    c->returned = false;
    versions->state = text.n == 0 ? VERSIONS_PENDING : VERSIONS_KNOWN;
    memcpy(versions->text, text.p, text.n);
    versions->text[text.n] = '\0';
    if (text.n >= CHANGE_VALUE_SIZE - 1) {
        memcpy(c->everybody, text.p, CHANGE_VALUE_SIZE - 1);
    }
}

/* Whether the script has certainly not set the fresh value, so that it is still one that nobody has seen. */
static bool is_still_fresh(const struct cache *c, const struct cache_versions *versions)
{
    return versions->state == VERSIONS_KNOWN && strcmp(c->everybody, c->fresh) != 0;
}

static bool ask_redis(struct cache *c, struct ask *a, int64_t *now_us, struct gcra_answer *answers,
                      struct cache_versions *versions)
{
    const struct cache_question *q = a->q;
    bool owed = q->versions && announce_take_debt(c);
    bool returned = c->returned;
    if (q->versions) {
        if (!c->fresh[0]) {
            announce_fresh(c->fresh);
        }
        a->everybody = owed ? STR("!") : returned ? str_from(c->everybody) : STR("");
    }
    const struct cache_reply *reply = cache_run(c, &script, words_of(q), put_question, a);
    if (!reply || !is_answer(q, reply)) {
        c->fresh[0] = '\0';
        if (owed) {
            announce_owe(c);
        }
        if (reply) {
            cache_script_reject(c, reply);
        }
        return false;
    }
    const struct cache_value *v = reply->value;
    *now_us = v[0].integer;
    for (size_t i = 0; i < q->bucket_count; i++) {
        answers[i] = (struct gcra_answer){ v[1 + 3 * i].integer, v[2 + 3 * i].integer, v[3 + 3 * i].integer };
    }
    if (q->versions) {
        take_versions(c, v[1 + 3 * q->bucket_count].text, c->returned && !returned, versions);
        if (!is_still_fresh(c, versions)) {
            c->fresh[0] = '\0';
        }
    }
    return true;
}

/* Limits that guard passwords stay strict when hosts cannot know of each other; the others let more through.
 */
static void ask_memory(struct cache *c, struct ask *a, int64_t *now_us, struct gcra_answer *answers)
{
    struct str names[RATE_BUCKETS_MAX];
    for (size_t i = 0; i < a->q->bucket_count; i++) {
        names[i] = str_skip(a->keys[i], a->prefix);
        if (a->q->buckets[i].strict) {
            a->policies[i] = gcra_share(a->policies[i], STRICT_PARTS);
        }
    }
    *now_us = clock_mono_us();
    rate_buckets_decide(&c->shared->buckets, names, a->policies, a->q->bucket_count, *now_us, answers);
}

/* The one that refuses longest, else the one with the least left. */
static bool is_tighter(const struct gcra_answer *a, const struct gcra_answer *b)
{
    return a->retry_after_us != b->retry_after_us ? a->retry_after_us > b->retry_after_us
                                                  : a->remaining < b->remaining;
}

static void report(const struct ask *a, const struct gcra_answer *answers, bool local,
                   struct rate_answer *out)
{
    size_t tight = 0;
    *out = (struct rate_answer){ .allowed = true, .local = local };
    if (a->q->bucket_count == 0) {
        return;
    }
    for (size_t i = 1; i < a->q->bucket_count; i++) {
        tight = is_tighter(&answers[i], &answers[tight]) ? i : tight;
    }
    out->bucket = &a->q->buckets[tight];
    out->limit = a->policies[tight].burst;
    out->remaining = answers[tight].remaining;
    out->retry_after_us = answers[tight].retry_after_us;
    out->reset_us = answers[tight].reset_us;
    out->allowed = out->retry_after_us == 0;
}

void cache_decide(struct cache *c, const struct cache_question *q, int64_t *now_us,
                  struct gcra_answer *answers, struct rate_answer *rate, struct cache_versions *versions)
{
    struct ask a;
    a.q = q;
    a.prefix = 0;
    a.everybody = STR("");
    versions->state = VERSIONS_UNKNOWN;
    versions->text[0] = '\0';
    for (size_t i = 0; i < q->bucket_count; i++) {
        make_key(c, &a, i);
    }
    bool local = !cache_begin(c) || !ask_redis(c, &a, now_us, answers, versions);
    if (local) {
        ask_memory(c, &a, now_us, answers);
    }
    report(&a, answers, local, rate);
}

void cache_ask(struct cache *c, const struct cache_question *q, struct rate_answer *rate,
               struct cache_versions *versions)
{
    struct gcra_answer answers[RATE_BUCKETS_MAX];
    int64_t now_us;
    cache_decide(c, q, &now_us, answers, rate, versions);
}
