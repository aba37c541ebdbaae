/* Checking second factors, and what their ops share. */
#include "account/second_factor.h"

#include "account/account.h"
#include "account/login.h"
#include "auth/secret.h"
#include "base/log.h"
#include "db/queries.h"
#include "json/write.h"

#include <stddef.h>

#define SEAL_LABEL "nexus totp secret 1"

/* ---- secrets ---- */

static struct str context_of(struct request *rq, const struct uuid *user)
{
    char *text = arena_alloc(rq->arena, UUID_TEXT_SIZE);
    uuid_format(text, user);
    return str_from(text);
}

struct str second_factor_seal(struct request *rq, const struct uuid *user, struct str secret)
{
    return secret_seal(rq->secret, SEAL_LABEL, context_of(rq, user), rq->arena, secret);
}

bool second_factor_open(struct request *rq, const struct uuid *user, struct str sealed, struct str *secret)
{
    return secret_open(rq->secret, SEAL_LABEL, context_of(rq, user), rq->arena, sealed, secret);
}

/* ---- use ---- */

/* The statement that uses the code up, or -1 when it cannot be right. */
static int add_use(struct request *rq, struct db_batch *b, const struct uuid *user,
                   const struct second_factor *factor, struct str code)
{
    struct str secret;
    if (!totp_is_code(code)) {
        unsigned char *hash = arena_alloc(rq->arena, RECOVERY_HASH_SIZE);
        return recovery_code_hash(code, hash)
                   ? DB_ADD(b, &q_recovery_code_use, db_uuid(user),
                            db_bytea((struct str){ (const char *)hash, RECOVERY_HASH_SIZE }))
                   : -1;
    }
    if (!second_factor_open(rq, user, factor->sealed, &secret)) {
        LOG(LOG_ERROR, "a second factor cannot be read: was secret_file changed?",
            LOG_TEXT("request_id", rq->id));
        return -1;
    }
    int64_t step = totp_match(secret, code, rq->now_us, factor->last_step);
    return step > 0 ? DB_ADD(b, &q_totp_use, db_uuid(user), db_int8(rq->arena, step)) : -1;
}

enum err second_factor_use(struct request *rq, const struct uuid *user, const struct second_factor *factor,
                           struct str code, struct db_failure *failure)
{
    if (!factor->sealed.p) {
        return ERR_NONE;
    }
    if (code.n == 0) {
        return ERR_SECOND_FACTOR_REQUIRED;
    }
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int used = add_use(rq, b, user, factor, code);
    if (used < 0) {
        return ERR_SECOND_FACTOR_WRONG;
    }
    enum err e = db_run(b, failure);
    return e ? e : PQntuples(db_result(b, used)) == 1 ? ERR_NONE : ERR_SECOND_FACTOR_WRONG;
}

/* ---- recovery codes ---- */

static const struct shape_field code_item = {
    .type = SHAPE_STRING, .flags = SHAPE_SECRET, .doc = "Good once.", .example = "\"k3td-x7ab-q2mw-5zfe\""
};
static const struct shape_field recovery_fields[] = {
    { .name = "recovery_codes",
      .type = SHAPE_LIST,
      .flags = SHAPE_REQUIRED | SHAPE_SECRET,
      .item = &code_item,
      .doc = "To be kept where the app is not. They are shown this once, and replace all earlier ones.",
      .example = "[\"k3td-x7ab-q2mw-5zfe\", \"p4vn-2yqc-h6sj-eu3r\"]" },
};
const struct shape recovery_codes_shape = {
    .name = "RecoveryCodes",
    .fields = recovery_fields,
    .count = SHAPE_COUNT(recovery_fields),
    .doc = "Codes that stand in for the authenticator app, each once.",
};

const struct recovery_set *recovery_codes_add(struct request *rq, struct db_batch *b)
{
    struct recovery_set *set = arena_alloc(rq->arena, sizeof *set);
    struct str *hashes = arena_alloc(rq->arena, RECOVERY_CODES * sizeof *hashes);
    for (size_t i = 0; i < RECOVERY_CODES; i++) {
        unsigned char *hash = arena_alloc(rq->arena, RECOVERY_HASH_SIZE);
        recovery_code_make(set->codes[i]);
        (void)recovery_code_hash(str_from(set->codes[i]), hash);
        hashes[i] = (struct str){ (const char *)hash, RECOVERY_HASH_SIZE };
    }
    (void)DB_ADD(b, &q_recovery_codes_replace, db_uuid(&rq->principal.user),
                 db_array(rq->arena, DB_BYTEA_ARRAY, DB_BYTEA, hashes, RECOVERY_CODES));
    return set;
}

void recovery_codes_write(struct request *rq, const struct recovery_set *set)
{
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    json_write_key(&w, STR("recovery_codes"));
    json_write_array(&w);
    for (size_t i = 0; i < RECOVERY_CODES; i++) {
        json_write_strz(&w, set->codes[i]);
    }
    json_write_array_end(&w);
    json_write_object_end(&w);
}

/* ---- proof ---- */

static const struct shape_field proof_fields[] = {
    { .name = "password",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_SECRET | SHAPE_EXACT,
      .offset = offsetof(struct proof_in, password),
      .min = 1,
      .max = ACCOUNT_PASSWORD_MAX,
      .doc = "The account's password.",
      .example = "\"correct horse battery staple\"" },
    { .name = "code",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_SECRET,
      .offset = offsetof(struct proof_in, code),
      .min = SECOND_FACTOR_CODE_MIN,
      .max = SECOND_FACTOR_CODE_MAX,
      .doc = "Of the authenticator app, or a recovery code.",
      .example = "\"492039\"" },
};
const struct shape proof_shape = {
    .name = "SecondFactorProof",
    .fields = proof_fields,
    .count = SHAPE_COUNT(proof_fields),
    .size = sizeof(struct proof_in),
    .doc = "Who asks is the owner.",
};

enum err proof_check(struct request *rq, const struct proof_in *in)
{
    struct login login;
    enum err e = login_confirm_both(rq, in->password, in->code, &login);
    if (e == ERR_BAD_CREDENTIALS) { /* 401 would say that the session is over */
        return fail(rq, ERR_WRONG_PASSWORD, "/password", NULL);
    }
    if (e == ERR_SECOND_FACTOR_WRONG) {
        return fail(rq, ERR_WRONG_CODE, "/code", NULL);
    }
    return e ? login_refuse(rq, e, &login) : ERR_NONE;
}
