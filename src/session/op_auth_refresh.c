/* POST /v1/auth/refresh: a refresh token for the next ones. */
#include "session/session.h"

#include <stddef.h>

static enum err auth_refresh_exec(struct request *rq);

struct auth_refresh_in {
    struct shape_seen seen;
    struct str refresh_token;
};

static const struct shape_field fields[] = {
    { .name = "refresh_token",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_SECRET | SHAPE_EXACT,
      .offset = offsetof(struct auth_refresh_in, refresh_token),
      .min = 1,
      .max = SESSION_REFRESH_TOKEN_MAX,
      .doc = "The last one that was given.",
      .example = "\"nxr_AZpWvL7mcTCqT4o1\"" },
};
static const struct shape shape = {
    .name = "AuthRefresh",
    .fields = fields,
    .count = SHAPE_COUNT(fields),
    .size = sizeof(struct auth_refresh_in),
    .doc = "A refresh token.",
};
static const enum err errors[] = { ERR_INVALID_REFRESH_TOKEN, ERR_NONE };

const struct op op_auth_refresh = {
    .name = "auth_refresh",
    .method = METHOD_POST,
    .path = "/v1/auth/refresh",
    .tag = "Accounts",
    .summary = "Refresh a session",
    .doc = "Gives a new access token and the next refresh token; the one sent is used up. Sent again within "
           "ten seconds it is "
           "answered with the same next one, so that a lost answer does no harm. An older one is a copy "
           "somebody made, and "
           "ends the session.",
    .perm = PERM_PUBLIC,
    .rate = RATE_WRITE,
    .flags = OP_SECRET,
    .in = &shape,
    .out = &session_tokens_shape,
    .errors = errors,
    .exec = auth_refresh_exec,
};

static enum err auth_refresh_exec(struct request *rq)
{
    const struct auth_refresh_in *in = rq->in;
    struct session_tokens tokens;
    enum err e = session_refresh(rq, in->refresh_token, NULL, &tokens);
    if (e == ERR_NONE) {
        session_tokens_write(rq, &tokens);
    }
    return e;
}
