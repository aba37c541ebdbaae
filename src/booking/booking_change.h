/* Changes of a booking: asked for by one party, answered by the other. */
#ifndef NEXUS_BOOKING_BOOKING_CHANGE_H
#define NEXUS_BOOKING_BOOKING_CHANGE_H

#include "booking/booking.h"

struct booking_change {
    struct uuid id;
    enum booking_actor by;
};

/*
 * Lock the booking and find its open change. ERR_NOT_FOUND, ERR_BOOKING_STATE and ERR_PRECONDITION are
 * recorded.
 */
enum err booking_change_lock(struct request *rq, const struct uuid *id, struct booking_facts *facts,
                             struct booking_change *out, bool *replayed) MUST_CHECK;

/* Answer with the booking, read in the batch that changed it. */
enum err booking_answer(struct request *rq, struct db_batch *b, const struct uuid *id) MUST_CHECK;

#endif
