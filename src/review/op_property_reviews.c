/* GET /v1/properties/{id}/reviews */
#include "review/review.h"

#include "property/property.h"
#include "query/plan.h"

struct property_reviews_in {
    struct shape_seen seen;
    struct uuid id;
};

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct property_reviews_in, id),
      .doc = "The property." },
};
static const struct shape in_shape = { .name = "PropertyReviews",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct property_reviews_in),
                                       .doc = "Of which property." };

static enum err property_reviews_prepare(struct request *rq, struct selection *sel);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_property_reviews = {
    .name = "property_reviews",
    .method = METHOD_GET,
    .path = "/v1/properties/{id}/reviews",
    .tag = "Properties",
    .summary = "List reviews of a property",
    .doc = "The latest first.",
    .perm = PERM_PUBLIC,
    .rate = RATE_READ,
    .flags = OP_LIST,
    .in = &in_shape,
    .entity = &entity_review,
    .errors = errors,
    .prepare = property_reviews_prepare,
    .exec = read_exec,
};

/* An unknown property has no list, rather than an empty one. */
static enum err property_reviews_prepare(struct request *rq, struct selection *sel)
{
    const struct property_reviews_in *in = rq->in;
    struct db_param *property = ARENA_NEW(rq->arena, struct db_param);
    *property = db_uuid(&in->id);
    selection_where(sel, " and {t}.property_id = $1", property, 1);
    return property_require_visible(rq, &in->id);
}
