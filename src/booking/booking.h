/*
 * Bookings. A booking holds the nights of one unit as a row of the inventory (occupancy) for as long as it is
 * not cancelled; the inventory's exclusion constraint decides between two that want the same night. Only the
 * guest and the host of a booking ever see it.
 */
#ifndef NEXUS_BOOKING_BOOKING_H
#define NEXUS_BOOKING_BOOKING_H

#include "booking/booking_rules.h"
#include "http/op.h"
#include "query/entity.h"

extern const struct entity entity_booking;
extern const struct op op_booking_create, op_booking_list, op_booking_read, op_booking_cancel;

/* What becomes of money that has come for a booking. */
enum booking_paid {
    BOOKING_PAID_CONFIRMED, /* the booking is sold by it, also one that had expired if its nights were free */
    BOOKING_PAID_EARLIER,   /* it was sold, or asked for, already, and the money is owed */
    BOOKING_PAID_TOO_LATE,  /* nights gone, or called off: to be given back */
    BOOKING_PAID_TWICE,     /* more than the booking costs: to be given back */
};
/*
 * In the caller's transaction (write_atomic), after the payment was recorded as captured: lock the booking, decide, and
 * confirm it where that is the decision. `amount` is what has come now. Called once for each growth of captured money;
 * whoever calls it twice for the same money is told EARLIER or TWICE by what the payments hold.
 */
enum err booking_paid(struct request *rq, const struct uuid *booking, int64_t amount,
                      enum booking_paid *out) MUST_CHECK;

/* What became of an attempt to book. */
enum booking_verdict {
    BOOKING_MADE,
    BOOKING_NO_QUOTE, /* none with this id, or another user's */
    BOOKING_QUOTE_USED,
    BOOKING_QUOTE_EXPIRED,
    BOOKING_CLOSED, /* the property is no longer offered */
    BOOKING_OWN,    /* the guest is the host */
    BOOKING_PAST,   /* the day of arrival is over */
    BOOKING_COUPON, /* the quote's coupon has no use left */
    BOOKING_TAKEN,  /* no unit is free for all nights */
};

/* Adds the attempt to the batch; returns its index. Nothing is written unless the verdict is BOOKING_MADE. */
int booking_add_attempt(struct request *rq, struct db_batch *b, const struct uuid *id,
                        const struct uuid *quote);
enum booking_verdict booking_verdict(const PGresult *r);
/* Put the reasons of a refusal by the calendar into the problem of the failure to come; nothing for others. */
void booking_tell_reasons(struct request *rq, const PGresult *r, enum booking_verdict verdict);

/*
 * Read and lock a booking the principal has part in, or as co-host the op's permission for. The request's
 * writes must be atomic. ERR_NOT_FOUND and ERR_PRECONDITION are recorded. *replayed as in write_run.
 */
enum err booking_lock(struct request *rq, const struct uuid *id, struct booking_facts *out,
                      bool *replayed) MUST_CHECK;

#endif
