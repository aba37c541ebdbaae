/* POST /v1/bookings/{id}/decline */
#include "booking/booking.h"

static enum err booking_decline_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_BOOKING_STATE, ERR_PRECONDITION, ERR_NONE };

const struct op op_booking_decline = {
    .name = "booking_decline",
    .method = METHOD_POST,
    .path = "/v1/bookings/{id}/decline",
    .tag = "Bookings",
    .summary = "Decline a request",
    .doc = "By the host or a co-host with booking.manage. The nights are free again, and what was paid goes "
           "back.",
    .perm = PERM_BOOKING_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_CONDITIONAL,
    .in = &booking_id_shape,
    .entity = &entity_booking,
    .errors = errors,
    .exec = booking_decline_exec,
};

static enum err booking_decline_exec(struct request *rq)
{
    static const struct booking_act act = {
        .action = BOOKING_DO_DECLINE,
    };
    return booking_act(rq, &act);
}
