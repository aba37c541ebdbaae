/* POST /v1/webhooks/chapa */
#include "payment/payment.h"

static enum err webhook_chapa_exec(struct request *rq);
static const enum err errors[] = { ERR_BAD_SIGNATURE, ERR_BAD_JSON, ERR_MEDIA_TYPE, ERR_NOT_FOUND, ERR_NONE };

const struct op op_webhook_chapa = {
    .name = "webhook_chapa",
    .method = METHOD_POST,
    .path = "/v1/webhooks/chapa",
    .tag = "Payments",
    .summary = "Events of Chapa",
    .doc = "For Chapa's servers only: what they tell of payments, signed (x-chapa-signature over the body). "
           "It is stored "
           "before it is answered, and handled once, however often it comes and in whatever order.",
    .perm = PERM_PUBLIC,
    .rate = RATE_NONE,
    .flags = OP_BYTES | OP_NO_RATE,
    .status = 204,
    .errors = errors,
    .exec = webhook_chapa_exec,
};

static enum err webhook_chapa_exec(struct request *rq)
{
    return payment_webhook(rq, &payment_chapa);
}
