/* GET /v1/notifications/{id} */
#include "notify/notify.h"

#include "query/plan.h"

struct notification_read_in {
    struct shape_seen seen;
    struct uuid id;
};

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct notification_read_in, id),
      .doc = "The notification." },
};
static const struct shape in_shape = { .name = "NotificationRead",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct notification_read_in),
                                       .doc = "Which notification." };
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_notification_read = {
    .name = "notification_read",
    .method = METHOD_GET,
    .path = "/v1/notifications/{id}",
    .tag = "Notifications",
    .summary = "Read a notification",
    .doc = "Reading it by this does not mark it as read.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_READ,
    .flags = OP_ITEM,
    .in = &in_shape,
    .entity = &entity_notification,
    .errors = errors,
    .exec = read_exec,
};
