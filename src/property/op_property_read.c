/* GET /v1/properties/{id} */
#include "property/property.h"
#include "query/plan.h"

struct property_read_in {
    struct shape_seen seen;
    struct uuid id;
};

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct property_read_in, id),
      .doc = "The property." },
};
static const struct shape in_shape = { .name = "PropertyRead",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct property_read_in),
                                       .doc = "Which property." };

static enum err property_read_prepare(struct request *rq, struct selection *sel);

static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_property_read = {
    .name = "property_read",
    .method = METHOD_GET,
    .path = "/v1/properties/{id}",
    .tag = "Properties",
    .summary = "Read a property",
    .doc = "A published property, or a draft one is host or co-host of.",
    .perm = PERM_PUBLIC,
    .rate = RATE_READ,
    .flags = OP_ITEM,
    .in = &in_shape,
    .entity = &entity_property,
    .errors = errors,
    .prepare = property_read_prepare,
    .exec = read_exec,
};

static enum err property_read_prepare(struct request *rq, struct selection *sel)
{
    property_select_address(rq, sel);
    return ERR_NONE;
}
