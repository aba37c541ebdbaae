/* POST /v1/auth/resend-verification: another mail that verifies an address. */
#include "account/account.h"
#include "account/mailed_token.h"

static enum err auth_resend_verification_exec(struct request *rq);
static const enum err errors[] = { ERR_NONE };

const struct op op_auth_resend_verification = {
    .name = "auth_resend_verification",
    .method = METHOD_POST,
    .path = "/v1/auth/resend-verification",
    .tag = "Accounts",
    .summary = "Ask for another mail to verify an address",
    .doc = "Signing up sends the first. Answers and takes its time alike whether or not the address belongs "
           "to an "
           "account, and whether or not it is verified already.",
    .perm = PERM_PUBLIC,
    .rate = RATE_LOGIN,
    .flags = OP_IDEMPOTENT,
    .status = 202,
    .in = &mail_request_shape,
    .out = &mail_promise_shape,
    .errors = errors,
    .exec = auth_resend_verification_exec,
};

static enum err auth_resend_verification_exec(struct request *rq)
{
    const struct mail_request what = { .purpose = "verify_email",
                                       .topic = "account.verify_email",
                                       .page = "/verify-email",
                                       .lifetime_us = rq->options->verify_lifetime,
                                       .unverified_only = true };
    return mail_request_exec(rq, &what);
}
