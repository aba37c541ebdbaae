/* DELETE /v1/webhook-endpoints/{id} */
#include "webhook/webhook.h"

#include "db/queries.h"

static enum err endpoint_delete_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_webhook_endpoint_delete = {
    .name = "webhook_endpoint_delete",
    .method = METHOD_DELETE,
    .path = "/v1/webhook-endpoints/{id}",
    .tag = "Events",
    .summary = "Remove an endpoint",
    .doc = "And what waits to be sent to it. One attempt that is under way may still arrive.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT,
    .status = 204,
    .in = &webhook_id_shape,
    .errors = errors,
    .exec = endpoint_delete_exec,
};

static enum err endpoint_delete_exec(struct request *rq)
{
    const struct webhook_id_in *in = rq->in;
    bool replayed;
    const struct db_param params[] = { db_uuid(&in->id), db_uuid(&rq->principal.user) };
    rq->res.status = 204;
    return webhook_change(rq, &q_webhook_endpoint_delete, params, 2, AUDIT_WEBHOOK_DELETE, &replayed);
}
