/* POST /v1/me/email: ask for another e-mail address. */
#include "account/account.h"
#include "account/mailed_token.h"

#include "db/queries.h"
#include "http/idempotency.h"
#include "outbox/outbox.h"

#include <stddef.h>

static enum err me_email_exec(struct request *rq);

struct me_email_in {
    struct shape_seen seen;
    struct str email, password;
};

static const struct shape_field fields[] = {
    { .name = "email",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct me_email_in, email),
      .min = 3,
      .max = ACCOUNT_EMAIL_MAX,
      .format = "email",
      .doc = "The new address.",
      .example = "\"ada@example.org\"" },
    { .name = "password",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_SECRET | SHAPE_EXACT,
      .offset = offsetof(struct me_email_in, password),
      .min = 1,
      .max = ACCOUNT_PASSWORD_MAX,
      .doc = "The account's password.",
      .example = "\"correct horse battery staple\"" },
};
static const struct shape shape = {
    .name = "MeEmail",
    .fields = fields,
    .count = SHAPE_COUNT(fields),
    .size = sizeof(struct me_email_in),
    .doc = "A new address.",
};
static const enum err errors[] = { ERR_NOT_FOUND, ERR_WRONG_PASSWORD, ERR_ACCOUNT_INACTIVE, ERR_BUSY,
                                   ERR_NONE };

const struct op op_me_email = {
    .name = "me_email",
    .method = METHOD_POST,
    .path = "/v1/me/email",
    .tag = "Accounts",
    .summary = "Ask for another e-mail address",
    .doc = "Both addresses are sent a link; the address changes when both were used (auth_confirm_email). "
           "Asking again "
           "makes earlier links void. An address that has an account already is told so by mail; the answer "
           "is the "
           "same.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_LOGIN,
    .flags = OP_IDEMPOTENT,
    .status = 202,
    .in = &shape,
    .out = &mail_promise_shape,
    .errors = errors,
    .exec = me_email_exec,
};

#define PAGE "/confirm-email"

static struct str payload(struct request *rq, const struct mailed_token *token, struct str name)
{
    return mailed_token_payload(rq, PAGE, token->text, rq->options->change_email_lifetime, name);
}

/* The new address is nobody's until it is confirmed: its mail carries no text of the account's. */
static void add_start(struct request *rq, struct db_batch *b, const struct account_contact *account,
                      struct str email)
{
    struct mailed_token ours = mailed_token_new(rq->arena), theirs = mailed_token_new(rq->arena);
    const struct outbox_field known[] = { { "link", account_link(rq, "/") } };
    (void)DB_ADD(b, &q_account_email_start, db_uuid(&rq->principal.user), db_text(email),
                 db_int8(rq->arena, rq->options->change_email_lifetime), db_bytea(ours.hash),
                 db_text(payload(rq, &ours, account->name)), db_bytea(theirs.hash),
                 db_text(payload(rq, &theirs, STR_NONE)), db_text(outbox_payload(rq->arena, known, 1)));
}

static enum err me_email_exec(struct request *rq)
{
    const struct me_email_in *in = rq->in;
    struct str email = account_email(rq->arena, in->email);
    struct account_contact account;
    bool replayed;
    write_atomic(rq);
    enum err e = account_confirm(rq, "/password", in->password, &account, &replayed);
    if (e || replayed) {
        return e;
    }
    if (str_eq(email, account.email)) {
        violations_add(&rq->violations, "/email", "same", "is the address of the account already");
        return fail(rq, ERR_VALIDATION, NULL, NULL);
    }
    struct db_batch *b = write_batch(rq);
    (void)DB_ADD(b, &q_account_lock, db_uuid(&rq->principal.user));
    add_start(rq, b, &account, email);
    if ((e = write_run(rq, b, &replayed)) || replayed) {
        return e;
    }
    return mail_promise(rq, "Both addresses are sent a mail; follow the links in both of them.");
}
