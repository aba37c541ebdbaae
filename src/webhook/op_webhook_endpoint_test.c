/* POST /v1/webhook-endpoints/{id}/test */
#include "webhook/webhook.h"

#include "db/queries.h"
#include "http/idempotency.h"

static enum err endpoint_test_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_webhook_endpoint_test = {
    .name = "webhook_endpoint_test",
    .method = METHOD_POST,
    .path = "/v1/webhook-endpoints/{id}/test",
    .tag = "Events",
    .summary = "Send an endpoint a test",
    .doc = "An event webhook.test, through the log like all others, for this endpoint alone. What becomes of "
           "it is among "
           "the deliveries.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT,
    .status = 204,
    .in = &webhook_id_shape,
    .errors = errors,
    .exec = endpoint_test_exec,
};

static enum err endpoint_test_exec(struct request *rq)
{
    const struct webhook_id_in *in = rq->in;
    bool replayed;
    struct db_batch *b = write_batch(rq);
    int made = DB_ADD(b, &q_webhook_endpoint_ping, db_uuid(&in->id), db_uuid(&rq->principal.user));
    enum err e = write_run(rq, b, &replayed);
    if (e || replayed) {
        return e;
    }
    if (PQntuples(db_result(b, made)) == 0) {
        return fail(rq, ERR_NOT_FOUND, NULL, "There is no such endpoint, or it is not enabled.");
    }
    rq->res.status = 204;
    return ERR_NONE;
}
