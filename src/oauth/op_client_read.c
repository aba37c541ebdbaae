/* GET /v1/oauth/clients and one of them. */
#include "oauth/client_in.h"

#include "query/plan.h"

static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_client_list = {
    .name = "client_list",
    .method = METHOD_GET,
    .path = "/v1/oauth/clients",
    .tag = "OAuth clients",
    .summary = "List clients",
    .doc = "All that are registered, the latest first.",
    .perm = PERM_CLIENT_MANAGE,
    .rate = RATE_READ,
    .flags = OP_LIST,
    .entity = &entity_client,
    .exec = read_exec,
};

const struct op op_client_read = {
    .name = "client_read",
    .method = METHOD_GET,
    .path = "/v1/oauth/clients/{id}",
    .tag = "OAuth clients",
    .summary = "Read a client",
    .doc = "Everything but its secret, which nobody knows.",
    .perm = PERM_CLIENT_MANAGE,
    .rate = RATE_READ,
    .flags = OP_ITEM,
    .in = &client_id_shape,
    .entity = &entity_client,
    .errors = errors,
    .exec = read_exec,
};
