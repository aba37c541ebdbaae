/* GET /v1/payments/{id} */
#include "payment/payment.h"
#include "query/plan.h"

struct payment_read_in {
    struct shape_seen seen;
    struct uuid id;
};

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct payment_read_in, id),
      .doc = "The payment." },
};
static const struct shape in_shape = { .name = "PaymentRead",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct payment_read_in),
                                       .doc = "Which payment." };

static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_payment_read = {
    .name = "payment_read",
    .method = METHOD_GET,
    .path = "/v1/payments/{id}",
    .tag = "Payments",
    .summary = "Read a payment",
    .doc = "Only for whoever has part in its booking, and holders of payment.manage.",
    .perm = PERM_BOOKING_READ,
    .rate = RATE_READ,
    .flags = OP_ITEM,
    .in = &in_shape,
    .entity = &entity_payment,
    .errors = errors,
    .prepare = payment_read_prepare,
    .exec = read_exec,
};
