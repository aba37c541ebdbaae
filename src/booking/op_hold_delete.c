/* DELETE /v1/holds/{id} */
#include "booking/booking.h"

static enum err hold_delete_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_BOOKING_STATE, ERR_PRECONDITION, ERR_NONE };

const struct op op_hold_delete = {
    .name = "hold_delete",
    .method = METHOD_DELETE,
    .path = "/v1/holds/{id}",
    .tag = "Bookings",
    .summary = "Give a hold up",
    .doc = "By its guest. The nights are free again at once.",
    .perm = PERM_BOOKING_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_CONDITIONAL,
    .in = &booking_id_shape,
    .entity = &entity_booking,
    .errors = errors,
    .exec = hold_delete_exec,
};

static enum err hold_delete_exec(struct request *rq)
{
    static const struct booking_act act = {
        .action = BOOKING_DO_CANCEL,
        .change = booking_add_cancel,
    };
    return booking_act(rq, &act);
}
