/* GET /v1/admin/blocks */
#include "tracking/tracking.h"

#include "query/plan.h"

const struct op op_block_list = {
    .name = "block_list",
    .method = METHOD_GET,
    .path = "/v1/admin/blocks",
    .tag = "Administration",
    .summary = "List blocked networks",
    .doc = "The latest first; those that have ended stay for a while.",
    .perm = PERM_BLOCK_MANAGE,
    .rate = RATE_READ,
    .flags = OP_LIST,
    .entity = &entity_address_block,
    .exec = read_exec,
};
