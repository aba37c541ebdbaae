/* Who asks, and whether for this: authenticate, load, permit. */
#include "http/gates.h"

#include "http/access.h"
#include "http/op.h"

static enum err authenticate(struct request *rq);
static enum err load(struct request *rq);
static enum err permit(struct request *rq);

const struct gate gate_authenticate = { .name = "authenticate", .run = authenticate, .stage = STAGE_GATES };
const struct gate gate_load = { .name = "load", .run = load, .stage = STAGE_LOAD };
const struct gate gate_permit = { .name = "permit", .run = permit, .stage = STAGE_GATES };

/* ---- authenticate ---- */

/* A token that is bad costs us a signature check: it is counted against the address before it is refused. */
static enum err refuse_token(struct request *rq)
{
    rq->principal = (struct principal){ .known = false };
    rq->token = NULL;
    if (rate_refused_token(rq) != ERR_NONE) {
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
    return rq->token && access_load(rq) == ERR_NONE ? rate_by_role(rq) : rq->err;
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
    if (rq->principal.lacks_factor && perm != PERM_PUBLIC && !(rq->op->flags & OP_ENROL)) {
        return fail(rq, ERR_SECOND_FACTOR_MISSING, NULL, NULL);
    }
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
