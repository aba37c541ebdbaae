/* GET /v1/properties/{id}/photos */
#include "photo/photo.h"

#include "property/property.h"
#include "query/plan.h"

struct photo_list_in {
    struct shape_seen seen;
    struct uuid id;
};

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct photo_list_in, id),
      .doc = "The property." },
};
static const struct shape in_shape = { .name = "PhotoList",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct photo_list_in),
                                       .doc = "Of which property." };

static enum err photo_list_prepare(struct request *rq, struct selection *sel);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_photo_list = {
    .name = "photo_list",
    .method = METHOD_GET,
    .path = "/v1/properties/{id}/photos",
    .tag = "Properties",
    .summary = "List uploaded photos of a property",
    .doc = "With their variants. Those who may change the property also see what is not ready, and why.",
    .perm = PERM_PUBLIC,
    .rate = RATE_READ,
    .flags = OP_LIST,
    .in = &in_shape,
    .entity = &entity_photo,
    .errors = errors,
    .prepare = photo_list_prepare,
    .exec = read_exec,
};

static enum err photo_list_prepare(struct request *rq, struct selection *sel)
{
    const struct photo_list_in *in = rq->in;
    struct db_param *property = ARENA_NEW(rq->arena, struct db_param);
    *property = db_uuid(&in->id);
    selection_where(sel, " and {t}.property_id = $1", property, 1);
    photo_select_variants(rq, sel);
    return property_require_visible(rq, &in->id);
}
