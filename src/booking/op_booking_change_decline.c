/* POST /v1/bookings/{id}/change/decline */
#include "booking/booking_change.h"

#include "db/queries.h"
#include "http/idempotency.h"

static enum err booking_change_decline_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_BOOKING_STATE, ERR_PRECONDITION, ERR_NONE };

const struct op op_booking_change_decline = {
    .name = "booking_change_decline",
    .method = METHOD_POST,
    .path = "/v1/bookings/{id}/change/decline",
    .tag = "Bookings",
    .summary = "Decline or withdraw a change",
    .doc = "By either party while it is open: the one that asked for it withdraws it. The booking stays as "
           "it is.",
    .perm = PERM_BOOKING_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_CONDITIONAL,
    .in = &booking_id_shape,
    .entity = &entity_booking,
    .errors = errors,
    .exec = booking_change_decline_exec,
};

static enum err booking_change_decline_exec(struct request *rq)
{
    const struct booking_id_in *in = rq->in;
    struct booking_facts facts;
    struct booking_change change;
    bool replayed;
    enum err e = booking_change_lock(rq, &in->id, &facts, &change, &replayed);
    if (e || replayed) {
        return e;
    }
    struct db_batch *b = write_batch(rq);
    (void)DB_ADD(b, &q_booking_change_end, db_uuid(&change.id),
                 db_text(facts.actor == change.by ? STR("withdrawn") : STR("declined")));
    (void)DB_ADD(b, &q_booking_touch, db_uuid(&in->id));
    return booking_answer(rq, b, &in->id);
}
