/* GET /v1/notifications */
#include "notify/notify.h"

#include "query/plan.h"

struct notification_list_in {
    struct shape_seen seen;
    bool unread;
};

static const struct shape_field in_fields[] = {
    { .name = "unread",
      .type = SHAPE_BOOL,
      .in = IN_QUERY,
      .offset = offsetof(struct notification_list_in, unread),
      .doc = "true: only those that are not marked as read." },
};
static const struct shape in_shape = { .name = "NotificationList",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct notification_list_in),
                                       .doc = "Which notifications." };

static enum err notification_list_prepare(struct request *rq, struct selection *sel)
{
    const struct notification_list_in *in = rq->in;
    if (in->unread) {
        selection_where(sel, " and {t}.read_at is null", NULL, 0);
    }
    return ERR_NONE;
}

static const enum err errors[] = { ERR_NONE };

const struct op op_notification_list = {
    .name = "notification_list",
    .method = METHOD_GET,
    .path = "/v1/notifications",
    .tag = "Notifications",
    .summary = "List one's notifications",
    .doc = "What one was told of in the application, the latest first.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_READ,
    .flags = OP_LIST,
    .in = &in_shape,
    .entity = &entity_notification,
    .errors = errors,
    .prepare = notification_list_prepare,
    .exec = read_exec,
};
