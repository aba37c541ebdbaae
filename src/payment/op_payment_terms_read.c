/* GET /v1/properties/{id}/payment-terms */
#include "payment/payment.h"
#include "query/plan.h"

struct payment_terms_read_in {
    struct shape_seen seen;
    struct uuid id;
};

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct payment_terms_read_in, id),
      .doc = "The property." },
};
static const struct shape in_shape = { .name = "PaymentTermsRead",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct payment_terms_read_in),
                                       .doc = "Which property." };

static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_payment_terms_read = {
    .name = "payment_terms_read",
    .method = METHOD_GET,
    .path = "/v1/properties/{id}/payment-terms",
    .tag = "Payments",
    .summary = "Read how a property wants to be paid",
    .doc = "Deposit, balance and security.",
    .perm = PERM_PUBLIC,
    .rate = RATE_READ,
    .flags = OP_ITEM,
    .in = &in_shape,
    .entity = &entity_payment_terms,
    .errors = errors,
    .exec = read_exec,
};
