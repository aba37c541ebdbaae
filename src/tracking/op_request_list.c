/* GET /v1/admin/requests: the log of requests. */
#include "tracking/tracking.h"

#include "query/plan.h"

const struct op op_request_list = {
    .name = "request_list",
    .method = METHOD_GET,
    .path = "/v1/admin/requests",
    .tag = "Administration",
    .summary = "Read the log of requests",
    .doc = "Which requests were answered, the latest first. A request is there a second after its answer; "
           "addresses "
           "become pseudonyms after a time, and whole days are removed after a longer one.",
    .perm = PERM_TRACKING_READ,
    .rate = RATE_READ,
    .flags = OP_LIST,
    .entity = &entity_logged_request,
    .exec = read_exec,
};
