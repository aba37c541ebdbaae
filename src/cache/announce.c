/*
 * Access versions. The version of a user (client) is a random value that changes with every change of what
 * his tokens are good for, and "pending" from shortly before such a change is committed until shortly after.
 * A missing one is a value too: no change for a long time. That of everybody is never missing while anybody
 * relies on it: the script in ask.c sets it.
 */
#include "cache/announce.h"

#include "cache/connection.h"
#include "cache/script.h"

#include <string.h>

/* Longer than anything loaded before the change is relied on (http/access.c), or a commit may take. */
#define PENDING_S 120
#define DONE_S    3600

/* KEYS = versions, ARGV = value, seconds it is kept or 0 for good. */
static struct cache_script script = {
    .text = "for i = 1, #KEYS do\n"
            "  if ARGV[2] == '0' then redis.call('SET', KEYS[i], ARGV[1])\n"
            "  else redis.call('SET', KEYS[i], ARGV[1], 'EX', ARGV[2]) end\n"
            "end\n"
            "return #KEYS\n",
};

struct change {
    const struct uuid *ids;
    size_t count; /* 0: everybody */
    struct str value;
    int seconds;
};

void announce_fresh(char value[CHANGE_VALUE_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    struct uuid random = uuid_v4();
    for (size_t i = 0; i < 8; i++) {
        uint8_t byte = random.b[i < 6 ? i : i + 3]; /* not those of version and variant */
        value[2 * i] = digits[byte >> 4];
        value[2 * i + 1] = digits[byte & 15];
    }
    value[CHANGE_VALUE_SIZE - 1] = '\0';
}

void announce_put_key(struct cache *c, const struct uuid *id)
{
    static const char middle[] = "access:u:";
    char key[64 + sizeof(middle) + UUID_TEXT_SIZE];
    size_t n = strlen(c->options->redis_prefix); /* 64 at most: options.def */
    memcpy(key, c->options->redis_prefix, n);
    if (id) {
        memcpy(key + n, middle, sizeof(middle) - 1);
        uuid_format(key + n + sizeof(middle) - 1, id);
        n += sizeof(middle) - 1 + UUID_TEXT_SIZE - 1;
    } else {
        memcpy(key + n, "access:all", 10);
        n += 10;
    }
    cache_word(c, (struct str){ key, n });
}

static void put_change(struct cache *c, const void *data)
{
    const struct change *change = data;
    cache_number(c, change->count ? (int64_t)change->count : 1);
    if (change->count == 0) {
        announce_put_key(c, NULL);
    }
    for (size_t i = 0; i < change->count; i++) {
        announce_put_key(c, &change->ids[i]);
    }
    cache_word(c, change->value);
    cache_number(c, change->seconds);
}

static bool tell(struct cache *c, const struct change *change)
{
    if (!cache_begin(c)) {
        return false;
    }
    size_t keys = change->count ? change->count : 1;
    const struct cache_reply *reply = cache_run(c, &script, 1 + keys + 2, put_change, change);
    bool told = reply && !reply->array && reply->value[0].type == REDIS_REPLY_INTEGER;
    if (reply && !told) {
        cache_script_reject(c, reply);
    }
    return told;
}

bool cache_announce(struct cache *c, enum cache_phase phase, const struct uuid *ids, size_t count)
{
    char fresh[CHANGE_VALUE_SIZE];
    struct change change = { .ids = ids, .count = count, .value = STR("pending"), .seconds = PENDING_S };
    if (phase == CHANGE_DONE) {
        announce_fresh(fresh);
        change.value = str_from(fresh);
        change.seconds = count ? DONE_S : 0;
    }
    bool told = tell(c, &change);
    if (!told) {
        announce_owe(c);
    }
    return told;
}

void announce_owe(struct cache *c)
{
    atomic_store(&c->shared->owed, 1);
    atomic_fetch_add(&c->shared->epoch, 1);
}

bool announce_take_debt(struct cache *c)
{
    return atomic_load_explicit(&c->shared->owed, memory_order_relaxed) != 0 &&
           atomic_exchange(&c->shared->owed, 0) != 0;
}

uint64_t cache_epoch(const struct cache *c)
{
    return atomic_load(&c->shared->epoch);
}

void cache_idle(struct cache *c)
{
    if (cache_usable(c) && announce_take_debt(c)) {
        (void)cache_announce(c, CHANGE_DONE, NULL, 0);
    }
}
