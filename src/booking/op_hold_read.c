/* GET /v1/holds/{id} */
#include "booking/booking.h"
#include "query/plan.h"

struct hold_read_in {
    struct shape_seen seen;
    struct uuid id;
};

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct hold_read_in, id),
      .doc = "The hold." },
};
static const struct shape in_shape = { .name = "HoldRead",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct hold_read_in),
                                       .doc = "Which hold." };

static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_hold_read = {
    .name = "hold_read",
    .method = METHOD_GET,
    .path = "/v1/holds/{id}",
    .tag = "Bookings",
    .summary = "Read a hold",
    .doc = "The booking it is, whatever has become of it. Only for its guest, its host and co-hosts with "
           "booking.read.",
    .perm = PERM_BOOKING_READ,
    .rate = RATE_READ,
    .flags = OP_ITEM,
    .in = &in_shape,
    .entity = &entity_booking,
    .errors = errors,
    .exec = read_exec,
};
