/* POST /v1/auth/logout: end the session one is using. */
#include "session/session.h"

#include <stddef.h>

static enum err auth_logout_exec(struct request *rq);

struct auth_logout_in {
    struct shape_seen seen;
    struct str refresh_token;
};

enum { REFRESH_TOKEN };
static const struct shape_field fields[] = {
    [REFRESH_TOKEN] = { .name = "refresh_token",
                        .type = SHAPE_STRING,
                        .flags = SHAPE_SECRET | SHAPE_EXACT,
                        .offset = offsetof(struct auth_logout_in, refresh_token),
                        .min = 1,
                        .max = SESSION_REFRESH_TOKEN_MAX,
                        .doc = "Of the session that is to end; for who has no access token any more.",
                        .example = "\"nxr_AZpWvL7mcTCqT4o1\"" },
};
static const struct shape shape = {
    .name = "AuthLogout",
    .fields = fields,
    .count = SHAPE_COUNT(fields),
    .size = sizeof(struct auth_logout_in),
    .doc = "Which session, when there is no access token.",
};
static const enum err errors[] = { ERR_UNAUTHENTICATED, ERR_NONE };

const struct op op_auth_logout = {
    .name = "auth_logout",
    .method = METHOD_POST,
    .path = "/v1/auth/logout",
    .tag = "Accounts",
    .summary = "Log out",
    .doc = "Ends the session of the access token, and that of the refresh token when one is sent. A refresh "
           "token that is worth "
           "nothing any more is no error: that session is over.",
    .perm = PERM_PUBLIC,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT,
    .status = 204,
    .in = &shape,
    .errors = errors,
    .exec = auth_logout_exec,
};

static enum err auth_logout_exec(struct request *rq)
{
    const struct auth_logout_in *in = rq->in;
    struct session_found *found = ARENA_NEW(rq->arena, struct session_found);
    bool by_token = false, replayed;
    if (!rq->principal.known && !SHAPE_HAS(in, REFRESH_TOKEN)) {
        return fail(rq, ERR_UNAUTHENTICATED, NULL,
                    "Send the access token or the refresh token of the session.");
    }
    if (SHAPE_HAS(in, REFRESH_TOKEN) && session_find(rq, in->refresh_token, &by_token, found) != ERR_NONE) {
        return rq->err;
    }
    struct db_batch *b = write_batch(rq);
    if (rq->principal.known) {
        (void)session_add_end(rq, b, &rq->principal.user, &rq->principal.session, "logout");
    }
    if (by_token) {
        (void)session_add_end(rq, b, &found->user, &found->session, "logout");
    }
    if ((rq->principal.known || by_token) && write_run(rq, b, &replayed) != ERR_NONE) {
        return rq->err;
    }
    rq->res.status = 204;
    return ERR_NONE;
}
