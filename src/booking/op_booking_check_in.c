/* POST /v1/bookings/{id}/check-in */
#include "booking/booking.h"

static enum err booking_check_in_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_BOOKING_STATE, ERR_PRECONDITION, ERR_NONE };

const struct op op_booking_check_in = {
    .name = "booking_check_in",
    .method = METHOD_POST,
    .path = "/v1/bookings/{id}/check-in",
    .tag = "Bookings",
    .summary = "Say that the guest has arrived",
    .doc = "By the guest, the host or a co-host with booking.manage, from the day of arrival on in the "
           "property's zone.",
    .perm = PERM_BOOKING_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_CONDITIONAL,
    .in = &booking_id_shape,
    .entity = &entity_booking,
    .errors = errors,
    .exec = booking_check_in_exec,
};

static enum err booking_check_in_exec(struct request *rq)
{
    static const struct booking_act act = {
        .action = BOOKING_DO_CHECK_IN,
        .refusals = { [BOOKING_TOO_EARLY] = "The day of arrival has not come." },
    };
    return booking_act(rq, &act);
}
