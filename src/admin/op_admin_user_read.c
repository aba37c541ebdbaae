/* GET /v1/admin/users/{id} */
#include "admin/admin.h"

#include "query/plan.h"

#include <stddef.h>

struct admin_user_read_in {
    struct shape_seen seen;
    struct uuid id;
};

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct admin_user_read_in, id),
      .doc = "The account." },
};
static const struct shape in_shape = { .name = "AdminUserRead",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct admin_user_read_in),
                                       .doc = "Which account." };
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_admin_user_read = {
    .name = "admin_user_read",
    .method = METHOD_GET,
    .path = "/v1/admin/users/{id}",
    .tag = "Administration",
    .summary = "Read an account",
    .doc = "An account as those see it who look after accounts.",
    .perm = PERM_USER_READ,
    .rate = RATE_READ,
    .flags = OP_ITEM,
    .in = &in_shape,
    .entity = &entity_managed_user,
    .errors = errors,
    .exec = read_exec,
};
