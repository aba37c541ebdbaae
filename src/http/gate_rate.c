/* How often: the quotas of a request, and in the same round trip the access versions of its token. */
#include "http/gates.h"

#include "base/scoreboard.h"
#include "http/op.h"
#include "http/service.h"

#include <arpa/inet.h>
#include <openssl/evp.h>

static enum err rate(struct request *rq);

const struct gate gate_rate = { .name = "rate", .run = rate, .stage = STAGE_CACHE };

#define SECOND_US 1000000
#define MAC_SIZE  32
#define MAC_SHOWN 16 /* bytes of it that name a subject */

/* ---- subjects ---- */

static bool is_v4_mapped(const struct in6_addr *a)
{
    return IN6_IS_ADDR_V4MAPPED(a);
}

struct str rate_network(struct arena *a, struct str address)
{
    struct in6_addr v6;
    struct in_addr v4;
    char text[INET6_ADDRSTRLEN];
    const char *z = arena_strdup(a, address.p ? address : STR(""));
    if (inet_pton(AF_INET, z, &v4) == 1) {
        return str_from(z);
    }
    if (inet_pton(AF_INET6, z, &v6) != 1) {
        return STR("unknown");
    }
    if (is_v4_mapped(&v6)) {
        memcpy(&v4, &v6.s6_addr[12], sizeof v4);
        inet_ntop(AF_INET, &v4, text, sizeof text);
        return arena_str(a, str_from(text));
    }
    memset(&v6.s6_addr[8], 0, 8); /* a subscriber has a /64 at least, and may choose any address in it */
    inet_ntop(AF_INET6, &v6, text, sizeof text);
    return str_from(arena_printf(a, "%s/64", text));
}

/* "u:" and the identifier. */
static struct str id_subject(struct arena *a, char kind, const struct uuid *id)
{
    char *text = arena_alloc(a, 2 + UUID_TEXT_SIZE);
    text[0] = kind;
    text[1] = ':';
    uuid_format(text + 2, id);
    return (struct str){ text, 2 + UUID_TEXT_SIZE - 1 };
}

/* Something of the body, an address say, that is not to be found in Redis. */
static struct str secret_subject(struct request *rq, struct str subject)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char mac[MAC_SIZE];
    size_t size = 0;
    struct str key = rq->secret.n > 0 ? rq->secret : STR("nexus");
    if (!EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key.p, key.n, (const unsigned char *)subject.p,
                   subject.n, mac, sizeof mac, &size)) {
        abort();
    }
    char *text = arena_alloc(rq->arena, 2 + 2 * MAC_SHOWN + 1);
    text[0] = 'm';
    text[1] = ':';
    for (size_t i = 0; i < MAC_SHOWN; i++) {
        text[2 + 2 * i] = digits[mac[i] >> 4];
        text[3 + 2 * i] = digits[mac[i] & 15];
    }
    return (struct str){ text, 2 + 2 * MAC_SHOWN };
}

/* ---- what is asked ---- */

static bool is_strict(enum rate_class class)
{
    return class == RATE_LOGIN || class == RATE_HASH;
}

static void add_bucket(struct cache_question *q, const char *policy, struct str subject,
                       const struct rate_limit *limit, bool strict)
{
    if (limit && limit->count > 0) {
        q->buckets[q->bucket_count++] = (struct rate_bucket){ policy, subject, *limit, strict };
    }
}

/* Of the token's user by his roles, else of the class. */
static const struct rate_limit *limit_of(const struct request *rq, enum rate_class class)
{
    unsigned index = rq->token ? rq->token->access.limits[class] : 0;
    return index > 0 ? &rq->options->rate_roles[index - 1].limit
                     : rate_class_limit(rq->options, class, rq->principal.known);
}

static void add_class(struct request *rq, struct cache_question *q, struct str network)
{
    enum rate_class class = rq->op->rate;
    const struct principal *who = &rq->principal;
    struct str subject = !who->known               ? network
                         : uuid_is_nil(&who->user) ? id_subject(rq->arena, 'c', &who->client)
                                                   : id_subject(rq->arena, 'u', &who->user);
    add_bucket(q, rate_class_names[class], subject, limit_of(rq, class), is_strict(class));
}

