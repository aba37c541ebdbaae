/* POST /v1/holds: keep the nights of a quote for a while. */
#include "booking/booking.h"

struct hold_create_in {
    struct shape_seen seen;
    struct uuid quote_id;
};

static const struct shape_field in_fields[] = {
    { .name = "quote_id",
      .type = SHAPE_UUID,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct hold_create_in, quote_id),
      .doc = "Quote to hold." },
};
static const struct shape in_shape = { .name = "HoldCreate",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct hold_create_in),
                                       .doc = "What to hold." };

static enum err hold_create_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND,  ERR_FORBIDDEN,     ERR_DATES_UNAVAILABLE,
                                   ERR_QUOTE_USED, ERR_QUOTE_EXPIRED, ERR_COUPON_USED_UP,
                                   ERR_STAY_RULES, ERR_HOLD_LIMIT,    ERR_NONE };

const struct op op_hold_create = {
    .name = "hold_create",
    .method = METHOD_POST,
    .path = "/v1/holds",
    .tag = "Bookings",
    .summary = "Hold the nights of a quote",
    .doc = "At the quote's price, until hold_expires_at (option hold_lifetime); money that comes by then "
           "confirms it. A hold is the "
           "booking it becomes: the same id, in the state held. An account has a few at most (option "
           "hold_limit). A host who "
           "wants to be asked takes no holds.",
    .perm = PERM_BOOKING_CREATE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT,
    .status = 201,
    .in = &in_shape,
    .entity = &entity_booking,
    .errors = errors,
    .exec = hold_create_exec,
};

static enum err hold_create_exec(struct request *rq)
{
    const struct hold_create_in *in = rq->in;
    return booking_attempt(rq, &in->quote_id, true);
}
