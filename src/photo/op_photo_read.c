/* GET /v1/properties/{id}/photos/{photo_id} */
#include "photo/photo.h"

#include "property/property.h"

static const struct shape_field in_fields[] = { PHOTO_PATH_FIELDS(struct photo_path) };
static const struct shape in_shape = { .name = "PhotoRead",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct photo_path),
                                       .doc = "Which photo." };

static enum err photo_read_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_photo_read = {
    .name = "photo_read",
    .method = METHOD_GET,
    .path = "/v1/properties/{id}/photos/{photo_id}",
    .tag = "Properties",
    .summary = "Read an uploaded photo",
    .doc = "Whether it is ready, and its variants.",
    .perm = PERM_PUBLIC,
    .rate = RATE_READ,
    .in = &in_shape,
    .entity = &entity_photo,
    .errors = errors,
    .exec = photo_read_exec,
};

static enum err photo_read_exec(struct request *rq)
{
    const struct photo_path *in = rq->in;
    struct photo_answer answer;
    struct db_failure failure;
    enum err e = property_require_visible(rq, &in->id);
    if (e) {
        return e;
    }
    struct db_batch *b = db_batch(rq->db, rq->arena);
    if ((e = photo_add_answer(rq, b, &in->id, &in->photo_id, &answer))) {
        return e;
    }
    return db_run(b, &failure) == ERR_NONE ? photo_write_answer(rq, b, &answer) : fail_db(rq, &failure);
}
