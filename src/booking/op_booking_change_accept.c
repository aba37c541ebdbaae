/* POST /v1/bookings/{id}/change/accept */
#include "booking/booking_change.h"

#include "db/queries.h"
#include "http/idempotency.h"

static enum err booking_change_accept_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND, ERR_BOOKING_STATE, ERR_DATES_UNAVAILABLE, ERR_PRECONDITION,
                                   ERR_NONE };

const struct op op_booking_change_accept = {
    .name = "booking_change_accept",
    .method = METHOD_POST,
    .path = "/v1/bookings/{id}/change/accept",
    .tag = "Bookings",
    .summary = "Accept a change",
    .doc = "By the party that did not ask for it, until its respond_by and before the day of arrival. The "
           "nights are exchanged at once, or it is "
           "answered dates_unavailable and everything stays. What was paid beyond the new price goes back; "
           "what is missing is owed.",
    .perm = PERM_BOOKING_MANAGE,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_CONDITIONAL,
    .in = &booking_id_shape,
    .entity = &entity_booking,
    .errors = errors,
    .exec = booking_change_accept_exec,
};

/* How what is to be paid on top is paid: see booking_exchange. */
static int way_to_pay(const struct request *rq)
{
    return !merchants_find(rq->merchants, STR("offline")) ? -1 : rq->options->payment_offline_instant ? 1 : 0;
}

static enum err exchange(struct request *rq, const struct uuid *id, const struct booking_change *change)
{
    struct uuid *fresh = ARENA_ARRAY(rq->arena, struct uuid, 2); /* the nights, the payment */
    fresh[0] = uuid_v7();
    fresh[1] = uuid_v7();
    struct db_batch *b = write_batch(rq);
    int done = DB_ADD(b, &q_booking_exchange, db_uuid(id), db_uuid(&change->id), db_uuid(&fresh[0]),
                      db_uuid(&fresh[1]), db_int4(rq->arena, way_to_pay(rq)));
    bool replayed;
    enum err e = write_run(rq, b, &replayed);
    if (e) {
        return e;
    }
    if (PQntuples(db_result(b, done)) == 0) {
        return fail(rq, ERR_DATES_UNAVAILABLE, NULL, NULL);
    }
    return booking_answer(rq, write_batch(rq), id);
}

static enum err booking_change_accept_exec(struct request *rq)
{
    const struct booking_id_in *in = rq->in;
    struct booking_facts facts;
    struct booking_change change;
    enum booking_status to;
    bool replayed;
    enum err e = booking_change_lock(rq, &in->id, &facts, &change, &replayed);
    if (e || replayed) {
        return e;
    }
    if (facts.actor == change.by) {
        return fail(rq, ERR_BOOKING_STATE, NULL,
                    "A change is accepted by the party that did not ask for it.");
    }
    if (booking_decide(&facts, BOOKING_DO_CHANGE, &to) != BOOKING_ALLOWED) {
        return fail(rq, ERR_BOOKING_STATE, NULL,
                    "Only a confirmed booking is changed, before the day of arrival.");
    }
    return exchange(rq, &in->id, &change);
}
