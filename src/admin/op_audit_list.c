/* GET /v1/audit: the audit log. */
#include "admin/admin.h"

#include "query/plan.h"

const struct op op_audit_list = {
    .name = "audit_list",
    .method = METHOD_GET,
    .path = "/v1/audit",
    .tag = "Administration",
    .summary = "Read the audit log",
    .doc = "Who did what to what, the latest first.",
    .perm = PERM_AUDIT_READ,
    .rate = RATE_READ,
    .flags = OP_LIST,
    .entity = &entity_audit_entry,
    .exec = read_exec,
};
