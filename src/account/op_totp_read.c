/* GET /v1/me/totp: whether there is a second factor. */
#include "account/second_factor.h"

#include "db/queries.h"
#include "json/write.h"

static enum err totp_read_exec(struct request *rq);

static const struct shape_field out_fields[] = {
    { .name = "enabled",
      .type = SHAPE_BOOL,
      .flags = SHAPE_REQUIRED,
      .doc = "Whether log-ins ask for a code.",
      .example = "true" },
    { .name = "recovery_codes_left",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED,
      .min = 0,
      .max = RECOVERY_CODES,
      .doc = "How many recovery codes have not been used.",
      .example = "9" },
};
static const struct shape out = {
    .name = "TotpState",
    .fields = out_fields,
    .count = SHAPE_COUNT(out_fields),
    .doc = "The second factor of an account.",
};
static const enum err errors[] = { ERR_NONE };

const struct op op_totp_read = {
    .name = "totp_read",
    .method = METHOD_GET,
    .path = "/v1/me/totp",
    .tag = "Accounts",
    .summary = "State of the second factor",
    .doc = "Whether there is one, and how many recovery codes are left.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_READ,
    .flags = OP_ENROL,
    .out = &out,
    .errors = errors,
    .exec = totp_read_exec,
};

static enum err totp_read_exec(struct request *rq)
{
    struct db_failure failure;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int found = DB_ADD(b, &q_second_factor_state, db_uuid(&rq->principal.user));
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    JSON_MEMBER(&w, "enabled", bool, db_get_bool(db_result(b, found), 0, 0));
    JSON_MEMBER(&w, "recovery_codes_left", int, db_get_int8(db_result(b, found), 0, 1));
    json_write_object_end(&w);
    return ERR_NONE;
}
