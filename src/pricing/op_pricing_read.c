/* GET /v1/properties/{id}/pricing */
#include "pricing/pricing.h"

#include "db/queries.h"
#include "pricing/pricing_plan.h"
#include "json/write.h"

struct pricing_read_in {
    struct shape_seen seen;
    struct uuid id;
};

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct pricing_read_in, id),
      .doc = "The property." },
};
static const struct shape in_shape = { .name = "PricingRead",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct pricing_read_in),
                                       .doc = "Which property." };

static enum err pricing_read_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_pricing_read = {
    .name = "pricing_read",
    .method = METHOD_GET,
    .path = "/v1/properties/{id}/pricing",
    .tag = "Calendar",
    .summary = "Read what a stay costs beyond its nights",
    .doc = "For its host, or a co-host with calendar.write. Guests are told by a quote what it comes to.",
    .perm = PERM_CALENDAR_WRITE,
    .rate = RATE_READ,
    .flags = OP_ON_PROPERTY,
    .in = &in_shape,
    .out = &plan_shape,
    .errors = errors,
    .exec = pricing_read_exec,
};

static enum err pricing_read_exec(struct request *rq)
{
    const struct pricing_read_in *in = rq->in;
    struct property_right right = property_right(rq);
    struct db_batch *b = db_batch(rq->db, rq->arena);
    struct db_failure failure;
    int row = DB_ADD(b, &q_pricing_read, db_uuid(&in->id), right.user, right.permissions, right.everywhere);
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    const PGresult *r = db_result(b, row);
    if (PQntuples(r) == 0) {
        return fail(rq, ERR_NOT_FOUND, NULL, "There is no such property.");
    }
    struct json_writer w = json_write_start(rq->res.body);
    json_write_raw(&w, db_is_null(r, 0, 0) ? plan_json(rq->arena, &(const struct plan_in){ 0 })
                                           : db_get_text(r, 0, 0));
    rq->res.etag_version = (uint64_t)db_get_int8(r, 0, 1);
    return ERR_NONE;
}
