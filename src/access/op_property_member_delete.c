/* DELETE /v1/properties/{id}/members/{user_id}: no longer let somebody help with a property. */
#include "access/access.h"

#include "db/queries.h"
#include "http/audit.h"
#include "http/idempotency.h"
#include "property/property.h"

struct property_member_delete_in {
    struct shape_seen seen;
    struct uuid id, user_id;
};
#define IN(member) offsetof(struct property_member_delete_in, member)

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = IN(id),
      .doc = "The property." },
    { .name = "user_id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = IN(user_id),
      .doc = "Account of the co-host." },
};
static const struct shape in_shape = { .name = "PropertyMemberDelete",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct property_member_delete_in),
                                       .doc = "Which co-host." };

static enum err property_member_delete_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_property_member_delete = {
    .name = "property_member_delete",
    .method = METHOD_DELETE,
    .path = "/v1/properties/{id}/members/{user_id}",
    .tag = "Properties",
    .summary = "Take leave from a co-host",
    .doc = "By the host, or by the co-host, who wants to help no more.",
    .perm = PERM_PROPERTY_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_ON_PROPERTY,
    .status = 204,
    .in = &in_shape,
    .errors = errors,
    .exec = property_member_delete_exec,
};

/* The statement decides who may; a failure leaves no entry in the audit log either, because it is rolled
 * back. */
static enum err property_member_delete_exec(struct request *rq)
{
    const struct property_member_delete_in *in = rq->in;
    struct property_right right = property_right(rq);
    bool replayed;
    write_atomic(rq);
    struct db_batch *b = write_batch(rq);
    int gone = DB_ADD(b, &q_member_delete, db_uuid(&in->id), db_uuid(&in->user_id), right.user,
                      right.permissions, right.everywhere);
    enum err e = write_run(rq, b, &replayed);
    if (e || replayed) {
        return e;
    }
    const PGresult *r = db_result(b, gone);
    if (PQntuples(r) == 0) {
        return fail(rq, ERR_NOT_FOUND, NULL, "There is no such co-host.");
    }
    const char *before = access_member_json(rq->arena, &in->user_id, db_get_text(r, 0, 0));
    b = write_batch(rq);
    audit_add(rq, b, AUDIT_MEMBER_DELETE, &in->id, before, NULL);
    rq->res.status = 204;
    return write_run(rq, b, &replayed);
}
