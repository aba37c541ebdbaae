/* GET /v1/payments */
#include "payment/payment.h"
#include "query/plan.h"

const struct op op_payment_list = {
    .name = "payment_list",
    .method = METHOD_GET,
    .path = "/v1/payments",
    .tag = "Payments",
    .summary = "List payments",
    .doc = "Of bookings the caller is guest or host of, or may read as co-host, the latest first; whoever "
           "holds payment.manage "
           "sees all.",
    .perm = PERM_BOOKING_READ,
    .rate = RATE_READ,
    .flags = OP_LIST,
    .entity = &entity_payment,
    .prepare = payment_read_prepare,
    .exec = read_exec,
};
