/* GET /v1/quotes/{id} */
#include "pricing/pricing.h"
#include "query/plan.h"

struct quote_read_in {
    struct shape_seen seen;
    struct uuid id;
};

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct quote_read_in, id),
      .doc = "The quote." },
};
static const struct shape in_shape = { .name = "QuoteRead",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct quote_read_in),
                                       .doc = "Which quote." };

static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_quote_read = {
    .name = "quote_read",
    .method = METHOD_GET,
    .path = "/v1/quotes/{id}",
    .tag = "Bookings",
    .summary = "Read a quote",
    .doc = "A quote of the caller, or one asked for without a token.",
    .perm = PERM_PUBLIC,
    .rate = RATE_READ,
    .flags = OP_ITEM,
    .in = &in_shape,
    .entity = &entity_quote,
    .errors = errors,
    .exec = read_exec,
};
