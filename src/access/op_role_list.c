/* GET /v1/roles */
#include "access/access.h"
#include "query/plan.h"

const struct op op_role_list = {
    .name = "role_list",
    .method = METHOD_GET,
    .path = "/v1/roles",
    .tag = "Administration",
    .summary = "List roles",
    .doc = "All roles with what they allow, by name.",
    .perm = PERM_ROLE_MANAGE,
    .rate = RATE_READ,
    .flags = OP_LIST,
    .entity = &entity_role,
    .exec = read_exec,
};
