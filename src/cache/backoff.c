/* Counting failures: one script call when an attempt begins, one when it ends. */
#include "cache/backoff.h"

#include "base/clock.h"
#include "cache/script.h"

#include <inttypes.h>
#include <stdio.h>

#define KEY_MAX        256
#define PLACE_SECONDS  2592000 /* how long a place is remembered: 30 days */
#define MS             1000
#define FORGET_SECONDS "3600"

_Static_assert(BACKOFF_FORGET_MS == 3600 * MS, "both counts forget alike");

/*
 * The same decisions as base/backoff_table.c. A value is "failures last"; one that no run of these scripts
 * wrote counts as none.
 *
 * begin: KEYS = mark of the place, account, account from this place, network; ARGV = free, first, most of the
 * account, of the network. Answer: allowed, wait, whether the place is known, now, and both counts before.
 */
static struct cache_script begin_script = {
    .text = "local t = redis.call('TIME')\n"
            "local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"
            "local function delay(failures, free, first, most)\n"
            "  if free <= 0 or failures < free then return 0 end\n"
            "  return math.min(first * 2 ^ math.min(failures - free, 40), most)\n"
            "end\n"
            "local function read(key, free, first, most)\n"
            "  local v = redis.pcall('GET', key)\n"
            "  local n, last\n"
            "  if type(v) == 'string' then n, last = string.match(v, '^(%d+) (%d+)$') end\n"
            "  n, last = tonumber(n or 0), tonumber(last or 0)\n"
            "  local till = last + delay(n, free, first, most)\n"
            "  if now - till >= " FORGET_SECONDS "000 or last > now then return 0, 0, 0 end\n"
            "  return n, last, n > 0 and math.max(till - now, 0) or 0\n"
            "end\n"
            "local function write(key, n, free, first, most)\n"
            "  n = math.min(n + 1, 10000)\n"
            "  local seconds = " FORGET_SECONDS " + math.ceil(delay(n, free, first, most) / 1000)\n"
            "  redis.call('SET', key, string.format('%.0f %.0f', n, now), 'EX', seconds)\n"
            "end\n"
            "local p = {}\n"
            "for i = 1, 6 do p[i] = tonumber(ARGV[i]) end\n"
            "local known = redis.call('EXISTS', KEYS[1])\n"
            "local account = known == 1 and KEYS[3] or KEYS[2]\n"
            "local an, al, aw = read(account, p[1], p[2], p[3])\n"
            "local nn, nl, nw = read(KEYS[4], p[4], p[5], p[6])\n"
            "local wait = math.max(aw, nw)\n"
            "if wait == 0 then\n"
            "  if p[1] > 0 then write(account, an, p[1], p[2], p[3]) end\n"
            "  if p[4] > 0 then write(KEYS[4], nn, p[4], p[5], p[6]) end\n"
            "end\n"
            "return {wait == 0 and 1 or 0, wait, known, now, an, al, nn, nl}\n",
};

/*
 * end: KEYS = mark, account's count that was used, network's; ARGV = 1 for success, now of begin, both counts
 * before, seconds of the mark (0: no mark).
 */
static struct cache_script end_script = {
    .text = "local now = tonumber(ARGV[2])\n"
            "local function undo(key, before, last)\n"
            "  local v = redis.pcall('GET', key)\n"
            "  if type(v) ~= 'string' then return end\n"
            "  local n, l = string.match(v, '^(%d+) (%d+)$')\n"
            "  n, l = tonumber(n or 0), tonumber(l or 0)\n"
            "  if n == before + 1 and l == now then n, l = before, last else n = n - 1 end\n"
            "  if n <= 0 then redis.call('DEL', key)\n"
            "  else redis.call('SET', key, string.format('%.0f %.0f', n, l), 'KEEPTTL') end\n"
            "end\n"
            "undo(KEYS[3], tonumber(ARGV[5]), tonumber(ARGV[6]))\n"
            "if ARGV[1] == '1' then\n"
            "  redis.call('DEL', KEYS[2])\n"
            "  if ARGV[7] ~= '0' then redis.call('SET', KEYS[1], '', 'EX', ARGV[7]) end\n"
            "else\n"
            "  undo(KEYS[2], tonumber(ARGV[3]), tonumber(ARGV[4]))\n"
            "end\n"
            "return 1\n",
};

struct keys {
    char mark[KEY_MAX], account[KEY_MAX], known[KEY_MAX], network[KEY_MAX];
};

static void keys_make(const struct cache *c, const struct backoff_subject *s, struct keys *k)
{
    const char *prefix = cache_prefix(c);
    struct str place = s->place.p ? s->place : STR("-"), network = s->network.p ? s->network : STR("-");
    snprintf(k->mark, sizeof(k->mark), "%slogin:m:" STR_FMT ":" STR_FMT, prefix, STR_ARG(s->account),
             STR_ARG(place));
    snprintf(k->account, sizeof(k->account), "%slogin:a:" STR_FMT, prefix, STR_ARG(s->account));
    snprintf(k->known, sizeof(k->known), "%slogin:k:" STR_FMT ":" STR_FMT, prefix, STR_ARG(s->account),
             STR_ARG(place));
    snprintf(k->network, sizeof(k->network), "%slogin:n:" STR_FMT, prefix, STR_ARG(network));
}

