/* POST /v1/me/totp: begin to set up a second factor. */
#include "account/account.h"
#include "account/login.h"
#include "account/second_factor.h"

#include "auth/secret.h"
#include "db/queries.h"
#include "http/idempotency.h"
#include "json/write.h"

#include <openssl/crypto.h>
#include <stddef.h>

static enum err totp_create_exec(struct request *rq);

struct totp_create_in {
    struct shape_seen seen;
    struct str password;
};

static const struct shape_field fields[] = {
    { .name = "password",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_SECRET | SHAPE_EXACT,
      .offset = offsetof(struct totp_create_in, password),
      .min = 1,
      .max = ACCOUNT_PASSWORD_MAX,
      .doc = "The account's password.",
      .example = "\"correct horse battery staple\"" },
};
static const struct shape shape = {
    .name = "TotpCreate",
    .fields = fields,
    .count = SHAPE_COUNT(fields),
    .size = sizeof(struct totp_create_in),
    .doc = "Who asks is the owner.",
};
static const struct shape_field out_fields[] = {
    { .name = "secret",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_SECRET,
      .doc = "Base32, to be typed into an authenticator app: SHA-1, six digits, 30 seconds.",
      .example = "\"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\"" },
    { .name = "uri",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_SECRET,
      .doc = "The same as an address to be shown as a QR code.",
      .example =
          "\"otpauth://totp/Nexus:ada%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Nexus\"" },
};
static const struct shape out = {
    .name = "TotpSecret",
    .fields = out_fields,
    .count = SHAPE_COUNT(out_fields),
    .doc = "What an authenticator app needs.",
};
static const enum err errors[] = { ERR_WRONG_PASSWORD, ERR_SECOND_FACTOR_EXISTS, ERR_BUSY, ERR_NONE };

const struct op op_totp_create = {
    .name = "totp_create",
    .method = METHOD_POST,
    .path = "/v1/me/totp",
    .tag = "Accounts",
    .summary = "Begin to set up a second factor",
    .doc = "Gives a secret for an authenticator app. Nothing changes until it is confirmed with a code; "
           "beginning anew "
           "gives another secret and makes the one before worthless.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_LOGIN,
    .flags = OP_SECRET | OP_ENROL,
    .status = 201,
    .in = &shape,
    .out = &out,
    .errors = errors,
    .exec = totp_create_exec,
};

static void write_answer(struct request *rq, struct str email, struct str secret)
{
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    JSON_MEMBER(&w, "secret", str, totp_base32(rq->arena, secret));
    JSON_MEMBER(&w, "uri", str, totp_uri(rq->arena, str_from(rq->options->totp_issuer), email, secret));
    json_write_object_end(&w);
}

static enum err totp_create_exec(struct request *rq)
{
    const struct totp_create_in *in = rq->in;
    unsigned char bytes[TOTP_SECRET_SIZE];
    struct str secret = { (const char *)bytes, sizeof bytes };
    struct login login;
    bool replayed;
    enum err e = login_confirm(rq, in->password, &login);
    if (e != ERR_NONE) {
        return e == ERR_BAD_CREDENTIALS ? fail(rq, ERR_WRONG_PASSWORD, "/password", NULL)
                                        : login_refuse(rq, e, &login);
    }
    secret_random(bytes, sizeof bytes);
    struct db_batch *b = write_batch(rq);
    int begun = DB_ADD(b, &q_totp_begin, db_uuid(&rq->principal.user),
                       db_bytea(second_factor_seal(rq, &rq->principal.user, secret)));
    e = write_run(rq, b, &replayed);
    if (e == ERR_NONE && PQntuples(db_result(b, begun)) == 0) {
        e = fail(rq, ERR_SECOND_FACTOR_EXISTS, NULL, NULL);
    }
    if (e == ERR_NONE) {
        write_answer(rq, login.email, secret);
    }
    OPENSSL_cleanse(bytes, sizeof bytes);
    return e;
}
