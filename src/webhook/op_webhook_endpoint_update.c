/* PATCH /v1/webhook-endpoints/{id} */
#include "webhook/webhook.h"

#include "db/queries.h"
#include "event/event.h"
#include "http/etag.h"
#include "http/idempotency.h"
#include "query/plan.h"

#include <stddef.h>

struct endpoint_update_in {
    struct shape_seen seen;
    struct uuid id;
    struct str url, description;
    struct shape_list types; /* of int: indexes of event_types */
    int status;              /* of states */
};
#define IN(member) offsetof(struct endpoint_update_in, member)
enum { ID, URL, DESCRIPTION, TYPES, STATUS };

static const char *const states[] = { "enabled", "disabled", NULL };
static const struct shape_field type_item = { .type = SHAPE_ENUM, .values = event_types };
static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = IN(id),
      .doc = "The endpoint." },
    { .name = "url",
      .type = SHAPE_STRING,
      .flags = SHAPE_EXACT,
      .offset = IN(url),
      .min = 1,
      .max = WEBHOOK_URL_MAX,
      .doc = "Where webhooks are sent.",
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
      .doc = "Types of events that are sent from now on; none stands for all.",
      .example = "[\"booking.confirmed\"]" },
    { .name = "status",
      .type = SHAPE_ENUM,
      .offset = IN(status),
      .values = states,
      .doc = "While it is disabled nothing is sent, and what happens is not kept for it; what waited goes on "
             "to wait.",
      .example = "\"enabled\"" },
};
static const struct shape in_shape = { .name = "WebhookEndpointUpdate",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct endpoint_update_in),
                                       .doc = "What is to change." };

static enum err endpoint_update_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_PRECONDITION, ERR_VALIDATION, ERR_NONE };

const struct op op_webhook_endpoint_update = {
    .name = "webhook_endpoint_update",
    .method = METHOD_PATCH,
    .path = "/v1/webhook-endpoints/{id}",
    .tag = "Events",
    .summary = "Change an endpoint",
    .doc = "Members left out stay as they are, types are replaced as a whole. Enabling it forgets its "
           "failures, and sends "
           "what waits.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_CONDITIONAL,
    .in = &in_shape,
    .entity = &entity_webhook_endpoint,
    .errors = errors,
    .exec = endpoint_update_exec,
};

static enum err lock(struct request *rq, const struct endpoint_update_in *in, bool *replayed)
{
    struct db_batch *b = write_batch(rq);
    int now = DB_ADD(b, &q_webhook_endpoint_lock, db_uuid(&in->id), db_uuid(&rq->principal.user));
    enum err e = write_run(rq, b, replayed);
    if (e || *replayed) {
        return e;
    }
    if (PQntuples(db_result(b, now)) == 0) {
        return fail(rq, ERR_NOT_FOUND, NULL, NULL);
    }
    return if_match_allows(rq, db_get_int8(db_result(b, now), 0, 0)) ? ERR_NONE
                                                                     : fail(rq, ERR_PRECONDITION, NULL, NULL);
}

static enum err endpoint_update_exec(struct request *rq)
{
    const struct endpoint_update_in *in = rq->in;
    const struct plan *plan;
    struct selection *sel;
    bool replayed;
    int item;
    enum err e = SHAPE_HAS(in, URL) ? webhook_check_url(rq, in->url) : ERR_NONE;
    if (e) {
        return e;
    }
    write_atomic(rq);
    if ((e = lock(rq, in, &replayed)) || replayed) {
        return e;
    }
    bool enables = SHAPE_HAS(in, STATUS) && in->status == 0;
    struct db_batch *b = write_batch(rq);
    (void)DB_ADD(b, &q_webhook_endpoint_update, db_uuid(&in->id), db_text(in->url), db_text(in->description),
                 webhook_types_param(rq->arena, &in->types, SHAPE_HAS(in, TYPES)),
                 SHAPE_HAS(in, STATUS) ? db_text(str_from(states[in->status])) : db_null(DB_TEXT));
    if (enables) {
        (void)DB_ADD(b, &q_webhook_wake, db_uuid(&in->id));
    }
    if ((e = plan_add_item(rq, b, &entity_webhook_endpoint, &in->id, &item, &plan, &sel)) ||
        (e = write_run(rq, b, &replayed))) {
        return e;
    }
    return plan_write(rq, plan, sel, db_result(b, item));
}
