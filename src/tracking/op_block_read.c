/* GET /v1/admin/blocks/{id} */
#include "tracking/tracking.h"

#include "query/plan.h"

struct block_read_in {
    struct shape_seen seen;
    struct uuid id;
};

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct block_read_in, id),
      .doc = "The block." },
};
static const struct shape in_shape = { .name = "BlockRead",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct block_read_in),
                                       .doc = "Which block." };
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_block_read = {
    .name = "block_read",
    .method = METHOD_GET,
    .path = "/v1/admin/blocks/{id}",
    .tag = "Administration",
    .summary = "Read a block",
    .doc = "One blocked network.",
    .perm = PERM_BLOCK_MANAGE,
    .rate = RATE_READ,
    .flags = OP_ITEM,
    .in = &in_shape,
    .entity = &entity_address_block,
    .errors = errors,
    .exec = read_exec,
};
