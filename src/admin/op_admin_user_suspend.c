/* POST /v1/admin/users/{id}/suspend: shut an account. */
#include "admin/admin.h"

#include "db/queries.h"
#include "http/access.h"
#include "http/idempotency.h"
#include "session/session.h"

static enum err admin_user_suspend_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_FORBIDDEN, ERR_CONFLICT, ERR_NONE };

const struct op op_admin_user_suspend = {
    .name = "admin_user_suspend",
    .method = METHOD_POST,
    .path = "/v1/admin/users/{id}/suspend",
    .tag = "Administration",
    .summary = "Suspend an account",
    .doc =
        "All its sessions end at once and it cannot log in. What it offers is found, seen and booked by "
        "nobody while "
        "the suspension lasts; bookings that were made stay. Nobody suspends their own account, or one that "
        "may do what they may not themselves, and one account always remains that may do everything.",
    .perm = PERM_USER_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT,
    .in = &admin_change_shape,
    .entity = &entity_managed_user,
    .errors = errors,
    .exec = admin_user_suspend_exec,
};

static enum err check(struct request *rq, const struct uuid *id, const struct admin_facts *now)
{
    if (uuid_eq(id, &rq->principal.user)) {
        return fail(rq, ERR_FORBIDDEN, NULL, "Nobody suspends their own account.");
    }
    if (now->perms & PERM_OF_STAFF & ~rq->principal.perms) {
        return fail(rq, ERR_FORBIDDEN, NULL, "The account may do what yours may not.");
    }
    if (now->status != ADMIN_ACTIVE) {
        return fail(rq, ERR_CONFLICT, NULL, "Only an active account can be suspended.");
    }
    return ERR_NONE;
}

/* The account may belong to somebody who is acting as others at the moment. */
static enum err end_acting(struct request *rq, const struct uuid *id)
{
    bool replayed;
    struct db_batch *b = write_batch(rq);
    int users = DB_ADD(b, &q_admin_acted_as, db_uuid(id));
    enum err e = write_run(rq, b, &replayed);
    if (e) {
        return e;
    }
    const PGresult *r = db_result(b, users);
    for (int i = 0; i < PQntuples(r); i++) {
        struct uuid *user = ARENA_NEW(rq->arena, struct uuid);
        *user = db_get_uuid(r, i, 0);
        access_changes(rq, user);
    }
    return ERR_NONE;
}

static enum err admin_user_suspend_exec(struct request *rq)
{
    const struct admin_change_in *in = rq->in;
    struct admin_facts now;
    bool replayed;
    write_atomic(rq);
    enum err e = admin_lock(rq, &in->id, &now, &replayed);
    if (e || replayed || (e = check(rq, &in->id, &now)) || (e = end_acting(rq, &in->id))) {
        return e;
    }
    struct db_batch *b = write_batch(rq);
    (void)session_add_end_all(rq, b, &in->id, NULL, "suspended");
    DB_ADD(b, &q_admin_end_acting, db_uuid(&in->id));
    const struct admin_change change = { &in->id, ADMIN_ACTIVE, ADMIN_SUSPENDED, in->reason };
    return admin_finish(rq, b, &change);
}
