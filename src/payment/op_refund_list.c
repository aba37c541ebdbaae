/* GET /v1/refunds */
#include "payment/payment.h"
#include "query/plan.h"

const struct op op_refund_list = {
    .name = "refund_list",
    .method = METHOD_GET,
    .path = "/v1/refunds",
    .tag = "Payments",
    .summary = "List refunds",
    .doc = "Of bookings the caller is guest or host of, or may read as co-host, the latest first; whoever "
           "holds payment.manage "
           "sees all.",
    .perm = PERM_BOOKING_READ,
    .rate = RATE_READ,
    .flags = OP_LIST,
    .entity = &entity_refund,
    .exec = read_exec,
};
