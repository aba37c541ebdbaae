/* POST /v1/payments/{id}/capture: take money that is held, or record money that has come. */
#include "payment/payment.h"

#include "http/audit.h"
#include "http/idempotency.h"

struct payment_capture_in {
    struct shape_seen seen;
    struct uuid id;
    int64_t amount;
};

enum { ID, AMOUNT };

static const struct shape_field in_fields[] = {
    [ID] = { .name = "id",
             .type = SHAPE_UUID,
             .in = IN_PATH,
             .flags = SHAPE_REQUIRED,
             .offset = offsetof(struct payment_capture_in, id),
             .doc = "The payment." },
    [AMOUNT] = { .name = "amount",
                 .type = SHAPE_INT,
                 .offset = offsetof(struct payment_capture_in, amount),
                 .min = 1,
                 .max = 1000000000000,
                 .doc = "How much, in minor units of the payment's currency; left out, all of it. What is "
                        "left of a hold is "
                        "released.",
                 .example = "12000" },
};
static const struct shape in_shape = { .name = "PaymentCapture",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct payment_capture_in),
                                       .doc = "How much to take." };

static enum err payment_capture_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_PAYMENT_STATE, ERR_VALIDATION, ERR_PRECONDITION,
                                   ERR_NONE };

const struct op op_payment_capture = {
    .name = "payment_capture",
    .method = METHOD_POST,
    .path = "/v1/payments/{id}/capture",
    .tag = "Payments",
    .summary = "Capture a payment",
    .doc = "By the host, a co-host with booking.manage, or whoever holds payment.manage. Offline: the money "
           "has come. With a "
           "provider: an authorized payment is taken, which the answer shows when the provider has done it "
           "by then.",
    .perm = PERM_BOOKING_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_CONDITIONAL,
    .in = &in_shape,
    .entity = &entity_payment,
    .errors = errors,
    .exec = payment_capture_exec,
};

static enum err judge(struct request *rq, const struct payment_capture_in *in, const struct payment_now *now)
{
    bool offline = str_eqz(now->provider, "offline");
    if (!now->host) {
        return fail(rq, ERR_NOT_FOUND, NULL, "There is no such payment.");
    }
    if (now->asked || !str_eqz(now->status, offline ? "pending" : "authorized")) {
        return fail(rq, ERR_PAYMENT_STATE, NULL, "The payment is " STR_FMT "%s.", STR_ARG(now->status),
                    now->asked ? " and its provider is being asked" : "");
    }
    if (SHAPE_HAS(in, AMOUNT) && in->amount > now->amount) {
        return fail(rq, ERR_VALIDATION, "/amount", "The payment is of %lld.", (long long)now->amount);
    }
    return ERR_NONE;
}

static enum err record(struct request *rq, const struct payment_capture_in *in, int64_t amount)
{
    struct payment_facts facts = { .status = "captured", .captured = amount };
    struct db_batch *b = write_batch(rq);
    bool replayed;
    int at = payment_add_record(rq, b, &in->id, &facts);
    audit_add(rq, b, AUDIT_PAYMENT_CAPTURE, &in->id, NULL,
              arena_printf(rq->arena, "{\"captured\": %lld}", (long long)amount));
    enum err e = write_run(rq, b, &replayed);
    return e ? e : payment_settle(rq, db_result(b, at), &in->id);
}

static enum err ask(struct request *rq, const struct payment_capture_in *in, int64_t amount)
{
    struct db_batch *b = write_batch(rq);
    bool replayed;
    payment_add_call(rq, b, &in->id, "capture", amount, STR_NONE);
    payment_ask_afterwards(rq, &in->id);
    return write_run(rq, b, &replayed);
}

static enum err payment_capture_exec(struct request *rq)
{
    const struct payment_capture_in *in = rq->in;
    struct payment_now now;
    bool replayed;
    write_atomic(rq);
    enum err e = payment_lock(rq, &in->id, &now, &replayed);
    if (e || replayed || (e = judge(rq, in, &now))) {
        return e;
    }
    int64_t amount = SHAPE_HAS(in, AMOUNT) ? in->amount : now.amount;
    e = str_eqz(now.provider, "offline") ? record(rq, in, amount) : ask(rq, in, amount);
    return e ? e : payment_answer(rq, &in->id);
}
