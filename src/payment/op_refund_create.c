/* POST /v1/refunds: give money back. */
#include "payment/payment.h"

#include "db/queries.h"
#include "http/audit.h"
#include "http/idempotency.h"
#include "query/plan.h"

struct refund_create_in {
    struct shape_seen seen;
    struct uuid payment_id;
    int64_t amount;
    struct str reason;
};

enum { PAYMENT, AMOUNT, REASON };

static const struct shape_field in_fields[] = {
    [PAYMENT] = { .name = "payment_id",
                  .type = SHAPE_UUID,
                  .flags = SHAPE_REQUIRED,
                  .offset = offsetof(struct refund_create_in, payment_id),
                  .doc = "Payment to give back of." },
    [AMOUNT] = { .name = "amount",
                 .type = SHAPE_INT,
                 .offset = offsetof(struct refund_create_in, amount),
                 .min = 1,
                 .max = 1000000000000,
                 .doc =
                     "How much, in minor units of the payment's currency; left out, all that is left of it.",
                 .example = "5000" },
    [REASON] = { .name = "reason",
                 .type = SHAPE_STRING,
                 .flags = SHAPE_REQUIRED,
                 .offset = offsetof(struct refund_create_in, reason),
                 .min = 1,
                 .max = 200,
                 .doc = "Why; the guest sees it.",
                 .example = "\"The heating was broken.\"" },
};
static const struct shape in_shape = { .name = "RefundCreate",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct refund_create_in),
                                       .doc = "What to give back, and why." };

static enum err refund_create_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_REFUND_TOO_LARGE, ERR_NONE };

const struct op op_refund_create = {
    .name = "refund_create",
    .method = METHOD_POST,
    .path = "/v1/refunds",
    .tag = "Payments",
    .summary = "Refund a payment",
    .doc = "By the host, a co-host with booking.manage, or whoever holds payment.manage; the booking stays "
           "as it is and no more is due because of it. Done at once "
           "offline, else when the provider says so.",
    .perm = PERM_BOOKING_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT,
    .status = 201,
    .in = &in_shape,
    .entity = &entity_refund,
    .errors = errors,
    .exec = refund_create_exec,
};

static enum err judge(struct request *rq, const struct payment_now *now, int64_t amount)
{
    int64_t left = now->captured - now->given_back;
    if (!now->host) {
        return fail(rq, ERR_NOT_FOUND, "/payment_id", "There is no such payment.");
    }
    if (left == 0 || amount > left) {
        return fail(rq, ERR_REFUND_TOO_LARGE, "/amount", "%lld is left of the payment.", (long long)left);
    }
    return ERR_NONE;
}

static enum err refund_create_exec(struct request *rq)
{
    const struct refund_create_in *in = rq->in;
    struct payment_now now;
    bool replayed;
    write_atomic(rq);
    enum err e = payment_lock(rq, &in->payment_id, &now, &replayed);
    int64_t amount = e || replayed ? 0 : SHAPE_HAS(in, AMOUNT) ? in->amount : now.captured - now.given_back;
    if (e || replayed || (e = judge(rq, &now, amount))) {
        return e;
    }
    struct db_batch *b = write_batch(rq);
    (void)DB_ADD(b, &q_payment_refund, db_uuid(&now.booking), db_uuid(&in->payment_id),
                 db_int8(rq->arena, amount), db_text(in->reason), db_bool(rq->arena, true));
    int at = DB_ADD(b, &q_refund_latest, db_uuid(&in->payment_id));
    audit_add(rq, b, AUDIT_PAYMENT_REFUND, &in->payment_id, NULL,
              arena_printf(rq->arena, "{\"amount\": %lld}", (long long)amount));
    if ((e = write_run(rq, b, &replayed))) {
        return e;
    }
    struct uuid *id = ARENA_NEW(rq->arena, struct uuid);
    *id = db_get_uuid(db_result(b, at), 0, 0);
    payment_ask_quietly(rq, &in->payment_id);
    char text[UUID_TEXT_SIZE];
    uuid_format(text, id);
    response_header(rq, "Location", arena_printf(rq->arena, "/v1/refunds/%s", text));
    return plan_answer(rq, &entity_refund, id);
}
