/* POST /v1/auth/confirm-email: one of the two confirmations of another address. */
#include "account/account.h"
#include "account/mailed_token.h"

#include "db/queries.h"
#include "http/audit.h"
#include "http/idempotency.h"
#include "outbox/outbox.h"
#include "json/write.h"

static enum err auth_confirm_email_exec(struct request *rq);

static const char *const states[] = { "waiting", "changed", NULL };
static const struct shape_field out_fields[] = {
    { .name = "state",
      .type = SHAPE_ENUM,
      .flags = SHAPE_REQUIRED,
      .values = states,
      .doc = "waiting until the link sent to the other address is used too, then changed.",
      .example = "\"waiting\"" },
};
static const struct shape out_shape = {
    .name = "EmailConfirmation",
    .fields = out_fields,
    .count = SHAPE_COUNT(out_fields),
    .doc = "What became of a change of address.",
};
static const enum err errors[] = { ERR_TOKEN_INVALID, ERR_EMAIL_TAKEN, ERR_NONE };

const struct op op_auth_confirm_email = {
    .name = "auth_confirm_email",
    .method = METHOD_POST,
    .path = "/v1/auth/confirm-email",
    .tag = "Accounts",
    .summary = "Confirm another e-mail address",
    .doc =
        "With the token of the mail to the old address or to the new one; the second of the two changes the "
        "address, and a mail tells the old one. email_taken when the new one got an account meanwhile: only "
        "who "
        "reads its mail can find out.",
    .perm = PERM_PUBLIC,
    .rate = RATE_LOGIN,
    .flags = OP_IDEMPOTENT,
    .in = &mailed_token_shape,
    .out = &out_shape,
    .errors = errors,
    .exec = auth_confirm_email_exec,
};

struct confirmation {
    struct uuid user;
    struct str old, new, name;
    bool both;
};

static enum err use_token(struct request *rq, struct str hash, struct confirmation *out, bool *replayed)
{
    struct db_batch *b = write_batch(rq);
    (void)DB_ADD(b, &q_account_email_lock, db_bytea(hash));
    int used = DB_ADD(b, &q_account_email_confirm, db_bytea(hash));
    enum err e = write_run(rq, b, replayed);
    if (e || *replayed) {
        return e;
    }
    const PGresult *r = db_result(b, used);
    if (PQntuples(r) == 0) {
        return fail(rq, ERR_TOKEN_INVALID, "/token", NULL);
    }
    *out = (struct confirmation){ db_get_uuid(r, 0, 0), db_get_text(r, 0, 1), db_get_text(r, 0, 2),
                                  db_get_text(r, 0, 3), db_get_bool(r, 0, 4) };
    return ERR_NONE;
}

static enum err change(struct request *rq, const struct confirmation *c)
{
    bool replayed;
    struct db_batch *b = write_batch(rq);
    audit_watch(b, AUDIT_USER_EMAIL, &c->user);
    (void)DB_ADD(b, &q_account_email_change, db_uuid(&c->user), db_text(c->new));
    audit_add_change(rq, b, AUDIT_USER_EMAIL, &c->user);
    outbox_add_mail(rq, b, "account.email_changed", c->old,
                    (const struct outbox_field[]){ { "name", c->name }, { "email", c->new } }, 2);
    account_add_event(rq, b, "account.email_changed", &c->user);
    return write_run(rq, b, &replayed);
}

static enum err auth_confirm_email_exec(struct request *rq)
{
    const struct token_in *in = rq->in;
    struct confirmation c;
    bool replayed;
    write_atomic(rq);
    enum err e = use_token(rq, mailed_token_hash(rq->arena, in->token), &c, &replayed);
    if (e || replayed || (c.both && (e = change(rq, &c)))) {
        return e;
    }
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    JSON_MEMBER(&w, "state", strz, states[c.both]);
    json_write_object_end(&w);
    return ERR_NONE;
}
