/* GET /v1/me: one's own account. */
#include "account/account.h"

#include "query/plan.h"

static enum err me_read_prepare(struct request *rq, struct selection *sel);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_me_read = {
    .name = "me_read",
    .method = METHOD_GET,
    .path = "/v1/me",
    .tag = "Accounts",
    .summary = "Read one's own account",
    .doc = "The account the access token belongs to.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_READ,
    .flags = OP_ITEM | OP_ACTING | OP_ENROL,
    .entity = &entity_account,
    .errors = errors,
    .prepare = me_read_prepare,
    .exec = read_exec,
};

/* The path has no key: it is the caller's. */
static enum err me_read_prepare(struct request *rq, struct selection *sel)
{
    struct db_param *actor = ARENA_NEW(rq->arena, struct db_param);
    *actor = db_uuid(uuid_is_nil(&rq->principal.actor) ? NULL : &rq->principal.actor);
    sel->single = true;
    sel->key = rq->principal.user;
    selection_compute(sel, "actor_id", "$1", actor, 1);
    return ERR_NONE;
}
