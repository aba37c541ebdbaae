/* POST /v1/users: sign up. */
#include "account/account.h"
#include "account/login.h"
#include "account/mailed_token.h"
#include "account/preferences.h"

#include "db/queries.h"
#include "http/idempotency.h"
#include "outbox/outbox.h"
#include "json/write.h"

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
static const enum err errors[] = { ERR_BUSY, ERR_NONE };

const struct op op_user_create = {
    .name = "user_create",
    .method = METHOD_POST,
    .path = "/v1/users",
    .tag = "Accounts",
    .summary = "Sign up",
    .doc = "Makes an account that may book and may offer properties, and mails a link that verifies the "
           "address. Log in "
           "afterwards to get an access token. An address that has an account is answered alike: nothing is "
           "made, "
           "and its owner is told by mail.",
    .perm = PERM_PUBLIC,
    .rate = RATE_HASH,
    .flags = OP_IDEMPOTENT,
    .status = 201,
    .in = &shape,
    .entity = &entity_account,
    .errors = errors,
    .exec = user_create_exec,
};

static int add_sign_up(struct request *rq, struct db_batch *b, const struct account_new *n)
{
    int64_t lifetime = rq->options->verify_lifetime;
    struct mailed_token token = mailed_token_new(rq->arena);
    const struct outbox_field known[] = { { "link", account_link(rq, "/") } };
    struct uuid *entry = ARENA_NEW(rq->arena, struct uuid);
    *entry = uuid_v7();
    (void)DB_ADD(b, &q_mailed_tokens_sweep);
    return DB_ADD(b, &q_account_sign_up, db_uuid(&n->id), db_text(n->email), db_text(n->name),
                  db_text(n->password_hash), db_text_array(rq->arena, n->roles, n->role_count),
                  db_bytea(token.hash), db_int8(rq->arena, lifetime),
                  db_text(mailed_token_payload(rq, "/verify-email", token.text, lifetime, STR_NONE)),
                  db_text(outbox_payload(rq->arena, known, 1)), db_uuid(entry), db_text(str_from(rq->id)),
                  db_text(rq->headers[HEADER_REMOTE_ADDR]));
}

/*
 * The account as it would be read, member by member, and not the one in the database: there is none when the
 * address was known, and the answer must not tell.
 */
static void answer(struct request *rq, const struct account_new *n, int64_t created_us)
{
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    JSON_MEMBER(&w, "id", uuid, &n->id);
    JSON_MEMBER(&w, "email", str, n->email);
    JSON_MEMBER(&w, "email_verified", bool, false);
    JSON_MEMBER(&w, "name", str, n->name);
    JSON_MEMBER(&w, "photo_url", str, STR_NONE);
    JSON_MEMBER(&w, "phone", str, STR_NONE);
    JSON_MEMBER(&w, "about", strz, "");
    json_write_key(&w, STR("languages"));
    json_write_array(&w);
    json_write_array_end(&w);
    JSON_MEMBER(&w, "preferences", raw, STR(PREFERENCES_NEW));
    json_write_key(&w, STR("roles"));
    json_write_array(&w);
    for (size_t i = 0; i < n->role_count; i++) {
        json_write_str(&w, n->roles[i]);
    }
    json_write_array_end(&w);
    JSON_MEMBER(&w, "created_at", time, created_us);
    JSON_MEMBER(&w, "updated_at", time, created_us);
    json_write_object_end(&w);
    rq->res.etag_version = 1;
}

static enum err user_create_exec(struct request *rq)
{
    const struct user_create_in *in = rq->in;
    struct account_new *account = ARENA_NEW(rq->arena, struct account_new);
    bool replayed;
    *account = (struct account_new){ .id = uuid_v7(),
                                     .email = account_email(rq->arena, in->email),
                                     .name = in->name,
                                     .roles = account_default_roles,
                                     .role_count = 2 };
    enum err e = password_acceptable(rq, "/password", in->password, account->email, account->name);
    if (e || (e = mail_rate(rq, account->email)) ||
        (e = password_hash(rq->options, rq->arena, in->password, &account->password_hash))) {
        return e;
    }
    struct db_batch *b = write_batch(rq);
    int made = add_sign_up(rq, b, account);
    if ((e = write_run(rq, b, &replayed)) || replayed) {
        return e;
    }
    answer(rq, account, db_get_timestamptz(db_result(b, made), 0, 0));
    return ERR_NONE;
}
