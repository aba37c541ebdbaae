/* PATCH /v1/properties/{id}/photos/{photo_id} */
#include "photo/photo.h"

#include "db/queries.h"
#include "http/audit.h"
#include "http/idempotency.h"
#include "property/property.h"

struct photo_update_in {
    struct shape_seen seen;
    struct uuid id, photo_id;
    struct str caption;
    int64_t position;
};
enum { ID, PHOTO, CAPTION, POSITION };
#define IN(member) offsetof(struct photo_update_in, member)

static const struct shape_field in_fields[] = {
    PHOTO_PATH_FIELDS(struct photo_update_in),
    [CAPTION] = { .name = "caption",
                  .type = SHAPE_STRING,
                  .offset = IN(caption),
                  .max = PHOTO_CAPTION_MAX,
                  .doc = "What is to be seen." },
    [POSITION] = { .name = "position",
                   .type = SHAPE_INT,
                   .offset = IN(position),
                   .min = 0,
                   .max = 99,
                   .doc = "Its place among the uploaded ones, 0 the first; the others move up. One beyond "
                          "the last "
                          "is the last." },
};
static const struct shape in_shape = { .name = "PhotoUpdate",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct photo_update_in),
                                       .doc = "What is to change; members left out stay as they are." };

static enum err photo_update_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_photo_update = {
    .name = "photo_update",
    .method = METHOD_PATCH,
    .path = "/v1/properties/{id}/photos/{photo_id}",
    .tag = "Properties",
    .summary = "Change a photo's caption or place",
    .doc = "The photo itself stays: upload another one instead.",
    .perm = PERM_PROPERTY_WRITE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_ON_PROPERTY,
    .in = &in_shape,
    .entity = &entity_photo,
    .errors = errors,
    .exec = photo_update_exec,
};

static enum err photo_update_exec(struct request *rq)
{
    const struct photo_update_in *in = rq->in;
    struct property_facts property;
    struct photo_answer answer;
    bool replayed;
    write_atomic(rq);
    enum err e = property_lock(rq, &in->id, &property, &replayed);
    if (e || replayed) {
        return e;
    }
    struct db_batch *b = write_batch(rq);
    int changed =
        DB_ADD(b, &q_photo_change, db_uuid(&in->photo_id), db_uuid(&in->id),
               db_text(SHAPE_HAS(in, CAPTION) ? (in->caption.p ? in->caption : STR("")) : STR_NONE));
    if (SHAPE_HAS(in, POSITION)) {
        DB_ADD(b, &q_photo_move, db_uuid(&in->photo_id), db_uuid(&in->id),
               db_int4(rq->arena, (int32_t)in->position));
        DB_ADD(b, &q_photos_show, db_uuid(&in->id), db_text(photo_base(rq)));
    }
    audit_add(rq, b, AUDIT_PHOTO_UPDATE, &in->photo_id, NULL, NULL);
    if ((e = photo_add_answer(rq, b, &in->id, &in->photo_id, &answer)) || (e = write_run(rq, b, &replayed))) {
        return e;
    }
    return PQntuples(db_result(b, changed)) == 0 ? photo_none(rq) : photo_write_answer(rq, b, &answer);
}
