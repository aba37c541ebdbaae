/* POST /v1/me/deactivate: close one's account. */
#include "account/account.h"

#include "db/queries.h"
#include "http/audit.h"
#include "http/etag.h"
#include "http/idempotency.h"
#include "outbox/outbox.h"
#include "session/session.h"

#include <stddef.h>

static enum err me_deactivate_exec(struct request *rq);

struct me_deactivate_in {
    struct shape_seen seen;
    struct str password;
};

static const struct shape_field fields[] = {
    { .name = "password",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_SECRET | SHAPE_EXACT,
      .offset = offsetof(struct me_deactivate_in, password),
      .min = 1,
      .max = ACCOUNT_PASSWORD_MAX,
      .doc = "The account's password.",
      .example = "\"correct horse battery staple\"" },
};
static const struct shape shape = {
    .name = "MeDeactivate",
    .fields = fields,
    .count = SHAPE_COUNT(fields),
    .size = sizeof(struct me_deactivate_in),
    .doc = "A last proof.",
};
static const enum err errors[] = { ERR_NOT_FOUND,      ERR_WRONG_PASSWORD, ERR_ACCOUNT_INACTIVE,
                                   ERR_ACCOUNT_IN_USE, ERR_BUSY,           ERR_NONE };

const struct op op_me_deactivate = {
    .name = "me_deactivate",
    .method = METHOD_POST,
    .path = "/v1/me/deactivate",
    .tag = "Accounts",
    .summary = "Deactivate one's account",
    .doc = "All sessions end, nobody can log in any more, the public profile is gone, and published "
           "properties become "
           "drafts. Refused while the account is guest or host of a stay that is going on or to come. "
           "Bookings and "
           "reviews of the past stay. The staff can restore the account.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_LOGIN,
    .flags = OP_IDEMPOTENT,
    .status = 204,
    .in = &shape,
    .errors = errors,
    .exec = me_deactivate_exec,
};

/* From here on nobody books with the account: a booking takes a share of the rows of its guest and host. What
 * is done here is undone when the account is in use. */
static enum err withdraw(struct request *rq)
{
    bool replayed;
    struct db_batch *b = write_batch(rq);
    (void)DB_ADD(b, &q_account_withdraw, db_uuid(&rq->principal.user));
    int locked = DB_ADD(b, &q_account_lock, db_uuid(&rq->principal.user));
    int stays = DB_ADD(b, &q_account_upcoming, db_uuid(&rq->principal.user));
    enum err e = write_run(rq, b, &replayed);
    if (e) {
        return e;
    }
    if (PQntuples(db_result(b, locked)) == 0) {
        return fail(rq, ERR_NOT_FOUND, NULL, NULL);
    }
    int64_t guest = db_get_int8(db_result(b, stays), 0, 0), host = db_get_int8(db_result(b, stays), 0, 1);
    if (guest + host > 0) {
        return fail(
            rq, ERR_ACCOUNT_IN_USE, NULL,
            "Stays that are going on or to come: %lld as guest, %lld as host. Cancel them or wait for "
            "their end.",
            (long long)guest, (long long)host);
    }
    return ERR_NONE;
}

static enum err me_deactivate_exec(struct request *rq)
{
    const struct me_deactivate_in *in = rq->in;
    const struct uuid *me = &rq->principal.user;
    struct account_contact account;
    bool replayed;
    write_atomic(rq);
    enum err e = account_confirm(rq, "/password", in->password, &account, &replayed);
    if (e || replayed || (e = withdraw(rq))) {
        return e;
    }
    struct db_batch *b = write_batch(rq);
    (void)DB_ADD(b, &q_account_deactivate, db_uuid(me));
    session_add_end_all(rq, b, me, NULL, "deactivated");
    outbox_add_mail(rq, b, "account.deactivated", account.email,
                    (const struct outbox_field[]){ { "name", account.name } }, 1);
    account_add_event(rq, b, "account.deactivated", me);
    audit_add(rq, b, AUDIT_USER_DEACTIVATE, me, "{\"status\": \"active\"}", "{\"status\": \"deactivated\"}");
    if ((e = write_run(rq, b, &replayed))) {
        return e;
    }
    rq->res.status = 204;
    return ERR_NONE;
}
