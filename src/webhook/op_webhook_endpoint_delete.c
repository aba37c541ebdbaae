/* DELETE /v1/webhook-endpoints/{id} */
#include "webhook/webhook.h"

#include "db/queries.h"
#include "http/idempotency.h"

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
    struct db_batch *b = write_batch(rq);
    int gone = DB_ADD(b, &q_webhook_endpoint_delete, db_uuid(&in->id), db_uuid(&rq->principal.user));
    enum err e = write_run(rq, b, &replayed);
    if (e || replayed) {
        return e;
    }
    if (PQntuples(db_result(b, gone)) == 0) {
        return fail(rq, ERR_NOT_FOUND, NULL, NULL);
    }
    rq->res.status = 204;
    return ERR_NONE;
}
