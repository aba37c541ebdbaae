/* POST /v1/auth/forgot-password: a mail with which a new password can be set. */
#include "account/account.h"
#include "account/mailed_token.h"

static enum err auth_forgot_password_exec(struct request *rq);
static const enum err errors[] = { ERR_NONE };

const struct op op_auth_forgot_password = {
    .name = "auth_forgot_password",
    .method = METHOD_POST,
    .path = "/v1/auth/forgot-password",
    .tag = "Accounts",
    .summary = "Ask for a mail to set a new password",
    .doc = "Answers and takes its time alike whether or not the address belongs to an account. Earlier mails "
           "stay "
           "good until one of them is used or expires.",
    .perm = PERM_PUBLIC,
    .rate = RATE_LOGIN,
    .flags = OP_IDEMPOTENT,
    .status = 202,
    .in = &mail_request_shape,
    .out = &mail_promise_shape,
    .errors = errors,
    .exec = auth_forgot_password_exec,
};

static enum err auth_forgot_password_exec(struct request *rq)
{
    const struct mail_request what = { .purpose = "reset_password",
                                       .topic = "account.reset_password",
                                       .page = "/reset-password",
                                       .lifetime_us = rq->options->reset_lifetime };
    return mail_request_exec(rq, &what);
}