static void add_id(struct cache_question *q, const struct uuid *id)
{
    if (!uuid_is_nil(id)) {
        q->ids[q->id_count++] = id;
    }
}

static void add_versions(struct request *rq, struct cache_question *q)
{
    q->versions = rq->token != NULL;
    if (q->versions) {
        add_id(q, &rq->principal.user);
        add_id(q, &rq->principal.client);
        add_id(q, &rq->principal.actor);
    }
}

/* ---- what is answered ---- */

static int64_t seconds_up(int64_t us)
{
    return us <= 0 ? 0 : (us + SECOND_US - 1) / SECOND_US;
}

/* draft-ietf-httpapi-ratelimit-headers: structured fields; with Retry-After, t is the same moment. */
static void rate_headers(struct request *rq, const struct rate_answer *r)
{
    const struct rate_bucket *b = r->bucket;
    int64_t until = r->allowed ? r->reset_us : r->retry_after_us;
    response_header_set(rq, "RateLimit-Policy",
                        arena_printf(rq->arena, "\"%s\";q=%lld;w=%lld", b->policy, (long long)r->limit,
                                     (long long)seconds_up(b->limit.period_us)));
    response_header_set(rq, "RateLimit",
                        arena_printf(rq->arena, "\"%s\";r=%lld;t=%lld", b->policy,
                                     (long long)(r->remaining > 0 ? r->remaining : 0),
                                     (long long)seconds_up(until)));
}

/* The tightest of all that was asked is shown. */
static enum err judge(struct request *rq, const struct rate_answer *r)
{
    if (r->bucket && (!r->allowed || !rq->limited || r->remaining < rq->remaining)) {
        rq->limited = true;
        rq->remaining = r->remaining;
        rate_headers(rq, r);
    }
    if (r->allowed) {
        return ERR_NONE;
    }
    scoreboard_count(rq->service->stats.slot, WORKER_REJECTED);
    rq->retry_after_us = r->retry_after_us;
    rq->violated_policy = r->bucket->policy;
    return fail(rq, ERR_RATE_LIMITED, NULL, NULL);
}

static enum err ask(struct request *rq, const struct cache_question *q, struct cache_versions *versions)
{
    struct rate_answer r;
    if (q->bucket_count == 0 && !q->versions) {
        return ERR_NONE;
    }
    cache_ask(rq->cache, q, &r, versions);
    return judge(rq, &r);
}

/* Whose roles are not known yet is counted by them as soon as they are: rate_by_role. */
static bool is_by_role(const struct request *rq)
{
    const struct role_rate *list = rq->options->rate_roles;
    return rq->token && rq->token->access.state == ACCESS_UNKNOWN && list && list[0].role;
}

static enum err rate(struct request *rq)
{
    const struct options *o = rq->options;
    struct cache_question q = { .bucket_count = 0 };
    if (rq->op->flags & OP_NO_RATE) {
        return ERR_NONE;
    }
    if (rq->op->rate != RATE_NONE) {
        struct str network = rate_network(rq->arena, rq->headers[HEADER_REMOTE_ADDR]);
        rq->by_role = is_by_role(rq);
        if (!rq->by_role) {
            add_class(rq, &q, network);
        }
        if (!uuid_is_nil(&rq->principal.client)) {
            add_bucket(&q, "client", id_subject(rq->arena, 'c', &rq->principal.client), &o->rate_client,
                       false);
        }
        add_bucket(&q, "network", network, &o->rate_network, false);
    }
    add_versions(rq, &q);
    return ask(rq, &q, &rq->versions);
}

enum err rate_by_role(struct request *rq)
{
    struct cache_question q = { .bucket_count = 0 };
    struct cache_versions none;
    if (!rq->by_role) {
        return ERR_NONE;
    }
    add_class(rq, &q, STR(""));
    return ask(rq, &q, &none);
}

enum err rate_refused_token(struct request *rq)
{
    return rate(rq);
}

enum err rate_also(struct request *rq, enum rate_class class, struct str subject)
{
    struct cache_question q = { .bucket_count = 0 };
    struct cache_versions none;
    add_bucket(&q, rate_class_names[class], secret_subject(rq, subject),
               rate_class_limit(rq->options, class, true), is_strict(class));
    return ask(rq, &q, &none);
}
