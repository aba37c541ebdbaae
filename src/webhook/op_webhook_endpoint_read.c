/* GET /v1/webhook-endpoints/{id} */
#include "webhook/webhook.h"

#include "query/plan.h"

static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_webhook_endpoint_read = {
    .name = "webhook_endpoint_read",
    .method = METHOD_GET,
    .path = "/v1/webhook-endpoints/{id}",
    .tag = "Events",
    .summary = "Read an endpoint",
    .doc = "An endpoint of one's own, and how it does.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_READ,
    .flags = OP_ITEM,
    .in = &webhook_id_shape,
    .entity = &entity_webhook_endpoint,
    .errors = errors,
    .exec = read_exec,
};
