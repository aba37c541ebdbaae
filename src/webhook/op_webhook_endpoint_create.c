/* POST /v1/webhook-endpoints: have a URL be told of events. */
#include "webhook/webhook.h"

#include "db/queries.h"
#include "http/audit.h"
#include "http/idempotency.h"

static enum err endpoint_create_exec(struct request *rq);
static const enum err errors[] = { ERR_CONFLICT, ERR_VALIDATION, ERR_NONE };

const struct op op_webhook_endpoint_create = {
    .name = "webhook_endpoint_create",
    .method = METHOD_POST,
    .path = "/v1/webhook-endpoints",
    .tag = "Events",
    .summary = "Have a URL be told of events",
    .doc = "Events are sent to it as POST requests, signed as Standard Webhooks says (docs/webhooks.md). The "
           "secret is "
           "shown "
           "this once. As it must not be stored, there is no Idempotency-Key.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_WRITE,
    .flags = OP_SECRET,
    .status = 201,
    .in = &webhook_create_shape,
    .out = &webhook_secret_shape,
    .errors = errors,
    .exec = endpoint_create_exec,
};

static enum err endpoint_create_exec(struct request *rq)
{
    const struct webhook_endpoint_in *in = rq->in;
    struct uuid *id = ARENA_NEW(rq->arena, struct uuid);
    char text[UUID_TEXT_SIZE];
    bool replayed;
    enum err e = webhook_check_url(rq, in->url);
    if (e) {
        return e;
    }
    *id = uuid_v7();
    struct webhook_secret secret = webhook_secret_make(rq, id);
    write_atomic(rq);
    struct db_batch *b = write_batch(rq);
    int made = DB_ADD(b, &q_webhook_endpoint_insert, db_uuid(id), db_uuid(&rq->principal.user),
                      db_text(in->url), db_text(in->description.p ? in->description : STR("")),
                      webhook_types_param(rq->arena, in, true), db_bytea(secret.sealed),
                      db_int8(rq->arena, rq->options->webhook_endpoints));
    if ((e = write_run(rq, b, &replayed))) {
        return e;
    }
    if (PQntuples(db_result(b, made)) == 0) {
        return fail(rq, ERR_CONFLICT, NULL, "The account has as many endpoints as it may.");
    }
    b = write_batch(rq);
    audit_add(rq, b, AUDIT_WEBHOOK_CREATE, id, NULL,
              webhook_audit_members(rq, STR("enabled"), webhook_types_text(rq->arena, in), false));
    if ((e = write_run(rq, b, &replayed))) {
        return e;
    }
    uuid_format(text, id);
    response_header(rq, "Location", arena_printf(rq->arena, "/v1/webhook-endpoints/%s", text));
    webhook_secret_write(rq, id, secret.shown);
    return ERR_NONE;
}