static struct backoff_policy policy_of_network(const struct backoff_subject *s)
{
    return s->network.p ? s->per_network : (struct backoff_policy){ 0 };
}

/* ---- without Redis ---- */

static bool begin_local(const struct backoff_subject *s, const struct keys *k, struct backoff_attempt *out,
                        int64_t *wait_us)
{
    struct backoff_policy per_network = policy_of_network(s);
    out->local = true;
    out->now_ms = clock_mono_us() / MS;
    int64_t wait = per_network.free > 0 ? backoff_table_begin(s->table, str_from(k->network), &per_network,
                                                              out->now_ms, &out->network)
                                        : 0;
    if (wait == 0 && s->per_account.free > 0) {
        wait =
            backoff_table_begin(s->table, str_from(k->account), &s->per_account, out->now_ms, &out->account);
        if (wait > 0 && per_network.free > 0) {
            backoff_table_undo(s->table, str_from(k->network), out->now_ms, &out->network);
        }
    }
    *wait_us = wait * MS;
    return wait == 0;
}

static void end_local(const struct backoff_subject *s, const struct keys *k,
                      const struct backoff_attempt *attempt, bool success)
{
    backoff_table_undo(s->table, str_from(k->network), attempt->now_ms, &attempt->network);
    if (success) {
        backoff_table_forget(s->table, str_from(k->account));
    } else {
        backoff_table_undo(s->table, str_from(k->account), attempt->now_ms, &attempt->account);
    }
}

/* ---- in Redis ---- */

enum { ALLOWED, WAIT, KNOWN, NOW, ACCOUNT_FAILURES, ACCOUNT_LAST, NETWORK_FAILURES, NETWORK_LAST, ANSWERS };

static bool begin_redis(struct cache *c, const struct backoff_subject *s, const struct keys *k,
                        struct backoff_attempt *out, int64_t *wait_us)
{
    struct backoff_policy n = policy_of_network(s);
    int64_t policies[] = {
        s->per_account.free, s->per_account.first_ms, s->per_account.most_ms, n.free, n.first_ms, n.most_ms
    };
    const char *keys[] = { k->mark, k->account, k->known, k->network };
    int64_t answer[ANSWERS];
    if (!cache_script_run(c, &begin_script, keys, 4, policies, 6, answer, ANSWERS)) {
        return false;
    }
    *out = (struct backoff_attempt){
        .known = answer[KNOWN] == 1,
        .now_ms = answer[NOW],
        .account = { answer[ACCOUNT_FAILURES], answer[ACCOUNT_LAST] },
        .network = { answer[NETWORK_FAILURES], answer[NETWORK_LAST] },
    };
    *wait_us = answer[ALLOWED] == 1 ? 0 : (answer[WAIT] > 0 ? answer[WAIT] : 1) * MS;
    return true;
}

bool backoff_begin(struct cache *c, const struct backoff_subject *s, struct backoff_attempt *out,
                   int64_t *wait_us)
{
    struct keys k;
    *out = (struct backoff_attempt){ 0 };
    *wait_us = 0;
    if (s->per_account.free <= 0 && s->per_network.free <= 0) {
        return true;
    }
    keys_make(c, s, &k);
    return begin_redis(c, s, &k, out, wait_us) ? *wait_us == 0 : begin_local(s, &k, out, wait_us);
}

void backoff_end(struct cache *c, const struct backoff_subject *s, const struct backoff_attempt *attempt,
                 enum backoff_outcome outcome)
{
    struct keys k;
    if (outcome == BACKOFF_FAILURE || (s->per_account.free <= 0 && s->per_network.free <= 0)) {
        return;
    }
    keys_make(c, s, &k);
    if (attempt->local) {
        end_local(s, &k, attempt, outcome == BACKOFF_SUCCESS);
        return;
    }
    const char *keys[] = { k.mark, attempt->known ? k.known : k.account, k.network };
    int64_t numbers[] = { outcome == BACKOFF_SUCCESS,    attempt->now_ms,           attempt->account.failures,
                          attempt->account.last_ms,      attempt->network.failures, attempt->network.last_ms,
                          s->place.p ? PLACE_SECONDS : 0 };
    int64_t done;
    (void)cache_script_run(c, &end_script, keys, 3, numbers, 7, &done, 1);
}

void backoff_forget(struct cache *c, const struct backoff_subject *s)
{
    static struct cache_script script = { .text = "return redis.call('DEL', KEYS[1])" };
    struct keys k;
    int64_t done;
    keys_make(c, s, &k);
    const char *keys[] = { k.account };
    (void)cache_script_run(c, &script, keys, 1, NULL, 0, &done, 1);
    backoff_table_forget(s->table, str_from(k.account));
}
