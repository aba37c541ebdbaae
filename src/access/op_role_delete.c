/* DELETE /v1/roles/{name}: remove a role nobody has. */
#include "access/access.h"

#include "db/queries.h"
#include "http/audit.h"
#include "http/idempotency.h"

static enum err role_delete_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_PRECONDITION, ERR_ROLE_PROTECTED, ERR_ROLE_IN_USE,
                                   ERR_NONE };

const struct op op_role_delete = {
    .name = "role_delete",
    .method = METHOD_DELETE,
    .path = "/v1/roles/{name}",
    .tag = "Administration",
    .summary = "Remove a role",
    .doc = "Refused while somebody has it, and for the roles that come with the product.",
    .perm = PERM_ROLE_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_CONDITIONAL,
    .status = 204,
    .in = &role_path_shape,
    .errors = errors,
    .exec = role_delete_exec,
};

/* The lock keeps the role from being given to anybody meanwhile. */
static enum err role_delete_exec(struct request *rq)
{
    const struct role_path_in *in = rq->in;
    struct role_facts now;
    bool replayed;
    write_atomic(rq);
    enum err e = role_lock(rq, in->name, &now, &replayed);
    if (e || replayed) {
        return e;
    }
    if (now.built_in) {
        return fail(rq, ERR_ROLE_PROTECTED, NULL, "The role comes with the product and stays.");
    }
    if (now.in_use) {
        return fail(rq, ERR_ROLE_IN_USE, NULL, NULL);
    }
    struct db_batch *b = write_batch(rq);
    DB_ADD(b, &q_role_delete, db_text(in->name));
    audit_add_named(rq, b, AUDIT_ROLE_DELETE, in->name,
                    access_json(rq->arena, "permissions", now.permissions), NULL);
    rq->res.status = 204;
    return write_run(rq, b, &replayed);
}
