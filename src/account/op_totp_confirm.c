/* POST /v1/me/totp/confirm: the app works, so the second factor counts from now on. */
#include "account/login.h"
#include "account/second_factor.h"

#include "db/queries.h"
#include "http/access.h"
#include "http/audit.h"
#include "http/idempotency.h"

#include <stddef.h>

static enum err totp_confirm_exec(struct request *rq);

struct totp_confirm_in {
    struct shape_seen seen;
    struct str code;
};

static const struct shape_field fields[] = {
    { .name = "code",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_SECRET,
      .offset = offsetof(struct totp_confirm_in, code),
      .min = SECOND_FACTOR_CODE_MIN,
      .max = SECOND_FACTOR_CODE_MAX,
      .doc = "What the authenticator app shows.",
      .example = "\"492039\"" },
};
static const struct shape shape = {
    .name = "TotpConfirm",
    .fields = fields,
    .count = SHAPE_COUNT(fields),
    .size = sizeof(struct totp_confirm_in),
    .doc = "A code of the app.",
};
static const enum err errors[] = { ERR_WRONG_CODE, ERR_CONFLICT, ERR_NONE };

const struct op op_totp_confirm = {
    .name = "totp_confirm",
    .method = METHOD_POST,
    .path = "/v1/me/totp/confirm",
    .tag = "Accounts",
    .summary = "Set up a second factor",
    .doc =
        "From now on log-ins ask for a code. The answer has ten recovery codes, which are shown this once. "
        "`conflict`: there is nothing to confirm.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_LOGIN,
    .flags = OP_SECRET | OP_ENROL,
    .in = &shape,
    .out = &recovery_codes_shape,
    .errors = errors,
    .exec = totp_confirm_exec,
};

/* The step of the code, by the secret that waits to be confirmed, as it is stored. */
static enum err match(struct request *rq, struct str code, struct str *sealed, int64_t *step)
{
    struct db_failure failure;
    struct str secret;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int found = DB_ADD(b, &q_totp_pending, db_uuid(&rq->principal.user));
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    if (PQntuples(db_result(b, found)) == 0) {
        return fail(rq, ERR_CONFLICT, NULL, "There is no second factor to confirm.");
    }
    *sealed = db_get_text(db_result(b, found), 0, 0);
    *step = second_factor_open(rq, &rq->principal.user, *sealed, &secret)
                ? totp_match(secret, code, rq->now_us, 0)
                : 0;
    return *step > 0 ? ERR_NONE : fail(rq, ERR_WRONG_CODE, "/code", NULL);
}

static enum err totp_confirm_exec(struct request *rq)
{
    const struct totp_confirm_in *in = rq->in;
    const struct recovery_set *set;
    struct str sealed;
    int64_t step = 0;
    bool replayed;
    enum err e = match(rq, in->code, &sealed, &step);
    if (e != ERR_NONE) {
        return e;
    }
    write_atomic(rq);
    struct db_batch *b = write_batch(rq);
    int confirmed =
        DB_ADD(b, &q_totp_confirm, db_uuid(&rq->principal.user), db_bytea(sealed), db_int8(rq->arena, step));
    set = recovery_codes_add(rq, b);
    audit_add(rq, b, AUDIT_SECOND_FACTOR_ON, &rq->principal.user, NULL, NULL);
    access_changes(rq, &rq->principal.user);
    if ((e = write_run(rq, b, &replayed))) {
        return e;
    }
    if (PQntuples(db_result(b, confirmed)) == 0) { /* begun anew or confirmed meanwhile: rolled back */
        return fail(rq, ERR_CONFLICT, NULL, "There is no such second factor to confirm.");
    }
    recovery_codes_write(rq, set);
    return ERR_NONE;
}
