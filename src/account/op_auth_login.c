/* POST /v1/auth/login: a password for a session. */
#include "account/account.h"

#include "account/login.h"
#include "session/session.h"

#include <stddef.h>

static enum err auth_login_exec(struct request *rq);

struct auth_login_in {
    struct shape_seen seen;
    struct str email, password, code;
};

static const struct shape_field fields[] = {
    { .name = "email",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct auth_login_in, email),
      .min = 3,
      .max = ACCOUNT_EMAIL_MAX,
      .format = "email",
      .doc = "Address of the account; upper and lower case are the same.",
      .example = "\"ada@example.com\"" },
    { .name = "password",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_SECRET | SHAPE_EXACT,
      .offset = offsetof(struct auth_login_in, password),
      .min = 1,
      .max = ACCOUNT_PASSWORD_MAX,
      .doc = "Its password.",
      .example = "\"correct horse battery staple\"" },
    { .name = "code",
      .type = SHAPE_STRING,
      .flags = SHAPE_SECRET,
      .offset = offsetof(struct auth_login_in, code),
      .min = 6,
      .max = 64,
      .doc = "Of the second factor, when the account has one: six digits of the authenticator app, or a "
             "recovery code.",
      .example = "\"492039\"" },
};
static const struct shape shape = {
    .name = "AuthLogin",
    .fields = fields,
    .count = SHAPE_COUNT(fields),
    .size = sizeof(struct auth_login_in),
    .doc = "Credentials.",
};

static const enum err errors[] = { ERR_BAD_CREDENTIALS,
                                   ERR_SECOND_FACTOR_REQUIRED,
                                   ERR_SECOND_FACTOR_WRONG,
                                   ERR_ACCOUNT_INACTIVE,
                                   ERR_BUSY,
                                   ERR_NONE };

const struct op op_auth_login = {
    .name = "auth_login",
    .method = METHOD_POST,
    .path = "/v1/auth/login",
    .tag = "Accounts",
    .summary = "Log in",
    .doc = "Answers and takes its time alike whether the address or the password is wrong.",
    .perm = PERM_PUBLIC,
    .rate = RATE_LOGIN,
    .flags = OP_SECRET,
    .in = &shape,
    .out = &session_tokens_shape,
    .errors = errors,
    .exec = auth_login_exec,
};

static enum err begin_session(struct request *rq, const struct login *login)
{
    struct session_spec spec = {
        .user = login->user, .kind = "direct", .password_us = login->password_us, .refreshable = true
    };
    struct session_tokens tokens;
    bool replayed;
    memcpy(spec.methods, login->methods, login->method_count * sizeof login->methods[0]);
    struct db_batch *b = write_batch(rq);
    enum err e = session_add_start(rq, b, &spec, &tokens);
    login_add(rq, b, login);
    if (e || (e = write_run(rq, b, &replayed))) {
        return e;
    }
    session_tokens_write(rq, &tokens);
    return ERR_NONE;
}

static enum err auth_login_exec(struct request *rq)
{
    const struct auth_login_in *in = rq->in;
    struct login login;
    enum err e = login_check(rq, in->email, in->password, in->code, &login);
    return e ? login_refuse(rq, e, &login) : begin_session(rq, &login);
}
