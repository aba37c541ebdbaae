/* POST /v1/bookings: buy the nights of a quote. */
#include "booking/booking.h"

#include "http/idempotency.h"
#include "query/plan.h"

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
static const enum err errors[] = { ERR_NOT_FOUND,  ERR_FORBIDDEN,     ERR_DATES_UNAVAILABLE,
                                   ERR_QUOTE_USED, ERR_QUOTE_EXPIRED, ERR_COUPON_USED_UP, ERR_PAYMENT_REQUIRED, ERR_STAY_RULES,
                                   ERR_NONE };

const struct op op_booking_create = {
    .name = "booking_create",
    .method = METHOD_POST,
    .path = "/v1/bookings",
    .tag = "Bookings",
    .summary = "Book the nights of a quote",
    .doc = "At the quote's price, confirmed at once. When two want the same night, one gets it and the other "
           "is answered "
           "dates_unavailable. Hosts do not book with themselves; they block nights in the calendar.",
    .perm = PERM_BOOKING_CREATE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT,
    .status = 201,
    .in = &in_shape,
    .entity = &entity_booking,
    .errors = errors,
    .exec = booking_create_exec,
};

static const struct {
    enum err err;
    const char *pointer, *detail;
} refusals[] = {
    [BOOKING_NO_QUOTE] = { ERR_NOT_FOUND, "/quote_id", "There is no such quote, or it is another guest's." },
    [BOOKING_QUOTE_USED] = { ERR_QUOTE_USED, "/quote_id", "A booking has been made from this quote." },
    [BOOKING_QUOTE_EXPIRED] = { ERR_QUOTE_EXPIRED, "/quote_id",
                                "The quote's lifetime has ended; ask for a new one." },
    [BOOKING_CLOSED] = { ERR_STAY_RULES, "/quote_id", "The property is no longer offered." },
    [BOOKING_OWN] = { ERR_FORBIDDEN, "/quote_id",
                      "A host does not book with themselves; block the nights instead." },
    [BOOKING_PAST] = { ERR_STAY_RULES, "/quote_id", "The day of arrival is over where the property is." },
    [BOOKING_COUPON] = { ERR_COUPON_USED_UP, "/quote_id",
                         "The coupon of this quote has been used as often as it may be." },
    [BOOKING_TAKEN] = { ERR_DATES_UNAVAILABLE, "/quote_id",
                        "Another stay or a block takes at least one of these nights." },
};

/* One statement books, in one round trip, and there is nothing to undo when it refuses, as it does with most
 * who want nights that many want. Only what was booked is read. */
static enum err booking_create_exec(struct request *rq)
{
    const struct booking_create_in *in = rq->in;
    if (!merchants_find(rq->merchants, STR("offline"))) {
        return fail(rq, ERR_PAYMENT_REQUIRED, NULL, NULL);
    }
    struct uuid *id = ARENA_NEW(rq->arena, struct uuid);
    *id = uuid_v7();
    struct db_batch *b = write_batch(rq);
    int attempt = booking_add_attempt(rq, b, id, &in->quote_id);
    bool replayed;
    enum err e = write_run(rq, b, &replayed);
    if (e || replayed) {
        return e;
    }
    enum booking_verdict verdict = booking_verdict(db_result(b, attempt));
    if (verdict != BOOKING_MADE) {
        booking_tell_reasons(rq, db_result(b, attempt), verdict);
        return fail(rq, refusals[verdict].err, refusals[verdict].pointer, "%s", refusals[verdict].detail);
    }
    char text[UUID_TEXT_SIZE];
    uuid_format(text, id);
    response_header(rq, "Location", arena_printf(rq->arena, "/v1/bookings/%s", text));
    return plan_answer(rq, &entity_booking, id);
}
