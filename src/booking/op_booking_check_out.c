/* POST /v1/bookings/{id}/check-out */
#include "booking/booking.h"

static enum err booking_check_out_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_BOOKING_STATE, ERR_PRECONDITION, ERR_NONE };

const struct op op_booking_check_out = {
    .name = "booking_check_out",
    .method = METHOD_POST,
    .path = "/v1/bookings/{id}/check-out",
    .tag = "Bookings",
    .summary = "Say that the guest has left",
    .doc = "By the guest, the host or a co-host with booking.manage, after check-in. The booking is "
           "completed; nights that are left are "
           "free again.",
    .perm = PERM_BOOKING_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_CONDITIONAL,
    .in = &booking_id_shape,
    .entity = &entity_booking,
    .errors = errors,
    .exec = booking_check_out_exec,
};

static enum err booking_check_out_exec(struct request *rq)
{
    static const struct booking_act act = {
        .action = BOOKING_DO_CHECK_OUT,
    };
    return booking_act(rq, &act);
}
