/* GET /v1/refunds/{id} */
#include "payment/payment.h"
#include "query/plan.h"

struct refund_read_in {
    struct shape_seen seen;
    struct uuid id;
};

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct refund_read_in, id),
      .doc = "The refund." },
};
static const struct shape in_shape = { .name = "RefundRead",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct refund_read_in),
                                       .doc = "Which refund." };

static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_refund_read = {
    .name = "refund_read",
    .method = METHOD_GET,
    .path = "/v1/refunds/{id}",
    .tag = "Payments",
    .summary = "Read a refund",
    .doc = "Only for whoever has part in its booking, and holders of payment.manage.",
    .perm = PERM_BOOKING_READ,
    .rate = RATE_READ,
    .flags = OP_ITEM,
    .in = &in_shape,
    .entity = &entity_refund,
    .errors = errors,
    .exec = read_exec,
};
