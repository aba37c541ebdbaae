/* GET /v1/roles/{name} */
#include "access/access.h"
#include "query/plan.h"

static enum err role_read_prepare(struct request *rq, struct selection *sel);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_role_read = {
    .name = "role_read",
    .method = METHOD_GET,
    .path = "/v1/roles/{name}",
    .tag = "Administration",
    .summary = "Read a role",
    .doc = "What it is for and what it allows.",
    .perm = PERM_ROLE_MANAGE,
    .rate = RATE_READ,
    .flags = OP_ITEM,
    .in = &role_path_shape,
    .entity = &entity_role,
    .errors = errors,
    .prepare = role_read_prepare,
    .exec = read_exec,
};

static enum err role_read_prepare(struct request *rq, struct selection *sel)
{
    const struct role_path_in *in = rq->in;
    struct db_param *key = ARENA_NEW(rq->arena, struct db_param);
    *key = db_text(in->name);
    sel->key_value = key;
    return ERR_NONE;
}
