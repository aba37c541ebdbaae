/* POST /v1/webhooks/stripe */
#include "payment/payment.h"

static enum err webhook_stripe_exec(struct request *rq);
static const enum err errors[] = { ERR_BAD_SIGNATURE, ERR_BAD_JSON, ERR_MEDIA_TYPE, ERR_NOT_FOUND, ERR_NONE };

const struct op op_webhook_stripe = {
    .name = "webhook_stripe",
    .method = METHOD_POST,
    .path = "/v1/webhooks/stripe",
    .tag = "Payments",
    .summary = "Events of Stripe",
    .doc = "For Stripe's servers only: what they tell of payments, signed (Stripe-Signature, over its time "
           "and the body; times off by more than five minutes either way are refused). It is stored "
           "before it is answered, and handled once, however often it comes and in whatever order.",
    .perm = PERM_PUBLIC,
    .rate = RATE_NONE,
    .flags = OP_BYTES | OP_NO_RATE,
    .status = 204,
    .errors = errors,
    .exec = webhook_stripe_exec,
};

static enum err webhook_stripe_exec(struct request *rq)
{
    return payment_webhook(rq, &payment_stripe);
}
