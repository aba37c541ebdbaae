/* GET /v1/coupons/{id} */
#include "pricing/coupon.h"
#include "query/plan.h"

struct coupon_read_in {
    struct shape_seen seen;
    struct uuid id;
};

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct coupon_read_in, id),
      .doc = "The coupon." },
};
static const struct shape in_shape = { .name = "CouponRead",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct coupon_read_in),
                                       .doc = "Which coupon." };

static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_coupon_read = {
    .name = "coupon_read",
    .method = METHOD_GET,
    .path = "/v1/coupons/{id}",
    .tag = "Coupons",
    .summary = "Read a coupon",
    .doc = "One of the caller's own; staff read all.",
    .perm = PERM_PROPERTY_MANAGE,
    .rate = RATE_READ,
    .flags = OP_ITEM,
    .in = &in_shape,
    .entity = &entity_coupon,
    .errors = errors,
    .exec = read_exec,
};
