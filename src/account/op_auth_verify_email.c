/* POST /v1/auth/verify-email: whoever holds the token reads the address. */
#include "account/account.h"
#include "account/mailed_token.h"

#include "db/queries.h"
#include "http/idempotency.h"

static enum err auth_verify_email_exec(struct request *rq);
static const enum err errors[] = { ERR_TOKEN_INVALID, ERR_NONE };

const struct op op_auth_verify_email = {
    .name = "auth_verify_email",
    .method = METHOD_POST,
    .path = "/v1/auth/verify-email",
    .tag = "Accounts",
    .summary = "Verify an e-mail address",
    .doc = "With the token of the mail that signing up sends. It works once, until it expires or the account "
           "has "
           "another address.",
    .perm = PERM_PUBLIC,
    .rate = RATE_LOGIN,
    .flags = OP_IDEMPOTENT,
    .status = 204,
    .in = &mailed_token_shape,
    .errors = errors,
    .exec = auth_verify_email_exec,
};

/* One statement decides and changes, so that there is nothing to undo when the token is no good. */
static enum err auth_verify_email_exec(struct request *rq)
{
    const struct token_in *in = rq->in;
    bool replayed;
    struct db_batch *b = write_batch(rq);
    int verified = DB_ADD(b, &q_account_verify_email, db_bytea(mailed_token_hash(rq->arena, in->token)));
    enum err e = write_run(rq, b, &replayed);
    if (e || replayed) {
        return e;
    }
    if (PQntuples(db_result(b, verified)) == 0) {
        return fail(rq, ERR_TOKEN_INVALID, "/token", NULL);
    }
    rq->res.status = 204;
    return ERR_NONE;
}
