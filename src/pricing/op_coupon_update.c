/* PATCH /v1/coupons/{id}: end a coupon or change its limits. */
#include "pricing/coupon.h"

#include "db/queries.h"
#include "http/audit.h"
#include "http/etag.h"
#include "http/idempotency.h"
#include "query/plan.h"

struct coupon_update_in {
    struct shape_seen seen;
    struct uuid id;
    bool active;
    date_t valid_until;
    int64_t max_uses, max_uses_per_guest;
};
enum { ID, ACTIVE, UNTIL, MAX_USES, MAX_USES_PER_GUEST };
#define IN(member) offsetof(struct coupon_update_in, member)

static const struct shape_field in_fields[] = {
    [ID] = { .name = "id",
             .type = SHAPE_UUID,
             .in = IN_PATH,
             .flags = SHAPE_REQUIRED,
             .offset = IN(id),
             .doc = "The coupon." },
    [ACTIVE] = { .name = "active",
                 .type = SHAPE_BOOL,
                 .offset = IN(active),
                 .doc = "false ends it, for quotes made before too; true lets it hold again." },
    [UNTIL] = { .name = "valid_until",
                .type = SHAPE_DATE,
                .flags = SHAPE_NULLABLE,
                .offset = IN(valid_until),
                .doc = "Last day (UTC); null: no end.",
                .example = "\"2027-08-31\"" },
    [MAX_USES] = { .name = "max_uses",
                   .type = SHAPE_INT,
                   .flags = SHAPE_NULLABLE,
                   .offset = IN(max_uses),
                   .min = 1,
                   .max = 1000000000,
                   .doc = "Bookings at most, not less than there are; null: any number.",
                   .example = "100" },
    [MAX_USES_PER_GUEST] = { .name = "max_uses_per_guest",
                             .type = SHAPE_INT,
                             .flags = SHAPE_NULLABLE,
                             .offset = IN(max_uses_per_guest),
                             .min = 1,
                             .max = 1000000,
                             .doc = "Bookings of one guest at most, from now on; null: any number.",
                             .example = "1" },
};
static const struct shape in_shape = { .name = "CouponUpdate",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct coupon_update_in),
                                       .doc = "What is to change; members left out stay as they are." };

static enum err coupon_update_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_PRECONDITION, ERR_VALIDATION, ERR_NONE };

const struct op op_coupon_update = {
    .name = "coupon_update",
    .method = METHOD_PATCH,
    .path = "/v1/coupons/{id}",
    .tag = "Coupons",
    .summary = "Change a coupon",
    .doc = "What a coupon is worth stays as it was made; bookings keep what they got.",
    .perm = PERM_PROPERTY_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_CONDITIONAL,
    .in = &in_shape,
    .entity = &entity_coupon,
    .errors = errors,
    .exec = coupon_update_exec,
};

static enum err lock(struct request *rq, const struct coupon_update_in *in, bool *replayed)
{
    struct db_batch *b = write_batch(rq);
    int locked = DB_ADD(b, &q_coupon_lock, db_uuid(&in->id), db_uuid(&rq->principal.user),
                        db_bool(rq->arena, coupon_of_anybody(rq)));
    enum err e = write_run(rq, b, replayed);
    if (e || *replayed) {
        return e;
    }
    const PGresult *r = db_result(b, locked);
    if (PQntuples(r) == 0) {
        return fail(rq, ERR_NOT_FOUND, NULL, "There is no such coupon.");
    }
    if (!if_match_allows(rq, db_get_int8(r, 0, 0))) {
        return fail(rq, ERR_PRECONDITION, NULL, "The coupon was changed since; read it again.");
    }
    if (SHAPE_HAS(in, MAX_USES) && !SHAPE_NULL(in, MAX_USES) && in->max_uses < db_get_int4(r, 0, 1)) {
        return fail(rq, ERR_VALIDATION, "/max_uses", "It has been used %d times.", (int)db_get_int4(r, 0, 1));
    }
    return ERR_NONE;
}

/* Null of a member that is given as null, or not at all. */
static struct db_param number_of(struct request *rq, const struct coupon_update_in *in, int member, int64_t v)
{
    return SHAPE_HAS(in, member) && !SHAPE_NULL(in, member) ? db_int4(rq->arena, (int32_t)v)
                                                            : db_null(DB_INT4);
}

static enum err coupon_update_exec(struct request *rq)
{
    const struct coupon_update_in *in = rq->in;
    struct arena *a = rq->arena;
    const struct plan *plan;
    struct selection *sel;
    int index;
    bool replayed;
    write_atomic(rq);
    enum err e = lock(rq, in, &replayed);
    if (e || replayed) {
        return e;
    }
    struct db_batch *b = write_batch(rq);
    DB_ADD(b, &q_coupon_change, db_uuid(&in->id), db_bool(a, SHAPE_HAS(in, ACTIVE)), db_bool(a, in->active),
           db_bool(a, SHAPE_HAS(in, UNTIL)),
           SHAPE_HAS(in, UNTIL) && !SHAPE_NULL(in, UNTIL) ? db_date(a, in->valid_until) : db_null(DB_DATE),
           db_bool(a, SHAPE_HAS(in, MAX_USES)), number_of(rq, in, MAX_USES, in->max_uses),
           db_bool(a, SHAPE_HAS(in, MAX_USES_PER_GUEST)),
           number_of(rq, in, MAX_USES_PER_GUEST, in->max_uses_per_guest));
    audit_add(rq, b, AUDIT_COUPON_UPDATE, &in->id, NULL, NULL);
    if ((e = plan_add_item(rq, b, &entity_coupon, &in->id, &index, &plan, &sel)) ||
        (e = write_run(rq, b, &replayed))) {
        return e;
    }
    return plan_write(rq, plan, sel, db_result(b, index));
}
