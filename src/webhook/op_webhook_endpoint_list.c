/* GET /v1/webhook-endpoints */
#include "webhook/webhook.h"

#include "query/plan.h"

static const enum err errors[] = { ERR_NONE };

const struct op op_webhook_endpoint_list = {
    .name = "webhook_endpoint_list",
    .method = METHOD_GET,
    .path = "/v1/webhook-endpoints",
    .tag = "Events",
    .summary = "List endpoints",
    .doc = "One's own endpoints of webhooks, the newest first.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_READ,
    .flags = OP_LIST,
    .entity = &entity_webhook_endpoint,
    .errors = errors,
    .exec = read_exec,
};
