/* GET /v1/me/sessions: where one is logged in. */
#include "session/session.h"

#include "query/plan.h"

static enum err session_list_prepare(struct request *rq, struct selection *sel);

const struct op op_session_list = {
    .name = "session_list",
    .method = METHOD_GET,
    .path = "/v1/me/sessions",
    .tag = "Accounts",
    .summary = "List one's sessions",
    .doc = "Those that are not over, the latest log-in first.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_READ,
    .flags = OP_LIST,
    .entity = &entity_session,
    .prepare = session_list_prepare,
    .exec = read_exec,
};

static enum err session_list_prepare(struct request *rq, struct selection *sel)
{
    struct db_param *mine = ARENA_NEW(rq->arena, struct db_param);
    *mine = db_uuid(&rq->principal.session);
    selection_compute(sel, "current", "{t}.id = $1", mine, 1);
    return ERR_NONE;
}
