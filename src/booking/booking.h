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
extern const struct op op_booking_create, op_booking_list, op_booking_read, op_booking_cancel,
    op_booking_accept, op_booking_decline, op_booking_check_in, op_booking_check_out, op_booking_no_show,
    op_booking_change_create, op_booking_change_accept, op_booking_change_decline, op_hold_create,
    op_hold_read, op_hold_delete;

/* What becomes of money that has come for a booking. */
enum booking_paid {
    BOOKING_PAID_CONFIRMED, /* the booking is sold by it, also one that had expired if its nights were free */
    BOOKING_PAID_EARLIER,   /* it was sold, or asked for, already, and the money is owed */
    BOOKING_PAID_TOO_LATE,  /* nights gone, or called off: to be given back */
    BOOKING_PAID_TWICE,     /* more than the booking costs: to be given back */
};
/*
 * In the caller's transaction (write_atomic), after the payment was recorded as captured: lock the booking,
 * decide, and confirm it where that is the decision. `amount` is what has come now. Called once for each
 * growth of captured money; whoever calls it twice for the same money is told EARLIER or TWICE by what the
 * payments hold.
 */
enum err booking_paid(struct request *rq, const struct uuid *booking, int64_t amount,
                      enum booking_paid *out) MUST_CHECK;

/* Take the nights of a quote, for good or as a hold, and answer the request with the booking made. */
enum err booking_attempt(struct request *rq, const struct uuid *quote, bool hold) MUST_CHECK;

/* The one parameter of ops on a booking: {id} in the path. */
struct booking_id_in {
    struct shape_seen seen;
    struct uuid id;
};
extern const struct shape booking_id_shape;

/*
 * Lock the booking of the request (struct booking_id_in), take the action when its state, the time and the
 * principal allow, and answer with the booking. `done` and `refusal` say what is special about it; both may
 * be NULL.
 */
struct booking_act {
    enum booking_action action;
    const char *refusals[BOOKING_REFUSALS]; /* sentences; NULL: a general one */
    /* Add the statements that change the locked booking; NULL: its state is set and its nights are given back
     * if the state says so. */
    void (*change)(struct request *rq, struct db_batch *b, const struct uuid *id, enum booking_status to);
    /* More statements, after these. */
    void (*also)(struct request *rq, struct db_batch *b, const struct uuid *id, enum booking_status to);
};
/* The change of an act that calls a booking off. */
void booking_add_cancel(struct request *rq, struct db_batch *b, const struct uuid *id,
                        enum booking_status to);
enum err booking_act(struct request *rq, const struct booking_act *act) MUST_CHECK;

/*
 * Read and lock a booking the principal has part in, or as co-host the op's permission for. The request's
 * writes must be atomic. ERR_NOT_FOUND and ERR_PRECONDITION are recorded. *replayed as in write_run.
 */
enum err booking_lock(struct request *rq, const struct uuid *id, struct booking_facts *out,
                      bool *replayed) MUST_CHECK;

#endif
