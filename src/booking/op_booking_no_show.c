/* POST /v1/bookings/{id}/no-show */
#include "booking/booking.h"

static enum err booking_no_show_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_BOOKING_STATE, ERR_PRECONDITION, ERR_NONE };

const struct op op_booking_no_show = {
    .name = "booking_no_show",
    .method = METHOD_POST,
    .path = "/v1/bookings/{id}/no-show",
    .tag = "Bookings",
    .summary = "Say that the guest did not come",
    .doc = "By the host or a co-host with booking.manage, once check-in has begun. The price is owed all the "
           "same; nights that are left "
           "are free again.",
    .perm = PERM_BOOKING_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_CONDITIONAL,
    .in = &booking_id_shape,
    .entity = &entity_booking,
    .errors = errors,
    .exec = booking_no_show_exec,
};

static enum err booking_no_show_exec(struct request *rq)
{
    static const struct booking_act act = {
        .action = BOOKING_DO_NO_SHOW,
        .refusals = { [BOOKING_TOO_EARLY] = "The guest may still come: check-in has not begun." },
    };
    return booking_act(rq, &act);
}
