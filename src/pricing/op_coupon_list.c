/* GET /v1/coupons */
#include "pricing/coupon.h"
#include "query/plan.h"

const struct op op_coupon_list = {
    .name = "coupon_list",
    .method = METHOD_GET,
    .path = "/v1/coupons",
    .tag = "Coupons",
    .summary = "List coupons",
    .doc = "The caller's own; staff see all.",
    .perm = PERM_PROPERTY_MANAGE,
    .rate = RATE_READ,
    .flags = OP_LIST,
    .entity = &entity_coupon,
    .exec = read_exec,
};
