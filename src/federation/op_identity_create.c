/* POST /v1/me/identities: set out to link an account of a provider. */
#include "federation/federation.h"

#include "account/account.h"
#include "http/idempotency.h"
#include "json/write.h"

#define FRESH_US (INT64_C(600) * 1000000) /* a log-in that counts in place of a password */

static enum err identity_create_exec(struct request *rq);

struct identity_create_in {
    struct shape_seen seen;
    struct str provider, password;
};
enum { IN_PROVIDER, IN_PASSWORD };

static const struct shape_field fields[] = {
    { .name = "provider",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct identity_create_in, provider),
      .min = 1,
      .max = 40,
      .doc = "Name of the provider.",
      .example = "\"google\"" },
    { .name = "password",
      .type = SHAPE_STRING,
      .flags = SHAPE_SECRET | SHAPE_EXACT,
      .offset = offsetof(struct identity_create_in, password),
      .min = 1,
      .max = ACCOUNT_PASSWORD_MAX,
      .doc =
          "Of the account. One without a password has to have logged in within the last ten minutes instead.",
      .example = "\"correct horse battery staple\"" },
};
static const struct shape shape = { .name = "IdentityCreate",
                                    .fields = fields,
                                    .count = SHAPE_COUNT(fields),
                                    .size = sizeof(struct identity_create_in),
                                    .doc = "Which provider." };
static const struct shape_field out_fields[] = {
    { .name = "url",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "To be opened in the user's browser, once, within five minutes.",
      .example = "\"https://api.example.com/oauth/login/google?ticket=bm90IGEgdGlja2V0\"" },
};
static const struct shape out_shape = { .name = "IdentityStart",
                                        .fields = out_fields,
                                        .count = SHAPE_COUNT(out_fields),
                                        .doc = "Where linking goes on." };
static const enum err errors[] = { ERR_WRONG_PASSWORD, ERR_FORBIDDEN, ERR_NOT_FOUND,
                                   ERR_RATE_LIMITED,   ERR_BUSY,      ERR_NONE };

const struct op op_identity_create = {
    .name = "identity_create",
    .method = METHOD_POST,
    .path = "/v1/me/identities",
    .tag = "Accounts",
    .summary = "Link an account of a provider",
    .doc = "Gives the address at which the user signs in with the provider and then confirms that the two "
           "accounts are "
           "one person's.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_LOGIN,
    .flags = OP_RAW | OP_SECRET,
    .status = 201,
    .in = &shape,
    .out = &out_shape,
    .errors = errors,
    .exec = identity_create_exec,
};

static enum err confirm_password(struct request *rq, struct str password)
{
    struct account_contact account;
    bool replayed;
    if (!password.p) {
        return fail(rq, ERR_WRONG_PASSWORD, "/password", "The password of the account is needed.");
    }
    return account_confirm(rq, "/password", password, &account, &replayed);
}

/* A stolen token must not be enough to gain another way in. */
static enum err prove(struct request *rq, struct str password)
{
    struct account_login account;
    struct db_failure failure;
    if (!uuid_is_nil(&rq->principal.actor)) {
        return fail(rq, ERR_FORBIDDEN, NULL, "Only the user may change how to log in.");
    }
    if (account_find_login_of(rq->db, rq->arena, &rq->principal.user, &account, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    if (account.password_hash.p) {
        return confirm_password(rq, password);
    }
    bool fresh =
        rq->principal.authenticated_us > 0 && rq->now_us - rq->principal.authenticated_us <= FRESH_US;
    return fresh ? ERR_NONE
                 : fail(rq, ERR_FORBIDDEN, NULL, "Log in again first: the last log-in is too long ago.");
}

static enum err identity_create_exec(struct request *rq)
{
    const struct identity_create_in *in = rq->in;
    const struct provider *p = providers_find(rq->providers, in->provider);
    bool replayed;
    if (!p) {
        return fail(rq, ERR_NOT_FOUND, "/provider", "There is no sign-in provider of this name.");
    }
    enum err e = prove(rq, in->password);
    if (e) {
        return e;
    }
    struct attempt ticket = attempt_start(rq, false);
    ticket.links = true;
    ticket.user = rq->principal.user;
    struct db_batch *b = write_batch(rq);
    attempt_add(rq, b, p, &ticket);
    if ((e = write_run(rq, b, &replayed))) {
        return e;
    }
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    JSON_MEMBER(
        &w, "url", strz,
        arena_printf(rq->arena, "%s?ticket=" STR_FMT, federation_start_url(rq, p), STR_ARG(ticket.state)));
    json_write_object_end(&w);
    return ERR_NONE;
}
