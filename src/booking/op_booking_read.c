/* GET /v1/bookings/{id} */
#include "booking/booking.h"
#include "query/plan.h"

struct booking_read_in {
    struct shape_seen seen;
    struct uuid id;
};

static const struct shape_field in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct booking_read_in, id),
      .doc = "The booking." },
};
static const struct shape in_shape = { .name = "BookingRead",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct booking_read_in),
                                       .doc = "Which booking." };

static const enum err errors[] = { ERR_NOT_FOUND, ERR_NONE };

const struct op op_booking_read = {
    .name = "booking_read",
    .method = METHOD_GET,
    .path = "/v1/bookings/{id}",
    .tag = "Bookings",
    .summary = "Read a booking",
    .doc = "Only for its guest, its host and co-hosts with booking.read.",
    .perm = PERM_BOOKING_READ,
    .rate = RATE_READ,
    .flags = OP_ITEM,
    .in = &in_shape,
    .entity = &entity_booking,
    .errors = errors,
    .exec = read_exec,
};
