/* POST /v1/me/totp/disable: no second factor any more. Not a DELETE, which has no body for the proof. */
#include "account/second_factor.h"

#include "db/queries.h"
#include "http/access.h"
#include "http/audit.h"
#include "http/idempotency.h"

static enum err totp_disable_exec(struct request *rq);

static const enum err errors[] = { ERR_WRONG_PASSWORD, ERR_WRONG_CODE, ERR_CONFLICT, ERR_BUSY, ERR_NONE };

const struct op op_totp_disable = {
    .name = "totp_disable",
    .method = METHOD_POST,
    .path = "/v1/me/totp/disable",
    .tag = "Accounts",
    .summary = "Remove the second factor",
    .doc = "Needs the password and a code, or a recovery code. The recovery codes go with it. `conflict`: "
           "there is none.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_LOGIN,
    .flags = OP_SECRET,
    .status = 204,
    .in = &proof_shape,
    .errors = errors,
    .exec = totp_disable_exec,
};

static enum err totp_disable_exec(struct request *rq)
{
    bool replayed;
    enum err e = proof_check(rq, rq->in);
    if (e != ERR_NONE) {
        return e;
    }
    write_atomic(rq);
    struct db_batch *b = write_batch(rq);
    int gone = DB_ADD(b, &q_totp_delete, db_uuid(&rq->principal.user));
    audit_add(rq, b, AUDIT_SECOND_FACTOR_OFF, &rq->principal.user, NULL, NULL);
    access_changes(rq, &rq->principal.user);
    if ((e = write_run(rq, b, &replayed))) {
        return e;
    }
    if (PQntuples(db_result(b, gone)) == 0) {
        return fail(rq, ERR_CONFLICT, NULL, "There is no second factor.");
    }
    rq->res.status = 204;
    return ERR_NONE;
}
