/* GET /v1/payouts/{id} */
#include "ledger/ledger.h"
#include "query/plan.h"

struct payout_read_in {
    struct shape_seen seen;
    struct uuid id;
};

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct payout_read_in, id),
      .doc = "The payout." },
};
static const struct shape in_shape = { .name = "PayoutRead",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct payout_read_in),
                                       .doc = "Which payout." };

static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_payout_read = {
    .name = "payout_read",
    .method = METHOD_GET,
    .path = "/v1/payouts/{id}",
    .tag = "Ledger",
    .summary = "Read a payout",
    .doc = "Only for whom it is for, and with ledger.read.",
    .perm = PERM_BOOKING_READ,
    .rate = RATE_READ,
    .flags = OP_ITEM,
    .in = &in_shape,
    .entity = &entity_payout,
    .errors = errors,
    .exec = read_exec,
};
