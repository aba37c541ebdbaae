/* GET /v1/audit/{id} */
#include "admin/admin.h"

#include "query/plan.h"

#include <stddef.h>

struct audit_read_in {
    struct shape_seen seen;
    struct uuid id;
};

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct audit_read_in, id),
      .doc = "The entry." },
};
static const struct shape in_shape = { .name = "AuditRead",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct audit_read_in),
                                       .doc = "Which entry." };
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_audit_read = {
    .name = "audit_read",
    .method = METHOD_GET,
    .path = "/v1/audit/{id}",
    .tag = "Administration",
    .summary = "Read an entry of the audit log",
    .doc = "One entry.",
    .perm = PERM_AUDIT_READ,
    .rate = RATE_READ,
    .flags = OP_ITEM,
    .in = &in_shape,
    .entity = &entity_audit_entry,
    .errors = errors,
    .exec = read_exec,
};
