/* POST /v1/bookings: buy the nights of a quote. */
#include "booking/booking.h"

struct booking_create_in {
    struct shape_seen seen;
    struct uuid quote_id;
};

static const struct shape_field in_fields[] = {
    { .name = "quote_id",
      .type = SHAPE_UUID,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct booking_create_in, quote_id),
      .doc = "Quote to book." },
};
static const struct shape in_shape = { .name = "BookingCreate",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct booking_create_in),
                                       .doc = "What to book." };

static enum err booking_create_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND,        ERR_FORBIDDEN,     ERR_DATES_UNAVAILABLE,
                                   ERR_QUOTE_USED,       ERR_QUOTE_EXPIRED, ERR_COUPON_USED_UP,
                                   ERR_PAYMENT_REQUIRED, ERR_STAY_RULES,    ERR_NONE };

const struct op op_booking_create = {
    .name = "booking_create",
    .method = METHOD_POST,
    .path = "/v1/bookings",
    .tag = "Bookings",
    .summary = "Book the nights of a quote",
    .doc = "At the quote's price, confirmed at once; where the host wants to be asked (instant_book of the "
           "property's "
           "rules) it is requested, and the nights are kept until the host has answered or respond_by has "
           "come. When two want "
           "the same night, one gets it and the other is answered dates_unavailable. Hosts do not book with "
           "themselves; they "
           "block nights in the calendar.",
    .perm = PERM_BOOKING_CREATE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT,
    .status = 201,
    .in = &in_shape,
    .entity = &entity_booking,
    .errors = errors,
    .exec = booking_create_exec,
};

static enum err booking_create_exec(struct request *rq)
{
    const struct booking_create_in *in = rq->in;
    if (!merchants_find(rq->merchants, STR("offline"))) {
        return fail(rq, ERR_PAYMENT_REQUIRED, NULL, NULL);
    }
    return booking_attempt(rq, &in->quote_id, false);
}
