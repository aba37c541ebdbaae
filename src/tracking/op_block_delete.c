/* DELETE /v1/admin/blocks/{id}: let a network in again. */
#include "tracking/tracking.h"

#include "db/queries.h"
#include "http/audit.h"
#include "http/idempotency.h"
#include "json/shape.h"

struct block_delete_in {
    struct shape_seen seen;
    struct uuid id;
};

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct block_delete_in, id),
      .doc = "The block." },
};
static const struct shape in_shape = { .name = "BlockDelete",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct block_delete_in),
                                       .doc = "Which block." };

static enum err block_delete_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_block_delete = {
    .name = "block_delete",
    .method = METHOD_DELETE,
    .path = "/v1/admin/blocks/{id}",
    .tag = "Administration",
    .summary = "Remove a block",
    .doc = "Within a second the network is answered again, unless another block holds it.",
    .perm = PERM_BLOCK_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT,
    .status = 204,
    .in = &in_shape,
    .errors = errors,
    .exec = block_delete_exec,
};

static enum err block_delete_exec(struct request *rq)
{
    const struct block_delete_in *in = rq->in;
    bool replayed;
    write_atomic(rq);
    struct db_batch *b = write_batch(rq);
    int gone = DB_ADD(b, &q_block_delete, db_uuid(&in->id));
    enum err e = write_run(rq, b, &replayed);
    if (e || replayed) {
        return e;
    }
    if (PQntuples(db_result(b, gone)) == 0) {
        return fail(rq, ERR_NOT_FOUND, NULL, "There is no such block.");
    }
    b = write_batch(rq);
    audit_add(rq, b, AUDIT_BLOCK_REMOVE, &in->id, NULL, NULL);
    rq->res.status = 204;
    return write_run(rq, b, &replayed);
}
