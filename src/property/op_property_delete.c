/* DELETE /v1/properties/{id}: stop offering a property. */
#include "property/property.h"

#include "db/queries.h"
#include "http/audit.h"
#include "http/idempotency.h"

struct property_delete_in {
    struct shape_seen seen;
    struct uuid id;
};

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct property_delete_in, id),
      .doc = "The property." },
};
static const struct shape in_shape = { .name = "PropertyDelete",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct property_delete_in),
                                       .doc = "Which property." };

static enum err property_delete_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_PRECONDITION, ERR_PROPERTY_IN_USE, ERR_NONE };

const struct op op_property_delete = {
    .name = "property_delete",
    .method = METHOD_DELETE,
    .path = "/v1/properties/{id}",
    .tag = "Properties",
    .summary = "Remove a property",
    .doc = "Nobody finds or books it any more. Those who stayed there keep seeing it with their bookings. "
           "Refused while a "
           "stay is going on or to come.",
    .perm = PERM_PROPERTY_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_CONDITIONAL | OP_ON_PROPERTY,
    .status = 204,
    .in = &in_shape,
    .errors = errors,
    .exec = property_delete_exec,
};

/*
 * All nights from today on are taken for good. So the inventory decides between a removal and a booking that
 * happen at once, as it does between two bookings.
 */
static enum err property_delete_exec(struct request *rq)
{
    const struct property_delete_in *in = rq->in;
    struct property_facts now;
    bool replayed;
    write_atomic(rq);
    enum err e = property_lock(rq, &in->id, &now, &replayed);
    if (e || replayed) {
        return e;
    }
    struct db_batch *b = write_batch(rq);
    audit_watch(b, AUDIT_PROPERTY_DELETE, &in->id);
    int closed = DB_ADD(b, &q_property_close, db_uuid(&in->id), db_date(rq->arena, now.today));
    DB_ADD(b, &q_property_remove, db_uuid(&in->id));
    audit_add_change(rq, b, AUDIT_PROPERTY_DELETE, &in->id);
    if ((e = write_run(rq, b, &replayed))) {
        return e;
    }
    if (db_get_int8(db_result(b, closed), 0, 0) > 0) {
        return fail(rq, ERR_PROPERTY_IN_USE, NULL,
                    "There are stays to come: cancel them or wait for their end.");
    }
    rq->res.status = 204;
    return ERR_NONE;
}
