/* POST /v1/webhook-endpoints/{id}/replay */
#include "webhook/webhook.h"

#include "db/queries.h"
#include "http/idempotency.h"
#include "json/write.h"

#include <stddef.h>

#define REPLAY_MAX 10000

struct replay_in {
    struct shape_seen seen;
    struct uuid id;
    int64_t from;
};

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct replay_in, id),
      .doc = "The endpoint." },
    { .name = "from",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct replay_in, from),
      .min = 1,
      .max = INT64_C(1000000000000000),
      .doc = "Number of the first event to be sent again.",
      .example = "17" },
};
static const struct shape in_shape = { .name = "WebhookReplay",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct replay_in),
                                       .doc = "From where on." };
static const struct shape_field out_fields[] = {
    { .name = "events",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED,
      .doc = "How many are sent; 10,000 at most.",
      .example = "3" },
};
static const struct shape out_shape = {
    .name = "WebhookReplayed", .fields = out_fields, .count = SHAPE_COUNT(out_fields), .doc = "What is sent."
};

static enum err endpoint_replay_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_webhook_endpoint_replay = {
    .name = "webhook_endpoint_replay",
    .method = METHOD_POST,
    .path = "/v1/webhook-endpoints/{id}/replay",
    .tag = "Events",
    .summary = "Send events again",
    .doc = "Every event from a number on that the endpoint asks for, whether it was delivered before or not, "
           "in order and "
           "under the webhook-id it had.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT,
    .status = 202,
    .in = &in_shape,
    .out = &out_shape,
    .errors = errors,
    .exec = endpoint_replay_exec,
};

static enum err endpoint_replay_exec(struct request *rq)
{
    const struct replay_in *in = rq->in;
    bool replayed;
    struct db_batch *b = write_batch(rq);
    int done = DB_ADD(b, &q_webhook_replay, db_uuid(&in->id), db_uuid(&rq->principal.user),
                      db_int8(rq->arena, in->from), db_int8(rq->arena, REPLAY_MAX));
    enum err e = write_run(rq, b, &replayed);
    if (e || replayed) {
        return e;
    }
    if (!db_get_bool(db_result(b, done), 0, 0)) {
        return fail(rq, ERR_NOT_FOUND, NULL, NULL);
    }
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    JSON_MEMBER(&w, "events", int, db_get_int8(db_result(b, done), 0, 1));
    json_write_object_end(&w);
    rq->res.status = 202;
    return ERR_NONE;
}
