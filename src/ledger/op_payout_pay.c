/* POST /v1/payouts/{id}/pay: a payout was sent by hand. */
#include "ledger/ledger.h"

#include "db/queries.h"
#include "http/audit.h"
#include "http/etag.h"
#include "http/idempotency.h"
#include "query/plan.h"

struct payout_pay_in {
    struct shape_seen seen;
    struct uuid id;
    struct str reference;
};

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct payout_pay_in, id),
      .doc = "The payout." },
    { .name = "reference",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct payout_pay_in, reference),
      .min = 1,
      .max = 200,
      .doc = "What the bank says; the payee sees it.",
      .example = "\"SEPA 2026-11-23 0042\"" },
};
static const struct shape in_shape = { .name = "PayoutPay",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct payout_pay_in),
                                       .doc = "How it was paid." };

static enum err payout_pay_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_PAYOUT_STATE, ERR_PRECONDITION, ERR_NONE };

const struct op op_payout_pay = {
    .name = "payout_pay",
    .method = METHOD_POST,
    .path = "/v1/payouts/{id}/pay",
    .tag = "Ledger",
    .summary = "Say that a payout was paid",
    .doc = "For payouts of money that lies with a provider of payments; those of offline money are paid as "
           "they are made. "
           "The ledger follows at once. It cannot be taken back.",
    .perm = PERM_PAYOUT_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_CONDITIONAL,
    .in = &in_shape,
    .entity = &entity_payout,
    .errors = errors,
    .exec = payout_pay_exec,
};

static enum err lock(struct request *rq, const struct uuid *id, bool *replayed)
{
    struct db_batch *b = write_batch(rq);
    int locked = DB_ADD(b, &q_payout_lock, db_uuid(id));
    enum err e = write_run(rq, b, replayed);
    if (e || *replayed) {
        return e;
    }
    const PGresult *r = db_result(b, locked);
    if (PQntuples(r) == 0) {
        return fail(rq, ERR_NOT_FOUND, NULL, "There is no such payout.");
    }
    if (!if_match_allows(rq, db_get_int8(r, 0, 0))) {
        return fail(rq, ERR_PRECONDITION, NULL, "The payout was changed since; read it again.");
    }
    if (str_eqz(db_get_text(r, 0, 1), "paid")) {
        return fail(rq, ERR_PAYOUT_STATE, NULL, "The payout was paid already.");
    }
    return ERR_NONE;
}

static enum err payout_pay_exec(struct request *rq)
{
    const struct payout_pay_in *in = rq->in;
    const struct plan *plan;
    struct selection *sel;
    int index;
    bool replayed;
    write_atomic(rq);
    enum err e = lock(rq, &in->id, &replayed);
    if (e || replayed) {
        return e;
    }
    struct db_batch *b = write_batch(rq);
    DB_ADD(b, &q_payout_pay, db_uuid(&in->id), db_text(in->reference));
    audit_add(rq, b, AUDIT_PAYOUT_PAY, &in->id, "{\"status\": \"pending\"}", "{\"status\": \"paid\"}");
    if ((e = plan_add_item(rq, b, &entity_payout, &in->id, &index, &plan, &sel)) ||
        (e = write_run(rq, b, &replayed))) {
        return e;
    }
    return plan_write(rq, plan, sel, db_result(b, index));
}
