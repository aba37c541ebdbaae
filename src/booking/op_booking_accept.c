/* POST /v1/bookings/{id}/accept */
#include "booking/booking.h"

#include "payment/payment.h"

static enum err booking_accept_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_BOOKING_STATE, ERR_PRECONDITION, ERR_NONE };

const struct op op_booking_accept = {
    .name = "booking_accept",
    .method = METHOD_POST,
    .path = "/v1/bookings/{id}/accept",
    .tag = "Bookings",
    .summary = "Accept a request",
    .doc = "By the host or a co-host with booking.manage, until respond_by. The booking is confirmed.",
    .perm = PERM_BOOKING_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_CONDITIONAL,
    .in = &booking_id_shape,
    .entity = &entity_booking,
    .errors = errors,
    .exec = booking_accept_exec,
};

static void pay(struct request *rq, struct db_batch *b, const struct uuid *id, enum booking_status to)
{
    (void)to;
    payment_add_instant(rq, b, id);
}

static enum err booking_accept_exec(struct request *rq)
{
    static const struct booking_act act = {
        .action = BOOKING_DO_ACCEPT,
        .refusals = { [BOOKING_TOO_LATE] = "The time to answer is over." },
        .also = pay,
    };
    return booking_act(rq, &act);
}
