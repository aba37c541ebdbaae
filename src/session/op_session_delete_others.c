/* DELETE /v1/me/sessions: log out everywhere else. */
#include "session/session.h"

static enum err session_delete_others_exec(struct request *rq);
static const enum err errors[] = { ERR_NONE };

const struct op op_session_delete_others = {
    .name = "session_delete_others",
    .method = METHOD_DELETE,
    .path = "/v1/me/sessions",
    .tag = "Accounts",
    .summary = "End all other sessions",
    .doc = "All but the one whose access token is sent.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT,
    .status = 204,
    .errors = errors,
    .exec = session_delete_others_exec,
};

static enum err session_delete_others_exec(struct request *rq)
{
    bool replayed;
    struct db_batch *b = write_batch(rq);
    (void)session_add_end_all(rq, b, &rq->principal.user, &rq->principal.session, "revoked");
    enum err e = write_run(rq, b, &replayed);
    if (e || replayed) {
        return e;
    }
    rq->res.status = 204;
    return ERR_NONE;
}
