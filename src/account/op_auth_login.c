/* POST /v1/auth/login: a password for an access token. */
#include "account/account.h"
#include "account/login.h"

#include "json/write.h"

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

/* RFC 6749, 5.1. */
static const struct shape_field token_fields[] = {
    { .name = "access_token",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_SECRET,
      .doc = "Send it as Authorization: Bearer.",
      .example = "\"eyJhbGciOiJFZERTQSJ9.e30.AA\"" },
    { .name = "token_type",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "Always Bearer.",
      .example = "\"Bearer\"" },
    { .name = "expires_in",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED,
      .min = 1,
      .max = 86400,
      .doc = "Seconds from now until it is no longer accepted.",
      .example = "900" },
};
static const struct shape token_out = {
    .name = "AccessToken",
    .fields = token_fields,
    .count = SHAPE_COUNT(token_fields),
    .doc = "An access token.",
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
    .out = &token_out,
    .errors = errors,
    .exec = auth_login_exec,
};

static enum err answer(struct request *rq, const struct login *login)
{
    struct str token;
    int64_t lifetime_us;
    enum err e = token_issue(rq->auth, rq->arena, &login->user, login->roles, &token, &lifetime_us);
    if (e != ERR_NONE) {
        return e;
    }
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    JSON_MEMBER(&w, "access_token", str, token);
    JSON_MEMBER(&w, "token_type", strz, "Bearer");
    JSON_MEMBER(&w, "expires_in", int, lifetime_us / 1000000);
    json_write_object_end(&w);
    return ERR_NONE;
}

static enum err auth_login_exec(struct request *rq)
{
    const struct auth_login_in *in = rq->in;
    struct login login;
    enum err e = login_check(rq, in->email, in->password, in->code, &login);
    return e ? login_refuse(rq, e, &login) : answer(rq, &login);
}
