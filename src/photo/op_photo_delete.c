/* DELETE /v1/properties/{id}/photos/{photo_id} */
#include "photo/photo.h"

#include "db/queries.h"
#include "http/audit.h"
#include "http/idempotency.h"
#include "property/property.h"

static const struct shape_field in_fields[] = { PHOTO_PATH_FIELDS(struct photo_path) };
static const struct shape in_shape = { .name = "PhotoDelete",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct photo_path),
                                       .doc = "Which photo." };

static enum err photo_delete_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_photo_delete = {
    .name = "photo_delete",
    .method = METHOD_DELETE,
    .path = "/v1/properties/{id}/photos/{photo_id}",
    .tag = "Properties",
    .summary = "Delete an uploaded photo",
    .doc = "It is no longer listed. Its files go within hours, and from caches when these forget them.",
    .perm = PERM_PROPERTY_WRITE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_ON_PROPERTY,
    .status = 204,
    .in = &in_shape,
    .errors = errors,
    .exec = photo_delete_exec,
};

static enum err photo_delete_exec(struct request *rq)
{
    const struct photo_path *in = rq->in;
    struct property_facts property;
    bool replayed;
    write_atomic(rq);
    enum err e = property_lock(rq, &in->id, &property, &replayed);
    if (e || replayed) {
        return e;
    }
    struct db_batch *b = write_batch(rq);
    int gone = DB_ADD(b, &q_photo_delete, db_uuid(&in->photo_id), db_uuid(&in->id));
    audit_add(rq, b, AUDIT_PHOTO_DELETE, &in->photo_id, NULL, NULL);
    if ((e = write_run(rq, b, &replayed))) {
        return e;
    }
    if (PQntuples(db_result(b, gone)) == 0) {
        return photo_none(rq);
    }
    rq->res.status = 204;
    return ERR_NONE;
}
