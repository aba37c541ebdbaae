/* POST /v1/admin/users/{id}/act: act as a user. */
#include "admin/admin.h"

#include "db/queries.h"
#include "http/audit.h"
#include "http/idempotency.h"
#include "session/session.h"

static enum err admin_user_act_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_FORBIDDEN, ERR_CONFLICT, ERR_ACCOUNT_INACTIVE,
                                   ERR_NONE };

const struct op op_admin_user_act = {
    .name = "admin_user_act",
    .method = METHOD_POST,
    .path = "/v1/admin/users/{id}/act",
    .tag = "Administration",
    .summary = "Act as a user",
    .doc =
        "An access token with which a member of the staff sees and does what the user may, for as long as an "
        "access token lasts; it is not refreshed. It says who acts, and so does GET /v1/me. Account, "
        "sessions, "
        "consents and co-hosts stay the user's own business, and nobody acts as a member of the staff. Every "
        "request made with it is in the audit log, and the user sees the session. Logging out ends it.",
    .perm = PERM_USER_ACT_AS,
    .rate = RATE_WRITE,
    .flags = OP_SECRET,
    .in = &admin_change_shape,
    .out = &session_tokens_shape,
    .errors = errors,
    .exec = admin_user_act_exec,
};

static enum err check(struct request *rq, const struct uuid *id, const struct admin_facts *now)
{
    if (uuid_eq(id, &rq->principal.user)) {
        return fail(rq, ERR_FORBIDDEN, NULL, "Nobody acts as themselves.");
    }
    if (now->perms & PERM_OF_STAFF) {
        return fail(rq, ERR_FORBIDDEN, NULL, "Nobody acts as a member of the staff.");
    }
    if (now->status != ADMIN_ACTIVE) {
        return fail(rq, ERR_CONFLICT, NULL, "The account is not active.");
    }
    return ERR_NONE;
}

/* The right to act may be going away at this moment: whoever suspends the member of the staff waits for us,
 * or we find the account suspended. */
static enum err hold_actor(struct request *rq)
{
    bool replayed;
    struct db_batch *b = write_batch(rq);
    int active = DB_ADD(b, &q_admin_actor, db_uuid(&rq->principal.user));
    enum err e = write_run(rq, b, &replayed);
    if (e) {
        return e;
    }
    return PQntuples(db_result(b, active)) == 1 ? ERR_NONE : fail(rq, ERR_ACCOUNT_INACTIVE, NULL, NULL);
}

static void add_entry(struct request *rq, struct db_batch *b, const struct admin_change_in *in,
                      const struct uuid *session)
{
    char id[UUID_TEXT_SIZE];
    uuid_format(id, session);
    const struct audit_text after[] = { { "session", str_from(id) }, { "reason", in->reason } };
    audit_add(rq, b, AUDIT_USER_ACT, &in->id, NULL, audit_texts(rq->arena, after, 2));
}

static enum err start(struct request *rq, const struct admin_change_in *in)
{
    struct session_tokens tokens;
    bool replayed;
    struct db_batch *b = write_batch(rq);
    const struct session_spec spec = { .user = in->id,
                                       .actor = rq->principal.user,
                                       .kind = "acting",
                                       .authenticated_us = rq->principal.authenticated_us,
                                       .lifetime_us = rq->options->token_lifetime };
    enum err e = session_add_start(rq, b, &spec, &tokens);
    if (e) {
        return e;
    }
    add_entry(rq, b, in, &tokens.session);
    if ((e = write_run(rq, b, &replayed))) {
        return e;
    }
    session_tokens_write(rq, &tokens);
    return ERR_NONE;
}

static enum err admin_user_act_exec(struct request *rq)
{
    const struct admin_change_in *in = rq->in;
    struct admin_facts now;
    bool replayed;
    write_atomic(rq);
    enum err e = admin_lock(rq, &in->id, &now, &replayed);
    if (e || (e = check(rq, &in->id, &now)) || (e = hold_actor(rq))) {
        return e;
    }
    return start(rq, in);
}
