/* POST /v1/webhook-endpoints/{id}/secret */
#include "webhook/webhook.h"

#include "db/queries.h"

#define OVERLAP_US INT64_C(86400000000)

static enum err endpoint_secret_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_webhook_endpoint_secret = {
    .name = "webhook_endpoint_secret",
    .method = METHOD_POST,
    .path = "/v1/webhook-endpoints/{id}/secret",
    .tag = "Events",
    .summary = "Give an endpoint another secret",
    .doc = "For a day both sign: the header has a signature of each. The new one is shown this once.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_WRITE,
    .flags = OP_SECRET,
    .in = &webhook_id_shape,
    .out = &webhook_secret_shape,
    .errors = errors,
    .exec = endpoint_secret_exec,
};

static enum err endpoint_secret_exec(struct request *rq)
{
    const struct webhook_id_in *in = rq->in;
    struct webhook_secret secret = webhook_secret_make(rq, &in->id);
    bool replayed;
    const struct db_param params[] = { db_uuid(&in->id), db_uuid(&rq->principal.user),
                                       db_bytea(secret.sealed), db_int8(rq->arena, OVERLAP_US) };
    enum err e = webhook_change(rq, &q_webhook_endpoint_rotate, params, 4, AUDIT_WEBHOOK_SECRET, &replayed);
    if (e) {
        return e;
    }
    webhook_secret_write(rq, &in->id, secret.shown);
    return ERR_NONE;
}
