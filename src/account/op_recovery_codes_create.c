/* POST /v1/me/totp/recovery-codes: a new set. */
#include "account/second_factor.h"

#include "db/queries.h"
#include "http/audit.h"
#include "http/idempotency.h"

static enum err recovery_codes_create_exec(struct request *rq);

static const enum err errors[] = { ERR_WRONG_PASSWORD, ERR_WRONG_CODE, ERR_CONFLICT, ERR_BUSY, ERR_NONE };

const struct op op_recovery_codes_create = {
    .name = "recovery_codes_create",
    .method = METHOD_POST,
    .path = "/v1/me/totp/recovery-codes",
    .tag = "Accounts",
    .summary = "Get new recovery codes",
    .doc = "Ten new ones; all earlier ones are worthless from then on. Needs the password and a code, or a "
           "recovery code. "
           "`conflict`: there is no second factor.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_LOGIN,
    .flags = OP_SECRET,
    .in = &proof_shape,
    .out = &recovery_codes_shape,
    .errors = errors,
    .exec = recovery_codes_create_exec,
};

static enum err recovery_codes_create_exec(struct request *rq)
{
    bool replayed;
    enum err e = proof_check(rq, rq->in);
    if (e != ERR_NONE) {
        return e;
    }
    write_atomic(rq);
    struct db_batch *b = write_batch(rq);
    int found = DB_ADD(b, &q_second_factor_lock, db_uuid(&rq->principal.user));
    const struct recovery_set *set = recovery_codes_add(rq, b);
    audit_add(rq, b, AUDIT_RECOVERY_CODES, &rq->principal.user, NULL, NULL);
    if ((e = write_run(rq, b, &replayed))) {
        return e;
    }
    if (PQntuples(db_result(b, found)) == 0) {
        return fail(rq, ERR_CONFLICT, NULL, "There is no second factor.");
    }
    recovery_codes_write(rq, set);
    return ERR_NONE;
}
