/* GET /v1/payouts */
#include "ledger/ledger.h"
#include "query/plan.h"

const struct op op_payout_list = {
    .name = "payout_list",
    .method = METHOD_GET,
    .path = "/v1/payouts",
    .tag = "Ledger",
    .summary = "List payouts",
    .doc = "What the caller was paid or is to be paid as host or co-host, the latest first; with ledger.read "
           "everybody's. "
           "A stay is paid out from a day after check-in, once the guest has paid for it.",
    .perm = PERM_BOOKING_READ,
    .rate = RATE_READ,
    .flags = OP_LIST,
    .entity = &entity_payout,
    .exec = read_exec,
};
