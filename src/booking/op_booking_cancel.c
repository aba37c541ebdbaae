/* POST /v1/bookings/{id}/cancel: call a stay off. */
#include "booking/booking.h"

#include "db/queries.h"
#include "http/audit.h"
#include "http/idempotency.h"
#include "payment/payment.h"
#include "query/plan.h"

struct booking_cancel_in {
    struct shape_seen seen;
    struct uuid id;
};

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct booking_cancel_in, id),
      .doc = "The booking." },
};
static const struct shape in_shape = { .name = "BookingCancel",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct booking_cancel_in),
                                       .doc = "Which booking." };

static enum err booking_cancel_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_BOOKING_STATE, ERR_PRECONDITION, ERR_NONE };

const struct op op_booking_cancel = {
    .name = "booking_cancel",
    .method = METHOD_POST,
    .path = "/v1/bookings/{id}/cancel",
    .tag = "Bookings",
    .summary = "Cancel a booking",
    .doc = "By its guest, its host or a co-host with booking.manage, until the end of the day of arrival in "
           "the property's zone. The nights "
           "are free again "
           "at once.",
    .perm = PERM_BOOKING_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_CONDITIONAL,
    .in = &in_shape,
    .entity = &entity_booking,
    .errors = errors,
    .exec = booking_cancel_exec,
};

static const char *const refusals[] = {
    [BOOKING_WRONG_STATE] = "The booking is not confirmed.",
    [BOOKING_WRONG_ACTOR] = "The booking cannot be cancelled by this account.",
    [BOOKING_TOO_LATE] = "The stay has begun.",
};

static enum err cancel(struct request *rq, const struct uuid *id)
{
    struct db_batch *b = write_batch(rq);
    DB_ADD(b, &q_booking_cancel, db_uuid(id), db_uuid(&rq->principal.user));
    DB_ADD(b, &q_booking_release, db_uuid(id));
    payment_add_close(rq, b, id);
    payment_add_refund(rq, b, id, INT64_MAX, "the booking was cancelled");
    audit_add(rq, b, AUDIT_BOOKING_CANCEL, id, "{\"status\": \"confirmed\"}", "{\"status\": \"cancelled\"}");
    const struct plan *plan;
    struct selection *sel;
    int index;
    bool replayed;
    enum err e = plan_add_item(rq, b, &entity_booking, id, &index, &plan, &sel);
    if (e || (e = write_run(rq, b, &replayed))) {
        return e;
    }
    return plan_write(rq, plan, sel, db_result(b, index));
}

static enum err booking_cancel_exec(struct request *rq)
{
    const struct booking_cancel_in *in = rq->in;
    struct booking_facts facts;
    enum booking_status to;
    bool replayed;
    write_atomic(rq);
    enum err e = booking_lock(rq, &in->id, &facts, &replayed);
    if (e || replayed) {
        return e;
    }
    enum booking_refusal refusal = booking_decide(&facts, BOOKING_DO_CANCEL, &to);
    if (refusal != BOOKING_ALLOWED) {
        return fail(rq, ERR_BOOKING_STATE, NULL, "%s", refusals[refusal]);
    }
    return cancel(rq, &in->id);
}
