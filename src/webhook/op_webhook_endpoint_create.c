/* POST /v1/webhook-endpoints: have a URL be told of events. */
#include "webhook/webhook.h"

#include "db/queries.h"
#include "event/event.h"
#include "http/idempotency.h"

#include <stddef.h>

struct endpoint_create_in {
    struct shape_seen seen;
    struct str url, description;
    struct shape_list types; /* of int: indexes of event_types */
};
#define IN(member) offsetof(struct endpoint_create_in, member)

static const struct shape_field type_item = { .type = SHAPE_ENUM, .values = event_types };
static const struct shape_field in_fields[] = {
    { .name = "url",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_EXACT,
      .offset = IN(url),
      .min = 1,
      .max = WEBHOOK_URL_MAX,
      .doc = "Where webhooks are sent: https on port 443, at a public address.",
      .example = "\"https://hooks.example.com/nexus\"" },
    { .name = "description",
      .type = SHAPE_STRING,
      .offset = IN(description),
      .max = WEBHOOK_DESCRIPTION_MAX,
      .doc = "What it is for.",
      .example = "\"Channel manager\"" },
    { .name = "types",
      .type = SHAPE_LIST,
      .offset = IN(types),
      .max = WEBHOOK_TYPES_MAX,
      .item = &type_item,
      .doc = "Types of events that are sent; none stands for all.",
      .example = "[\"booking.confirmed\"]" },
};
static const struct shape in_shape = { .name = "WebhookEndpointCreate",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct endpoint_create_in),
                                       .doc = "A new endpoint." };

static enum err endpoint_create_exec(struct request *rq);
static const enum err errors[] = { ERR_CONFLICT, ERR_VALIDATION, ERR_NONE };

const struct op op_webhook_endpoint_create = {
    .name = "webhook_endpoint_create",
    .method = METHOD_POST,
    .path = "/v1/webhook-endpoints",
    .tag = "Events",
    .summary = "Have a URL be told of events",
    .doc = "Events are sent to it as POST requests, signed as Standard Webhooks says (docs/webhooks.md). The "
           "secret is "
           "shown "
           "this once. As it must not be stored, there is no Idempotency-Key.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_WRITE,
    .flags = OP_SECRET,
    .status = 201,
    .in = &in_shape,
    .out = &webhook_secret_shape,
    .errors = errors,
    .exec = endpoint_create_exec,
};

static enum err endpoint_create_exec(struct request *rq)
{
    const struct endpoint_create_in *in = rq->in;
    struct uuid *id = ARENA_NEW(rq->arena, struct uuid);
    char text[UUID_TEXT_SIZE];
    bool replayed;
    enum err e = webhook_check_url(rq, in->url);
    if (e) {
        return e;
    }
    *id = uuid_v7();
    struct webhook_secret secret = webhook_secret_make(rq, id);
    struct db_batch *b = write_batch(rq);
    int made = DB_ADD(b, &q_webhook_endpoint_insert, db_uuid(id), db_uuid(&rq->principal.user),
                      db_text(in->url), db_text(in->description.p ? in->description : STR("")),
                      webhook_types_param(rq->arena, &in->types, true), db_bytea(secret.sealed),
                      db_int8(rq->arena, rq->options->webhook_endpoints));
    if ((e = write_run(rq, b, &replayed))) {
        return e;
    }
    if (PQntuples(db_result(b, made)) == 0) {
        return fail(rq, ERR_CONFLICT, NULL, "The account has as many endpoints as it may.");
    }
    uuid_format(text, id);
    response_header(rq, "Location", arena_printf(rq->arena, "/v1/webhook-endpoints/%s", text));
    webhook_secret_write(rq, id, secret.shown);
    return ERR_NONE;
}
