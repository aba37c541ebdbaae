/* GET /v1/webhook-endpoints/{id}/deliveries */
#include "webhook/webhook.h"

#include "db/queries.h"
#include "query/plan.h"

static enum err delivery_list_prepare(struct request *rq, struct selection *sel);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_webhook_delivery_list = {
    .name = "webhook_delivery_list",
    .method = METHOD_GET,
    .path = "/v1/webhook-endpoints/{id}/deliveries",
    .tag = "Events",
    .summary = "List what was sent to an endpoint",
    .doc =
        "And what waits to be, the newest first, with the last attempts of each. Kept as long as the events.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_READ,
    .flags = OP_LIST,
    .in = &webhook_id_shape,
    .entity = &entity_webhook_delivery,
    .errors = errors,
    .prepare = delivery_list_prepare,
    .exec = read_exec,
};

static enum err delivery_list_prepare(struct request *rq, struct selection *sel)
{
    const struct webhook_id_in *in = rq->in;
    struct db_param *endpoint = ARENA_NEW(rq->arena, struct db_param);
    struct db_failure failure;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int own = DB_ADD(b, &q_webhook_endpoint_owned, db_uuid(&in->id), db_uuid(&rq->principal.user));
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    if (PQntuples(db_result(b, own)) == 0) {
        return fail(rq, ERR_NOT_FOUND, NULL, NULL);
    }
    *endpoint = db_uuid(&in->id);
    selection_where(sel, " and {t}.endpoint_id = $1", endpoint, 1);
    return ERR_NONE;
}
