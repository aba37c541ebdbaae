/* DELETE /v1/oauth/clients/{id}: remove a client and everything it was given. */
#include "oauth/client_in.h"

#include "db/queries.h"
#include "http/access.h"
#include "http/audit.h"
#include "http/etag.h"

static enum err client_delete_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_PRECONDITION, ERR_NONE };

const struct op op_client_delete = {
    .name = "client_delete",
    .method = METHOD_DELETE,
    .path = "/v1/oauth/clients/{id}",
    .tag = "OAuth clients",
    .summary = "Remove a client",
    .doc = "Ends all its sessions and forgets what users allowed it.",
    .perm = PERM_CLIENT_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_CONDITIONAL,
    .status = 204,
    .in = &client_id_shape,
    .errors = errors,
    .exec = client_delete_exec,
};

static enum err client_delete_exec(struct request *rq)
{
    const struct client_id_in *in = rq->in;
    bool replayed;
    write_atomic(rq);
    access_changes_all(rq);
    struct db_batch *b = write_batch(rq);
    int now = DB_ADD(b, &q_oauth_client_lock, db_uuid(&in->id));
    enum err e = write_run(rq, b, &replayed);
    if (e || replayed) {
        return e;
    }
    if (PQntuples(db_result(b, now)) == 0) {
        return fail(rq, ERR_NOT_FOUND, NULL, NULL);
    }
    if (!if_match_allows(rq, db_get_int8(db_result(b, now), 0, 0))) {
        return fail(rq, ERR_PRECONDITION, NULL, NULL);
    }
    b = write_batch(rq);
    (void)DB_ADD(b, &q_oauth_client_delete, db_uuid(&in->id));
    audit_add(rq, b, AUDIT_CLIENT_DELETE, &in->id, NULL, NULL);
    if ((e = write_run(rq, b, &replayed))) {
        return e;
    }
    rq->res.status = 204;
    return ERR_NONE;
}
