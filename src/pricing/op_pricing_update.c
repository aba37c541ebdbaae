/* PUT /v1/properties/{id}/pricing: what a stay costs beyond its nights. */
#include "pricing/pricing.h"

#include "db/queries.h"
#include "http/etag.h"
#include "http/idempotency.h"
#include "pricing/pricing_plan.h"
#include "json/write.h"

static enum err pricing_update_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_PRECONDITION, ERR_VALIDATION, ERR_NONE };

const struct op op_pricing_update = {
    .name = "pricing_update",
    .method = METHOD_PUT,
    .path = "/v1/properties/{id}/pricing",
    .tag = "Calendar",
    .summary = "Say what a stay costs beyond its nights",
    .doc = "By its host, or a co-host with calendar.write. Discounts, extra guests, fees and taxes, as one "
           "document that "
           "replaces the one before. Quotes made before keep their prices.",
    .perm = PERM_CALENDAR_WRITE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_CONDITIONAL | OP_ON_PROPERTY,
    .in = &plan_put_shape,
    .out = &plan_shape,
    .errors = errors,
    .exec = pricing_update_exec,
};

/* What must be known before the change. */
struct before {
    struct uuid host;
    struct str currency;
    int64_t version;
};

static enum err lock(struct request *rq, const struct plan_in *in, struct before *out, bool *replayed)
{
    struct property_right right = property_right(rq);
    struct db_batch *b = write_batch(rq);
    int locked =
        DB_ADD(b, &q_pricing_lock, db_uuid(&in->id), right.user, right.permissions, right.everywhere);
    enum err e = write_run(rq, b, replayed);
    if (e || *replayed) {
        return e;
    }
    const PGresult *r = db_result(b, locked);
    if (PQntuples(r) == 0) {
        return fail(rq, ERR_NOT_FOUND, NULL, "There is no such property.");
    }
    out->host = db_get_uuid(r, 0, 0);
    out->currency = arena_str(rq->arena, db_get_text(r, 0, 1));
    out->version = db_get_int8(r, 0, 2);
    if (!if_match_allows(rq, out->version)) {
        return fail(rq, ERR_PRECONDITION, NULL, "The pricing was changed since; read it again.");
    }
    return plan_fits(in, out->currency, &rq->violations)
               ? ERR_NONE
               : fail(rq, ERR_VALIDATION, NULL, "Amounts are in the currency of the property.");
}

static enum err pricing_update_exec(struct request *rq)
{
    const struct plan_in *in = rq->in;
    struct before before;
    bool replayed;
    write_atomic(rq);
    enum err e = lock(rq, in, &before, &replayed);
    if (e || replayed) {
        return e;
    }
    struct str json = plan_json(rq->arena, in);
    struct db_batch *b = write_batch(rq);
    DB_ADD(b, &q_pricing_put, db_uuid(&in->id), db_text(json));
    pricing_tell(rq, b, &in->id, &before.host);
    if ((e = write_run(rq, b, &replayed))) {
        return e;
    }
    struct json_writer w = json_write_start(rq->res.body);
    json_write_raw(&w, json);
    rq->res.etag_version = (uint64_t)before.version + 1;
    return ERR_NONE;
}
