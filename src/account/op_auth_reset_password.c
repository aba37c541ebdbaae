/* POST /v1/auth/reset-password: a new password for whoever reads the account's mail. */
#include "account/account.h"
#include "account/login.h"
#include "account/mailed_token.h"

#include "db/queries.h"
#include "http/audit.h"
#include "http/idempotency.h"
#include "outbox/outbox.h"
#include "session/session.h"

#include <stddef.h>

static enum err auth_reset_password_exec(struct request *rq);

struct reset_in {
    struct shape_seen seen;
    struct str token, password;
};

static const struct shape_field fields[] = {
    MAILED_TOKEN_FIELD(offsetof(struct reset_in, token)),
    { .name = "password",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_SECRET | SHAPE_EXACT,
      .offset = offsetof(struct reset_in, password),
      .min = ACCOUNT_PASSWORD_MIN,
      .max = ACCOUNT_PASSWORD_MAX,
      .doc = "The new one: at least eight characters of any kind, taken exactly as sent.",
      .example = "\"twelve nights in May\"" },
};
static const struct shape shape = {
    .name = "AuthResetPassword",
    .fields = fields,
    .count = SHAPE_COUNT(fields),
    .size = sizeof(struct reset_in),
    .doc = "A mailed token and a new password.",
};
static const enum err errors[] = { ERR_TOKEN_INVALID, ERR_BUSY, ERR_NONE };

const struct op op_auth_reset_password = {
    .name = "auth_reset_password",
    .method = METHOD_POST,
    .path = "/v1/auth/reset-password",
    .tag = "Accounts",
    .summary = "Set a new password with a mailed token",
    .doc = "The token works once. All sessions of the account end, and links mailed to it before are no "
           "longer good. "
           "The address counts as verified.",
    .perm = PERM_PUBLIC,
    .rate = RATE_HASH,
    .flags = OP_IDEMPOTENT,
    .status = 204,
    .in = &shape,
    .errors = errors,
    .exec = auth_reset_password_exec,
};

/* Whose token it is. A look ahead, so that nothing is hashed for a token that is no good; what counts is
 * decided when it is used. */
struct holder {
    bool known;
    struct uuid user;
    struct str email, name;
};

static enum err look(struct request *rq, struct str hash, struct holder *out)
{
    struct db_failure failure;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int found = DB_ADD(b, &q_mailed_token_holder, db_bytea(hash), db_text(STR("reset_password")));
    *out = (struct holder){ .known = false };
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    const PGresult *r = db_result(b, found);
    if (PQntuples(r) == 1) {
        *out = (struct holder){ true, db_get_uuid(r, 0, 0), db_get_text(r, 0, 1), db_get_text(r, 0, 2) };
    }
    return ERR_NONE;
}

static enum err make_hash(struct request *rq, const struct reset_in *in, const struct holder *holder,
                          struct str *hash)
{
    enum err e = password_acceptable(rq, "/password", in->password, holder->email, holder->name);
    return e ? e : password_hash(rq->options, rq->arena, in->password, hash);
}

/* A token that is no good may still be the one of a request that is being repeated under its key. */
static enum err refuse(struct request *rq)
{
    bool replayed;
    enum err e = write_claim(rq, &replayed);
    return e || replayed ? e : fail(rq, ERR_TOKEN_INVALID, "/token", NULL);
}

static enum err auth_reset_password_exec(struct request *rq)
{
    const struct reset_in *in = rq->in;
    struct str token = mailed_token_hash(rq->arena, in->token), hash;
    struct holder holder;
    bool replayed;
    write_atomic(rq);
    enum err e = look(rq, token, &holder);
    if (e) {
        return e;
    }
    if (!holder.known) {
        return refuse(rq);
    }
    if ((e = make_hash(rq, in, &holder, &hash))) {
        return e;
    }
    struct db_batch *b = write_batch(rq);
    int used = DB_ADD(b, &q_account_reset_password, db_bytea(token), db_text(hash));
    session_add_end_all(rq, b, &holder.user, NULL, "password");
    outbox_add_mail(rq, b, "account.password_changed", holder.email,
                    (const struct outbox_field[]){ { "name", holder.name } }, 1);
    audit_add(rq, b, AUDIT_USER_PASSWORD_RESET, &holder.user, NULL, NULL);
    if ((e = write_run(rq, b, &replayed)) || replayed) {
        return e;
    }
    if (PQntuples(db_result(b, used)) == 0) {
        return fail(rq, ERR_TOKEN_INVALID, "/token", NULL);
    }
    login_forgive(rq, holder.email);
    rq->res.status = 204;
    return ERR_NONE;
}
