/* DELETE /v1/me/identities/{id}: unlink. */
#include "federation/federation.h"

#include "db/queries.h"
#include "http/audit.h"
#include "http/idempotency.h"

static enum err identity_delete_exec(struct request *rq);

struct identity_delete_in {
    struct shape_seen seen;
    struct uuid id;
};

static const struct shape_field fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct identity_delete_in, id),
      .doc = "The link." },
};
static const struct shape shape = { .name = "IdentityDelete",
                                    .fields = fields,
                                    .count = SHAPE_COUNT(fields),
                                    .size = sizeof(struct identity_delete_in),
                                    .doc = "Which link." };
static const enum err errors[] = { ERR_NOT_FOUND, ERR_LAST_LOGIN_METHOD, ERR_FORBIDDEN, ERR_NONE };

const struct op op_identity_delete = {
    .name = "identity_delete",
    .method = METHOD_DELETE,
    .path = "/v1/me/identities/{id}",
    .tag = "Accounts",
    .summary = "Unlink an account",
    .doc = "It cannot be logged in with any more; sessions go on. Refused when it is the last way to log in.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT,
    .status = 204,
    .in = &shape,
    .errors = errors,
    .exec = identity_delete_exec,
};

/* The account is locked first, so that of two who remove the last two only one succeeds. */
static enum err remove_link(struct request *rq, const struct uuid *id, bool *replayed)
{
    const struct uuid *me = &rq->principal.user;
    struct db_batch *b = write_batch(rq);
    (void)DB_ADD(b, &q_account_lock, db_uuid(me));
    int removed = DB_ADD(b, &q_identity_remove, db_uuid(id), db_uuid(me));
    int there = DB_ADD(b, &q_identity_exists, db_uuid(id), db_uuid(me));
    enum err e = write_run(rq, b, replayed);
    if (e || *replayed || PQntuples(db_result(b, removed)) == 1) {
        return e;
    }
    return db_get_bool(db_result(b, there), 0, 0) ? fail(rq, ERR_LAST_LOGIN_METHOD, NULL, NULL)
                                                  : fail(rq, ERR_NOT_FOUND, NULL, NULL);
}

static enum err identity_delete_exec(struct request *rq)
{
    const struct identity_delete_in *in = rq->in;
    bool replayed;
    if (!uuid_is_nil(&rq->principal.actor)) {
        return fail(rq, ERR_FORBIDDEN, NULL, "Only the user may change how to log in.");
    }
    write_atomic(rq);
    enum err e = remove_link(rq, &in->id, &replayed);
    if (e || replayed) {
        return e;
    }
    struct db_batch *b = write_batch(rq);
    audit_add(rq, b, AUDIT_IDENTITY_UNLINK, &rq->principal.user, NULL, NULL);
    if ((e = write_run(rq, b, &replayed))) {
        return e;
    }
    rq->res.status = 204;
    return ERR_NONE;
}
