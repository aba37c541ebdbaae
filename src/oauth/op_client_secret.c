/* POST /v1/oauth/clients/{id}/secret: another secret. */
#include "oauth/client_in.h"

#include "db/queries.h"
#include "http/audit.h"

static enum err client_secret_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_client_secret = {
    .name = "client_secret",
    .method = METHOD_POST,
    .path = "/v1/oauth/clients/{id}/secret",
    .tag = "OAuth clients",
    .summary = "Give a client another secret",
    .doc = "The old one is worth nothing from now on. Shown this once. Public clients have none: 404.",
    .perm = PERM_CLIENT_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_SECRET | OP_RAW,
    .in = &client_id_shape,
    .out = &client_credentials_shape,
    .errors = errors,
    .exec = client_secret_exec,
};

static enum err client_secret_exec(struct request *rq)
{
    const struct client_id_in *in = rq->in;
    struct str hash, secret = client_secret_make(rq->arena, &hash);
    bool replayed;
    write_atomic(rq);
    struct db_batch *b = write_batch(rq);
    int done = DB_ADD(b, &q_oauth_client_secret, db_uuid(&in->id), db_bytea(hash));
    audit_add(rq, b, AUDIT_CLIENT_SECRET, &in->id, NULL, NULL);
    enum err e = write_run(rq, b, &replayed);
    if (e) {
        return e;
    }
    if (PQntuples(db_result(b, done)) == 0) {
        return fail(rq, ERR_NOT_FOUND, NULL, "There is no such confidential client.");
    }
    client_write_credentials(rq, &in->id, secret);
    return ERR_NONE;
}
