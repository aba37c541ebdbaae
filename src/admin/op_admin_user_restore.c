/* POST /v1/admin/users/{id}/restore: open a suspended account again. */
#include "admin/admin.h"

#include "http/idempotency.h"

static enum err admin_user_restore_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_FORBIDDEN, ERR_CONFLICT, ERR_NONE };

const struct op op_admin_user_restore = {
    .name = "admin_user_restore",
    .method = METHOD_POST,
    .path = "/v1/admin/users/{id}/restore",
    .tag = "Administration",
    .summary = "Restore a suspended account",
    .doc =
        "It can log in again and what it offers is found and booked again; sessions that were ended stay so.",
    .perm = PERM_USER_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT,
    .in = &admin_change_shape,
    .entity = &entity_managed_user,
    .errors = errors,
    .exec = admin_user_restore_exec,
};

static enum err admin_user_restore_exec(struct request *rq)
{
    const struct admin_change_in *in = rq->in;
    struct admin_facts now;
    bool replayed;
    write_atomic(rq);
    enum err e = admin_lock(rq, &in->id, &now, &replayed);
    if (e || replayed) {
        return e;
    }
    if (now.perms & PERM_OF_STAFF & ~rq->principal.perms) {
        return fail(rq, ERR_FORBIDDEN, NULL, "The account may do what yours may not.");
    }
    if (now.status != ADMIN_SUSPENDED) {
        return fail(rq, ERR_CONFLICT, NULL, "The account is not suspended.");
    }
    const struct admin_change change = { &in->id, ADMIN_SUSPENDED, ADMIN_ACTIVE, in->reason };
    return admin_finish(rq, write_batch(rq), &change);
}
