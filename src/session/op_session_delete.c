/* DELETE /v1/me/sessions/{id}: log out elsewhere. */
#include "session/session.h"

#include <stddef.h>

static enum err session_delete_exec(struct request *rq);

struct session_delete_in {
    struct shape_seen seen;
    struct uuid id;
};

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct session_delete_in, id),
      .doc = "The session." },
};
static const struct shape in_shape = { .name = "SessionDelete",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct session_delete_in),
                                       .doc = "Which session." };
static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_session_delete = {
    .name = "session_delete",
    .method = METHOD_DELETE,
    .path = "/v1/me/sessions/{id}",
    .tag = "Accounts",
    .summary = "End a session",
    .doc = "Its access tokens are refused and its refresh token is worth nothing from the answer on. One may "
           "end the session "
           "one is using.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT,
    .status = 204,
    .in = &in_shape,
    .errors = errors,
    .exec = session_delete_exec,
};

static enum err session_delete_exec(struct request *rq)
{
    const struct session_delete_in *in = rq->in;
    bool replayed;
    struct db_batch *b = write_batch(rq);
    int ended = session_add_end(rq, b, &rq->principal.user, &in->id, "revoked");
    enum err e = write_run(rq, b, &replayed);
    if (e || replayed) {
        return e;
    }
    if (PQntuples(db_result(b, ended)) == 0) {
        return fail(rq, ERR_NOT_FOUND, NULL, "There is no such session, or it is over.");
    }
    rq->res.status = 204;
    return ERR_NONE;
}
