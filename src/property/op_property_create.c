/* POST /v1/properties: offer a property. */
#include "property/property_in.h"

#include "db/queries.h"
#include "http/audit.h"
#include "http/idempotency.h"

static enum err property_create_exec(struct request *rq);
static const enum err errors[] = { ERR_VALIDATION, ERR_NONE };

const struct op op_property_create = {
    .name = "property_create",
    .method = METHOD_POST,
    .path = "/v1/properties",
    .tag = "Properties",
    .summary = "Offer a property",
    .doc = "The caller becomes its host. A property is a draft, seen by its host only, until its status is "
           "published. It "
           "has one unit unless units are listed; each booking takes one unit for the whole stay.",
    .perm = PERM_PROPERTY_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT,
    .status = 201,
    .in = &property_create_shape,
    .entity = &entity_property,
    .errors = errors,
    .exec = property_create_exec,
};

static void add_units(struct request *rq, struct db_batch *b, const struct uuid *id,
                      const struct shape_list *units)
{
    size_t n = units->count > 0 ? units->count : 1;
    struct uuid *ids = ARENA_ARRAY(rq->arena, struct uuid, n);
    struct str *names = ARENA_ARRAY(rq->arena, struct str, n);
    const struct unit_in *unit = units->items;
    for (size_t i = 0; i < n; i++) {
        ids[i] = uuid_v7();
        names[i] = i < units->count && unit[i].name.p ? unit[i].name : STR("");
    }
    DB_ADD(b, &q_property_units_insert, db_uuid(id), db_uuid_array(rq->arena, ids, n),
           db_text_array(rq->arena, names, n));
}

static enum err property_create_exec(struct request *rq)
{
    const struct property_in *in = rq->in;
    struct uuid *id = ARENA_NEW(rq->arena, struct uuid);
    *id = uuid_v7();
    struct db_batch *b = write_batch(rq);
    property_add_insert(rq, b, id, in);
    add_units(rq, b, id, &in->units);
    if (in->amenities.count > 0) {
        property_add_amenities(rq, b, id, &in->amenities);
    }
    if (in->photos.count > 0) {
        property_add_photos(rq, b, id, &in->photos);
    }
    const struct audit_text made = {
        "status", str_from(property_statuses[SHAPE_HAS(in, P_STATUS) ? in->status : PROPERTY_DRAFT])
    };
    audit_add(rq, b, AUDIT_PROPERTY_CREATE, id, NULL, audit_texts(rq->arena, &made, 1));
    struct property_answer answer;
    bool replayed;
    enum err e = property_add_answer(rq, b, id, &answer);
    if (e || (e = write_run(rq, b, &replayed)) || replayed) {
        return e;
    }
    char text[UUID_TEXT_SIZE];
    uuid_format(text, id);
    response_header(rq, "Location", arena_printf(rq->arena, "/v1/properties/%s", text));
    return property_write_answer(rq, b, &answer);
}
