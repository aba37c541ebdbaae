/* Who asks, how often, and whether for this: authenticate, rate, load, permit. */
#include "http/gates.h"

#include "base/scoreboard.h"
#include "http/access.h"
#include "http/op.h"
#include "http/service.h"

#include <arpa/inet.h>

static enum err authenticate(struct request *rq);
static enum err rate(struct request *rq);
static enum err load(struct request *rq);
static enum err permit(struct request *rq);

const struct gate gate_authenticate = { .name = "authenticate", .run = authenticate, .stage = STAGE_GATES };
const struct gate gate_rate = { .name = "rate", .run = rate, .stage = STAGE_CACHE };
const struct gate gate_load = { .name = "load", .run = load, .stage = STAGE_LOAD };
const struct gate gate_permit = { .name = "permit", .run = permit, .stage = STAGE_GATES };

#define SECOND_US 1000000

/* ---- rate ---- */

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
    if (inet_pton(AF_INET6, z, &v6) != 1) {
        return inet_pton(AF_INET, z, &v4) == 1 ? str_from(z) : STR("unknown");
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

static struct str rate_subject(struct request *rq, enum rate_class class)
{
    char user[UUID_TEXT_SIZE];
    if (rq->principal.known && class != RATE_LOGIN) {
        uuid_format(user, &rq->principal.user);
        return str_from(arena_printf(rq->arena, "u:%s", user));
    }
    struct str network = rate_network(rq->arena, rq->headers[HEADER_REMOTE_ADDR]);
    return str_from(arena_printf(rq->arena, "n:" STR_FMT, STR_ARG(network)));
}

static int64_t seconds_up(int64_t us)
{
    return us <= 0 ? 0 : (us + SECOND_US - 1) / SECOND_US;
}

/* draft-ietf-httpapi-ratelimit-headers: structured fields; with Retry-After, t is the same moment. */
static void rate_headers(struct request *rq, enum rate_class class, const struct rate_limit *limit,
                         const struct rate_answer *r)
{
    const char *name = rate_class_names[class];
    int64_t until = r->allowed ? r->reset_us : r->retry_after_us;
    response_header(rq, "RateLimit-Policy",
                    arena_printf(rq->arena, "\"%s\";q=%lld;w=%lld", name, (long long)limit->count,
                                 (long long)seconds_up(limit->period_us)));
    response_header(rq, "RateLimit",
                    arena_printf(rq->arena, "\"%s\";r=%lld;t=%lld", name,
                                 (long long)(r->remaining > 0 ? r->remaining : 0),
                                 (long long)seconds_up(until)));
}

static enum err rate(struct request *rq)
{
    enum rate_class class = rq->op->rate;
    const struct rate_limit *limit = rate_class_limit(rq->options, class);
    if ((rq->op->flags & OP_NO_RATE) || !limit || limit->count == 0) {
        return ERR_NONE;
    }
    struct rate_answer r = { .allowed = true };
    rate_check(rq->cache, class, rate_subject(rq, class), &r);
    if (r.limit > 0) {
        rate_headers(rq, class, limit, &r);
    }
    if (r.allowed) {
        return ERR_NONE;
    }
    scoreboard_count(rq->service->stats.slot, WORKER_REJECTED);
    rq->retry_after_us = r.retry_after_us;
    return fail(rq, ERR_RATE_LIMITED, NULL, NULL);
}

/* ---- authenticate ---- */

/* A token that is bad costs us a signature check: it is counted against the address before it is refused. */
static enum err refuse_token(struct request *rq)
{
    rq->principal = (struct principal){ .known = false };
    rq->token = NULL;
    if (rate(rq) != ERR_NONE) {
        return rq->err;
    }
    response_header(rq, "WWW-Authenticate", "Bearer realm=\"nexus\", error=\"invalid_token\"");
    return fail(rq, ERR_UNAUTHENTICATED, NULL, "The access token is malformed, expired or not one of ours.");
}

/* RFC 6750, 2.1. A bad token is refused on public ops too: whoever sends one believes to be somebody. */
static enum err authenticate(struct request *rq)
{
    struct str credentials = rq->headers[HEADER_AUTHORIZATION];
    struct str scheme;
    if (!credentials.p || (rq->op->flags & (OP_NO_RATE | OP_OWN_AUTH))) {
        return ERR_NONE;
    }
    if (!str_split(&credentials, ' ', &scheme) || !str_eq_nocase(scheme, STR("Bearer")) || !credentials.p) {
        return refuse_token(rq);
    }
    struct str token = str_trim(credentials);
    if (token.n == 0 || token_see(rq->auth, token, &rq->token) != ERR_NONE) {
        return refuse_token(rq);
    }
    rq->principal = rq->token->who;
    return ERR_NONE;
}

/* ---- load ---- */

static enum err load(struct request *rq)
{
    return rq->token ? access_load(rq) : ERR_NONE;
}

/* ---- permit ---- */

/* Accounts are their owners' business: whoever acts as another does with it what an op says, and nothing
 * else. */
static bool is_for_oneself(const struct request *rq)
{
    return rq->op->perm == PERM_ACCOUNT && !(rq->op->flags & OP_ACTING) && !uuid_is_nil(&rq->principal.actor);
}

static enum err permit(struct request *rq)
{
    enum perm perm = rq->op->perm;
    uint64_t may = rq->op->flags & OP_ON_PROPERTY ? rq->principal.ceiling : rq->principal.perms;
    if (perm == PERM_PUBLIC || (rq->principal.known && perm_has(may, perm) && !is_for_oneself(rq))) {
        return ERR_NONE;
    }
    if (!rq->principal.known) {
        response_header(rq, "WWW-Authenticate", "Bearer realm=\"nexus\"");
        return fail(rq, ERR_UNAUTHENTICATED, NULL, "This operation needs an access token.");
    }
    response_header(rq, "WWW-Authenticate", "Bearer realm=\"nexus\", error=\"insufficient_scope\"");
    return fail(rq, ERR_FORBIDDEN, NULL, NULL);
}
