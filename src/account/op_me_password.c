/* POST /v1/me/password: another password. */
#include "account/account.h"
#include "account/login.h"

#include "db/queries.h"
#include "http/audit.h"
#include "http/idempotency.h"
#include "outbox/outbox.h"
#include "session/session.h"

#include <stddef.h>

static enum err me_password_exec(struct request *rq);

struct me_password_in {
    struct shape_seen seen;
    struct str current, next;
};

static const struct shape_field fields[] = {
    { .name = "current_password",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_SECRET | SHAPE_EXACT,
      .offset = offsetof(struct me_password_in, current),
      .min = 1,
      .max = ACCOUNT_PASSWORD_MAX,
      .doc = "The one to be replaced.",
      .example = "\"correct horse battery staple\"" },
    { .name = "new_password",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_SECRET | SHAPE_EXACT,
      .offset = offsetof(struct me_password_in, next),
      .min = ACCOUNT_PASSWORD_MIN,
      .max = ACCOUNT_PASSWORD_MAX,
      .doc = "The new one: at least eight characters of any kind, taken exactly as sent.",
      .example = "\"twelve nights in May\"" },
};
static const struct shape shape = {
    .name = "MePassword",
    .fields = fields,
    .count = SHAPE_COUNT(fields),
    .size = sizeof(struct me_password_in),
    .doc = "The old password and the new one.",
};
static const enum err errors[] = { ERR_NOT_FOUND, ERR_WRONG_PASSWORD, ERR_ACCOUNT_INACTIVE, ERR_BUSY,
                                   ERR_NONE };

const struct op op_me_password = {
    .name = "me_password",
    .method = METHOD_POST,
    .path = "/v1/me/password",
    .tag = "Accounts",
    .summary = "Change one's password",
    .doc = "All other sessions of the account end, and links mailed before are no longer good; a mail tells "
           "of it.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_LOGIN,
    .flags = OP_IDEMPOTENT,
    .status = 204,
    .in = &shape,
    .errors = errors,
    .exec = me_password_exec,
};

static enum err check_new(struct request *rq, const struct me_password_in *in,
                          const struct account_contact *account)
{
    if (str_eq(in->current, in->next)) {
        violations_add(&rq->violations, "/new_password", "same", "must not be the current password");
        return fail(rq, ERR_VALIDATION, NULL, NULL);
    }
    return password_acceptable(rq, "/new_password", in->next, account->email, account->name);
}

/* The hash that was checked is the one that is replaced: a reset that happens meanwhile is not undone. */
static enum err replace(struct request *rq, const struct account_contact *account, struct str hash)
{
    const struct uuid *me = &rq->principal.user;
    bool replayed;
    struct db_batch *b = write_batch(rq);
    int changed =
        DB_ADD(b, &q_account_change_password, db_uuid(me), db_text(account->password_hash), db_text(hash));
    session_add_end_all(rq, b, me, &rq->principal.session, "password");
    outbox_add_mail(rq, b, "account.password_changed", account->email,
                    (const struct outbox_field[]){ { "name", account->name } }, 1);
    audit_add(rq, b, AUDIT_USER_PASSWORD, me, NULL, NULL);
    enum err e = write_run(rq, b, &replayed);
    if (e || replayed) {
        return e;
    }
    if (PQntuples(db_result(b, changed)) == 0) {
        return fail(rq, ERR_WRONG_PASSWORD, "/current_password", "The password was changed meanwhile.");
    }
    rq->res.status = 204;
    return ERR_NONE;
}

static enum err me_password_exec(struct request *rq)
{
    const struct me_password_in *in = rq->in;
    struct account_contact account;
    struct str hash;
    bool replayed;
    write_atomic(rq);
    enum err e = account_confirm(rq, "/current_password", in->current, &account, &replayed);
    if (e || replayed || (e = check_new(rq, in, &account)) ||
        (e = password_hash(rq->options, rq->arena, in->next, &hash))) {
        return e;
    }
    return replace(rq, &account, hash);
}
