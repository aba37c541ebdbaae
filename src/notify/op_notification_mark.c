/* PATCH /v1/notifications/{id} and POST /v1/notifications/read: what was read. */
#include "notify/notify.h"

#include "db/queries.h"
#include "http/idempotency.h"
#include "query/plan.h"
#include "json/write.h"

struct mark_in {
    struct shape_seen seen;
    struct uuid id;
    bool read;
};

static const struct shape_field mark_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct mark_in, id),
      .doc = "The notification." },
    { .name = "read",
      .type = SHAPE_BOOL,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct mark_in, read),
      .doc = "false takes the mark away." },
};
static const struct shape mark_shape = { .name = "NotificationMark",
                                         .fields = mark_fields,
                                         .count = SHAPE_COUNT(mark_fields),
                                         .size = sizeof(struct mark_in),
                                         .doc = "Whether it was read." };

struct mark_all_in {
    struct shape_seen seen;
    struct uuid last_id;
};
enum { LAST_ID };

static const struct shape_field mark_all_fields[] = {
    [LAST_ID] = { .name = "last_id",
                  .type = SHAPE_UUID,
                  .offset = offsetof(struct mark_all_in, last_id),
                  .doc = "The latest one that was shown, so that none is marked that came since; left out: "
                         "all." },
};
static const struct shape mark_all_shape = { .name = "NotificationMarkAll",
                                             .fields = mark_all_fields,
                                             .count = SHAPE_COUNT(mark_all_fields),
                                             .size = sizeof(struct mark_all_in),
                                             .doc = "Which were read." };
static const struct shape_field marked_fields[] = {
    { .name = "marked",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED,
      .doc = "How many were not marked before." },
};
static const struct shape marked_shape = { .name = "NotificationsMarked",
                                           .fields = marked_fields,
                                           .count = SHAPE_COUNT(marked_fields),
                                           .doc = "What was marked." };

static enum err notification_mark_exec(struct request *rq);
static enum err notification_mark_all_exec(struct request *rq);
static const enum err mark_errors[] = { ERR_NOT_FOUND, ERR_NONE };
static const enum err mark_all_errors[] = { ERR_NONE };

const struct op op_notification_mark = {
    .name = "notification_mark",
    .method = METHOD_PATCH,
    .path = "/v1/notifications/{id}",
    .tag = "Notifications",
    .summary = "Mark a notification as read",
    .doc = "Or as not read.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT,
    .in = &mark_shape,
    .entity = &entity_notification,
    .errors = mark_errors,
    .exec = notification_mark_exec,
};

const struct op op_notification_mark_all = {
    .name = "notification_mark_all",
    .method = METHOD_POST,
    .path = "/v1/notifications/read",
    .tag = "Notifications",
    .summary = "Mark all notifications as read",
    .doc = "Those up to the one named, or all.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_RAW,
    .in = &mark_all_shape,
    .out = &marked_shape,
    .errors = mark_all_errors,
    .exec = notification_mark_all_exec,
};

static enum err notification_mark_exec(struct request *rq)
{
    const struct mark_in *in = rq->in;
    bool replayed;
    struct db_batch *b = write_batch(rq);
    int marked = DB_ADD(b, &q_notification_mark, db_uuid(&in->id), db_uuid(&rq->principal.user),
                        db_bool(rq->arena, in->read));
    enum err e = write_run(rq, b, &replayed);
    if (e || replayed) {
        return e;
    }
    if (PQntuples(db_result(b, marked)) == 0) {
        return fail(rq, ERR_NOT_FOUND, NULL, NULL);
    }
    return plan_answer(rq, &entity_notification, &in->id);
}

static enum err notification_mark_all_exec(struct request *rq)
{
    const struct mark_all_in *in = rq->in;
    bool replayed;
    struct db_batch *b = write_batch(rq);
    int marked = DB_ADD(b, &q_notification_mark_all, db_uuid(&rq->principal.user),
                        db_uuid(SHAPE_HAS(in, LAST_ID) ? &in->last_id : NULL));
    enum err e = write_run(rq, b, &replayed);
    if (e || replayed) {
        return e;
    }
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    JSON_MEMBER(&w, "marked", int, db_get_int8(db_result(b, marked), 0, 0));
    json_write_object_end(&w);
    return ERR_NONE;
}
