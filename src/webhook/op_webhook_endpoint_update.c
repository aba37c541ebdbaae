/* PATCH /v1/webhook-endpoints/{id} */
#include "webhook/webhook.h"

#include "db/queries.h"
#include "http/audit.h"
#include "http/etag.h"
#include "http/idempotency.h"
#include "query/plan.h"

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
    .in = &webhook_update_shape,
    .entity = &entity_webhook_endpoint,
    .errors = errors,
    .exec = endpoint_update_exec,
};

/* The endpoint as it was. */
struct was {
    struct str status, types;
    bool other_url;
};

static enum err lock(struct request *rq, const struct webhook_endpoint_in *in, struct was *was,
                     bool *replayed)
{
    struct db_batch *b = write_batch(rq);
    int now =
        DB_ADD(b, &q_webhook_endpoint_lock, db_uuid(&in->id), db_uuid(&rq->principal.user), db_text(in->url));
    enum err e = write_run(rq, b, replayed);
    if (e || *replayed) {
        return e;
    }
    const PGresult *r = db_result(b, now);
    if (PQntuples(r) == 0) {
        return fail(rq, ERR_NOT_FOUND, NULL, NULL);
    }
    *was = (struct was){ .status = arena_str(rq->arena, db_get_text(r, 0, 1)),
                         .types = arena_str(rq->arena, db_get_text(r, 0, 2)),
                         .other_url = db_get_bool(r, 0, 3) };
    return if_match_allows(rq, db_get_int8(r, 0, 0)) ? ERR_NONE : fail(rq, ERR_PRECONDITION, NULL, NULL);
}

/* What differs, if anything does. */
static void tell(struct request *rq, struct db_batch *b, const struct webhook_endpoint_in *in, struct was was)
{
    struct str status = SHAPE_HAS(in, WEBHOOK_STATUS) ? str_from(webhook_settable[in->status]) : was.status;
    struct str types = SHAPE_HAS(in, WEBHOOK_TYPES) ? webhook_types_text(rq->arena, in) : was.types;
    bool other_status = !str_eq(status, was.status), other_types = !str_eq(types, was.types);
    if (other_status || other_types || was.other_url) {
        audit_add(rq, b, AUDIT_WEBHOOK_UPDATE, &in->id,
                  webhook_audit_members(rq, other_status ? was.status : STR_NONE,
                                        other_types ? was.types : STR_NONE, false),
                  webhook_audit_members(rq, other_status ? status : STR_NONE, other_types ? types : STR_NONE,
                                        was.other_url));
    }
}

static enum err endpoint_update_exec(struct request *rq)
{
    const struct webhook_endpoint_in *in = rq->in;
    const struct plan *plan;
    struct selection *sel;
    struct was was = { .other_url = false };
    bool replayed;
    int item;
    enum err e = SHAPE_HAS(in, WEBHOOK_URL) ? webhook_check_url(rq, in->url) : ERR_NONE;
    if (e) {
        return e;
    }
    write_atomic(rq);
    if ((e = lock(rq, in, &was, &replayed)) || replayed) {
        return e;
    }
    bool enables = SHAPE_HAS(in, WEBHOOK_STATUS) && in->status == 0;
    struct db_batch *b = write_batch(rq);
    (void)DB_ADD(b, &q_webhook_endpoint_update, db_uuid(&in->id), db_text(in->url), db_text(in->description),
                 webhook_types_param(rq->arena, in, SHAPE_HAS(in, WEBHOOK_TYPES)),
                 SHAPE_HAS(in, WEBHOOK_STATUS) ? db_text(str_from(webhook_settable[in->status]))
                                               : db_null(DB_TEXT));
    if (enables) {
        (void)DB_ADD(b, &q_webhook_wake, db_uuid(&in->id));
    }
    tell(rq, b, in, was);
    if ((e = plan_add_item(rq, b, &entity_webhook_endpoint, &in->id, &item, &plan, &sel)) ||
        (e = write_run(rq, b, &replayed))) {
        return e;
    }
    return plan_write(rq, plan, sel, db_result(b, item));
}
