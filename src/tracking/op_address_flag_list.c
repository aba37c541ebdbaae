/* GET /v1/admin/address-flags: addresses that attract attention. */
#include "tracking/tracking.h"

#include "query/plan.h"

const struct op op_address_flag_list = {
    .name = "address_flag_list",
    .method = METHOD_GET,
    .path = "/v1/admin/address-flags",
    .tag = "Administration",
    .summary = "List flagged addresses",
    .doc = "Addresses that made many requests in an hour, or asked for paths of administration or log-in, by "
           "the hour; "
           "the latest first. Made once an hour.",
    .perm = PERM_TRACKING_READ,
    .rate = RATE_READ,
    .flags = OP_LIST,
    .entity = &entity_address_flag,
    .exec = read_exec,
};
