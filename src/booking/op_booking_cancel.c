/* POST /v1/bookings/{id}/cancel */
#include "booking/booking.h"

static enum err booking_cancel_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_BOOKING_STATE, ERR_PRECONDITION, ERR_NONE };

const struct op op_booking_cancel = {
    .name = "booking_cancel",
    .method = METHOD_POST,
    .path = "/v1/bookings/{id}/cancel",
    .tag = "Bookings",
    .summary = "Cancel a booking",
    .doc = "By its guest, its host or a co-host with booking.manage, until the end of the day of arrival in "
           "the property's zone; a hold or a "
           "request by its guest. The nights are free again at once. When the guest cancels, what comes back "
           "is the step of "
           "refund_steps at the moment of the commit; when the host does, everything.",
    .perm = PERM_BOOKING_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_CONDITIONAL,
    .in = &booking_id_shape,
    .entity = &entity_booking,
    .errors = errors,
    .exec = booking_cancel_exec,
};

static enum err booking_cancel_exec(struct request *rq)
{
    static const struct booking_act act = {
        .action = BOOKING_DO_CANCEL,
        .refusals = { [BOOKING_TOO_LATE] = "The stay has begun." },
        .change = booking_add_cancel,
    };
    return booking_act(rq, &act);
}
