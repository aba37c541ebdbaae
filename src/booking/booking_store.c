/* The SQL calls of bookings. */
#include "booking/booking.h"

#include "db/queries.h"
#include "http/etag.h"
#include "http/idempotency.h"

enum err booking_lock(struct request *rq, const struct uuid *id, struct booking_facts *out, bool *replayed)
{
    struct db_batch *b = write_batch(rq);
    int locked = DB_ADD(b, &q_booking_lock, db_uuid(id), db_uuid(&rq->principal.user),
                        db_text(str_from(perm_name(rq->op->perm))));
    enum err e = write_run(rq, b, replayed);
    if (e || *replayed) {
        return e;
    }
    const PGresult *r = db_result(b, locked);
    if (PQntuples(r) == 0 || !booking_status_parse(db_get_text(r, 0, 0), &out->status)) {
        return fail(rq, ERR_NOT_FOUND, NULL, "There is no such booking.");
    }
    if (!if_match_allows(rq, db_get_int8(r, 0, 1))) {
        return fail(rq, ERR_PRECONDITION, NULL, "The booking was changed since; read it again.");
    }
    out->check_in = db_get_date(r, 0, 2);
    out->check_out = db_get_date(r, 0, 3);
    out->today = db_get_date(r, 0, 4);
    out->actor = db_get_bool(r, 0, 5) ? BOOKING_BY_GUEST : BOOKING_BY_HOST;
    out->now_us = db_get_timestamptz(r, 0, 6);
    out->timer_us = db_is_null(r, 0, 7) ? 0 : db_get_timestamptz(r, 0, 7);
    out->check_in_at_us = db_is_null(r, 0, 8) ? 0 : db_get_timestamptz(r, 0, 8);
    return ERR_NONE;
}
