/* The SQL calls of bookings. */
#include "booking/booking.h"

#include "calendar/stay.h"
#include "db/queries.h"
#include "http/etag.h"
#include "http/idempotency.h"

int booking_add_attempt(struct request *rq, struct db_batch *b, const struct uuid *id,
                        const struct uuid *quote)
{
    struct uuid *nights = ARENA_NEW(rq->arena, struct uuid);
    struct uuid *payment = ARENA_NEW(rq->arena, struct uuid);
    *nights = uuid_v7();
    *payment = uuid_v7();
    return DB_ADD(b, &q_booking_create, db_uuid(id), db_uuid(&rq->principal.user), db_uuid(quote),
                  db_uuid(nights), db_uuid(payment), db_bool(rq->arena, rq->options->payment_offline_instant));
}

enum booking_verdict booking_verdict(const PGresult *r)
{
    static const struct {
        const char *name;
        enum booking_verdict verdict;
    } names[] = {
        { "used", BOOKING_QUOTE_USED }, { "expired", BOOKING_QUOTE_EXPIRED },
        { "closed", BOOKING_CLOSED },   { "own", BOOKING_OWN },
        { "past", BOOKING_PAST },       { "coupon", BOOKING_COUPON },
        { "taken", BOOKING_TAKEN },
    };
    if (PQntuples(r) == 0) {
        return BOOKING_NO_QUOTE;
    }
    struct str name = db_get_text(r, 0, 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (str_eqz(name, names[i].name)) {
            return names[i].verdict;
        }
    }
    return db_is_null(r, 0, 1) ? BOOKING_TAKEN : BOOKING_MADE;
}

/* From what the attempt has brought: no further look at the database for those who come too late. */
void booking_tell_reasons(struct request *rq, const PGresult *r, enum booking_verdict verdict)
{
    struct stay_reasons reasons;
    reasons.count = 0;
    if (verdict != BOOKING_TAKEN && verdict != BOOKING_PAST && verdict != BOOKING_CLOSED) {
        return;
    }
    struct stay stay = { db_get_date(r, 0, 2), db_get_date(r, 0, 3), db_get_int4(r, 0, 4) };
    struct stay_terms terms = { .property = db_get_uuid(r, 0, 6),
                                .today = db_get_date(r, 0, 7),
                                .first_arrival = db_get_date(r, 0, 7),
                                .last_departure = DATE_MAX };
    if (verdict == BOOKING_TAKEN) {
        stay_reasons_gone(&stay, db_get_text(r, 0, 5), &reasons);
    } else {
        reasons.list[reasons.count++] =
            (struct stay_reason){ verdict == BOOKING_PAST ? STAY_PAST : STAY_NOT_OFFERED, STAY_BY_PROPERTY,
                                  terms.property, stay.check_in, stay.check_out, -1, STR_NONE };
    }
    stay_tell(rq, &stay, &terms, &reasons);
}

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
