/* GET /v1/me/properties: what the caller offers, drafts too. */
#include "property/property.h"
#include "query/plan.h"

static enum err property_list_own_prepare(struct request *rq, struct selection *sel);

const struct op op_property_list_own = {
    .name = "property_list_own",
    .method = METHOD_GET,
    .path = "/v1/me/properties",
    .tag = "Properties",
    .summary = "List one's own properties",
    .doc = "Drafts and published properties the caller is host or co-host of, with their addresses.",
    .perm = PERM_PROPERTY_WRITE,
    .rate = RATE_READ,
    .flags = OP_LIST | OP_ON_PROPERTY,
    .entity = &entity_property,
    .prepare = property_list_own_prepare,
    .exec = read_exec,
};

static enum err property_list_own_prepare(struct request *rq, struct selection *sel)
{
    struct db_param *me = ARENA_NEW(rq->arena, struct db_param);
    *me = db_uuid(&rq->principal.user);
    selection_where(sel,
                    " and {t}.property_id = any (array(select g.property_id from property_grants g"
                    " where g.user_id = $1 and g.status <> 'removed'))",
                    me, 1);
    selection_compute(sel, "address", "{t}p.address", NULL, 0);
    return ERR_NONE;
}
