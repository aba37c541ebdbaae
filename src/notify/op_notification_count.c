/* GET /v1/me/notification-count */
#include "notify/notify.h"

#include "db/queries.h"
#include "json/write.h"

static enum err notification_count_exec(struct request *rq);

static const struct shape_field fields[] = {
    { .name = "unread",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED,
      .doc = "How many are not marked as read; 1000 stands for as many or more." },
};
static const struct shape shape = { .name = "NotificationCount",
                                    .fields = fields,
                                    .count = SHAPE_COUNT(fields),
                                    .doc = "How many notifications wait." };
static const enum err errors[] = { ERR_NONE };

const struct op op_notification_count = {
    .name = "notification_count",
    .method = METHOD_GET,
    .path = "/v1/me/notification-count",
    .tag = "Notifications",
    .summary = "Count unread notifications",
    .doc = "For the badge beside the bell.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_READ,
    .flags = OP_RAW,
    .out = &shape,
    .errors = errors,
    .exec = notification_count_exec,
};

static enum err notification_count_exec(struct request *rq)
{
    struct db_failure failure;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int count = DB_ADD(b, &q_notification_count, db_uuid(&rq->principal.user));
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    JSON_MEMBER(&w, "unread", int, db_get_int8(db_result(b, count), 0, 0));
    json_write_object_end(&w);
    return ERR_NONE;
}
