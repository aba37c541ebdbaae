/* POST /v1/payments/{id}/cancel: give up a payment, release what is held. */
#include "payment/payment.h"

#include "http/idempotency.h"

struct payment_cancel_in {
    struct shape_seen seen;
    struct uuid id;
};

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct payment_cancel_in, id),
      .doc = "The payment." },
};
static const struct shape in_shape = { .name = "PaymentCancel",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct payment_cancel_in),
                                       .doc = "Which payment." };

static enum err payment_cancel_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_PAYMENT_STATE, ERR_FORBIDDEN, ERR_PRECONDITION,
                                   ERR_NONE };

const struct op op_payment_cancel = {
    .name = "payment_cancel",
    .method = METHOD_POST,
    .path = "/v1/payments/{id}/cancel",
    .tag = "Payments",
    .summary = "Cancel a payment",
    .doc = "As long as nothing was captured. A guest may cancel a payment that waits for them, only the "
           "host's side one that is "
           "held.",
    .perm = PERM_BOOKING_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_CONDITIONAL,
    .in = &in_shape,
    .entity = &entity_payment,
    .errors = errors,
    .exec = payment_cancel_exec,
};

static enum err judge(struct request *rq, const struct payment_now *now)
{
    bool held = str_eqz(now->status, "authorized");
    if (now->asked || now->captured > 0 || str_eqz(now->status, "cancelled")) {
        return fail(rq, ERR_PAYMENT_STATE, NULL, "The payment is " STR_FMT "%s.", STR_ARG(now->status),
                    now->asked ? " and its provider is being asked" : "");
    }
    if (held && !now->host) {
        return fail(rq, ERR_FORBIDDEN, NULL, "Only the host's side releases what is held.");
    }
    return ERR_NONE;
}

static enum err payment_cancel_exec(struct request *rq)
{
    const struct payment_cancel_in *in = rq->in;
    struct payment_now now;
    bool replayed;
    write_atomic(rq);
    enum err e = payment_lock(rq, &in->id, &now, &replayed);
    if (e || replayed || (e = judge(rq, &now))) {
        return e;
    }
    struct db_batch *b = write_batch(rq);
    if (str_eqz(now.provider, "offline")) {
        struct payment_facts facts = { .status = "cancelled" };
        (void)payment_add_record(rq, b, &in->id, &facts);
    } else {
        payment_add_call(rq, b, &in->id, "cancel", 0, STR_NONE);
        payment_ask_afterwards(rq, &in->id);
    }
    e = write_run(rq, b, &replayed);
    return e ? e : payment_answer(rq, &in->id);
}
