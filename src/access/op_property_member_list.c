/* GET /v1/properties/{id}/members: who helps with a property. */
#include "access/access.h"

#include "property/property.h"
#include "query/plan.h"

struct property_member_list_in {
    struct shape_seen seen;
    struct uuid id;
};

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct property_member_list_in, id),
      .doc = "The property." },
};
static const struct shape in_shape = { .name = "PropertyMemberList",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct property_member_list_in),
                                       .doc = "Of which property." };

static enum err property_member_list_prepare(struct request *rq, struct selection *sel);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_property_member_list = {
    .name = "property_member_list",
    .method = METHOD_GET,
    .path = "/v1/properties/{id}/members",
    .tag = "Properties",
    .summary = "List co-hosts of a property",
    .doc = "For its host: whom he allowed what there.",
    .perm = PERM_PROPERTY_MANAGE,
    .rate = RATE_READ,
    .flags = OP_LIST | OP_ON_PROPERTY,
    .in = &in_shape,
    .entity = &entity_property_member,
    .errors = errors,
    .prepare = property_member_list_prepare,
    .exec = read_exec,
};

static enum err property_member_list_prepare(struct request *rq, struct selection *sel)
{
    const struct property_member_list_in *in = rq->in;
    struct db_param *property = ARENA_NEW(rq->arena, struct db_param);
    *property = db_uuid(&in->id);
    selection_where(sel, " and {t}.property_id = $1", property, 1);
    return property_require_granted(rq, &in->id);
}
