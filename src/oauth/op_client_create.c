/* POST /v1/oauth/clients: register a client. */
#include "oauth/client_in.h"

#include "db/queries.h"
#include "http/audit.h"

static enum err client_create_exec(struct request *rq);
static const enum err errors[] = { ERR_NONE };

const struct op op_client_create = {
    .name = "client_create",
    .method = METHOD_POST,
    .path = "/v1/oauth/clients",
    .tag = "OAuth clients",
    .summary = "Register a client",
    .doc = "The secret is shown this once. As it must not be stored, there is no Idempotency-Key: when the "
           "answer is lost, "
           "give the client another secret.",
    .perm = PERM_CLIENT_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_SECRET | OP_RAW,
    .status = 201,
    .in = &client_create_shape,
    .out = &client_credentials_shape,
    .errors = errors,
    .exec = client_create_exec,
};

static enum err client_create_exec(struct request *rq)
{
    const struct client_in *in = rq->in;
    struct arena *a = rq->arena;
    struct uuid *id = ARENA_NEW(a, struct uuid);
    struct str hash = STR_NONE, secret = in->confidential ? client_secret_make(a, &hash) : STR_NONE;
    char text[UUID_TEXT_SIZE];
    bool replayed;
    *id = uuid_v7();
    struct db_batch *b = write_batch(rq);
    (void)DB_ADD(b, &q_oauth_client_create, db_uuid(id), db_text(in->name), db_bytea(hash),
                 client_in_texts(a, &in->redirect_uris, true),
                 client_in_texts(a, &in->post_logout_redirect_uris, true), client_in_grant_names(a, in, true),
                 client_in_scope_names(a, in, true), client_in_texts(a, &in->audiences, true),
                 db_bool(a, in->trusted));
    audit_add(rq, b, AUDIT_CLIENT_CREATE, id, NULL, client_in_audit(a, in, true));
    enum err e = write_run(rq, b, &replayed);
    if (e) {
        return e;
    }
    uuid_format(text, id);
    response_header(rq, "Location", arena_printf(a, "/v1/oauth/clients/%s", text));
    client_write_credentials(rq, id, secret);
    return ERR_NONE;
}
