/* POST /v1/users: sign up. */
#include "account/account.h"

#include "db/queries.h"
#include "http/idempotency.h"
#include "query/plan.h"

#include <stddef.h>

static enum err user_create_exec(struct request *rq);

struct user_create_in {
    struct shape_seen seen;
    struct str email, password, name;
};

static const struct shape_field fields[] = {
    { .name = "email",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct user_create_in, email),
      .min = 3,
      .max = ACCOUNT_EMAIL_MAX,
      .format = "email",
      .doc = "Address to log in with; upper and lower case are the same.",
      .example = "\"ada@example.com\"" },
    { .name = "password",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_SECRET | SHAPE_EXACT,
      .offset = offsetof(struct user_create_in, password),
      .min = ACCOUNT_PASSWORD_MIN,
      .max = ACCOUNT_PASSWORD_MAX,
      .doc = "At least eight characters of any kind, taken exactly as sent.",
      .example = "\"correct horse battery staple\"" },
    { .name = "name",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct user_create_in, name),
      .min = 1,
      .max = ACCOUNT_NAME_MAX,
      .doc = "Name shown to others.",
      .example = "\"Ada\"" },
};
static const struct shape shape = {
    .name = "UserCreate",
    .fields = fields,
    .count = SHAPE_COUNT(fields),
    .size = sizeof(struct user_create_in),
    .doc = "A new account.",
};
static const enum err errors[] = { ERR_EMAIL_TAKEN, ERR_NONE };

const struct op op_user_create = {
    .name = "user_create",
    .method = METHOD_POST,
    .path = "/v1/users",
    .tag = "Accounts",
    .summary = "Sign up",
    .doc =
        "Makes an account that may book and may offer properties. Log in afterwards to get an access token.",
    .perm = PERM_PUBLIC,
    .rate = RATE_LOGIN,
    .flags = OP_IDEMPOTENT,
    .status = 201,
    .in = &shape,
    .entity = &entity_account,
    .errors = errors,
    .exec = user_create_exec,
};

struct answer {
    int index;
    const struct plan *plan;
    struct selection *selection;
};

/* Accounts are visible to their owners only, so the answer is planned as the one who is about to exist. The
 * request itself goes on as nobody's: its idempotency key belongs to whoever sent it. */
static enum err add_answer(struct request *rq, struct db_batch *b, const struct uuid *id,
                           struct answer *answer)
{
    const struct principal sender = rq->principal;
    rq->principal = (struct principal){ .known = true, .user = *id };
    enum err e = plan_add_item(rq, b, &entity_account, id, &answer->index, &answer->plan, &answer->selection);
    rq->principal = sender;
    return e;
}

static enum err user_create_exec(struct request *rq)
{
    const struct user_create_in *in = rq->in;
    struct uuid *id = ARENA_NEW(rq->arena, struct uuid);
    struct answer answer;
    bool replayed;
    *id = uuid_v7();
    struct account_new account = { .id = *id,
                                   .email = account_email(rq->arena, in->email),
                                   .name = in->name,
                                   .roles = account_default_roles,
                                   .role_count = 2 };
    enum err e = password_hash(rq->options, rq->arena, in->password, &account.password_hash);
    if (e != ERR_NONE) {
        return e;
    }
    struct db_batch *b = write_batch(rq);
    account_add_create(b, rq->arena, &account);
    if ((e = add_answer(rq, b, id, &answer)) || (e = write_run(rq, b, &replayed)) || replayed) {
        return e;
    }
    return plan_write(rq, answer.plan, answer.selection, db_result(b, answer.index));
}
