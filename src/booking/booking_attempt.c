/* An attempt to take the nights of a quote. */
#include "booking/booking.h"

#include "calendar/stay.h"
#include "db/queries.h"
#include "http/idempotency.h"
#include "query/plan.h"

/* What became of an attempt. */
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
    BOOKING_LOST,   /* they went to somebody just now */
    BOOKING_ASKS,   /* a hold, where the host wants to be asked */
    BOOKING_HOLD_LIMIT,
};

static int add_attempt(struct request *rq, struct db_batch *b, const struct uuid *id,
                       const struct uuid *quote, bool hold)
{
    struct uuid *nights = ARENA_NEW(rq->arena, struct uuid);
    struct uuid *payment = ARENA_NEW(rq->arena, struct uuid);
    *nights = uuid_v7();
    *payment = uuid_v7();
    return DB_ADD(b, &q_booking_create, db_uuid(id), db_uuid(&rq->principal.user), db_uuid(quote),
                  db_uuid(nights), db_uuid(payment), db_bool(rq->arena, rq->options->payment_offline_instant),
                  db_bool(rq->arena, hold), db_int8(rq->arena, rq->options->hold_lifetime),
                  db_int8(rq->arena, rq->options->hold_limit));
}

/* Of what the statements say in words. */
static enum booking_verdict booking_verdict(struct str name)
{
    static const struct {
        const char *name;
        enum booking_verdict verdict;
    } names[] = {
        { "taken", BOOKING_TAKEN },
        { "used", BOOKING_QUOTE_USED },
        { "made", BOOKING_MADE },
        { "lost", BOOKING_LOST },
        { "expired", BOOKING_QUOTE_EXPIRED },
        { "closed", BOOKING_CLOSED },
        { "own", BOOKING_OWN },
        { "past", BOOKING_PAST },
        { "coupon", BOOKING_COUPON },
        { "request", BOOKING_ASKS },
        { "limit", BOOKING_HOLD_LIMIT },
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (str_eqz(name, names[i].name)) {
            return names[i].verdict;
        }
    }
    return BOOKING_NO_QUOTE;
}

/* Of refusals that are about the stay itself. */
static bool reason_of(enum booking_verdict verdict, struct stay_reason *out)
{
    switch (verdict) {
    case BOOKING_PAST:
        out->rule = STAY_PAST;
        return true;
    case BOOKING_CLOSED:
        out->rule = STAY_NOT_OFFERED;
        return true;
    case BOOKING_ASKS:
        out->rule = STAY_REQUEST_ONLY;
        out->source = STAY_BY_RULES;
        return true;
    default:
        return verdict == BOOKING_TAKEN || verdict == BOOKING_LOST;
    }
}

/* Nights that were seen to be gone are told from what the attempt has brought, without a further look at the
 * database for those who come too late; whatever else came between is read. */
static enum err booking_tell_reasons(struct request *rq, const PGresult *r, const struct uuid *quote,
                                     enum booking_verdict verdict)
{
    struct stay_reason reason = { .source = STAY_BY_PROPERTY, .limit = -1 };
    struct stay_reasons reasons = { .count = 0 };
    if (!reason_of(verdict, &reason)) {
        return ERR_NONE;
    }
    struct stay stay = { db_get_date(r, 0, 1), db_get_date(r, 0, 2), db_get_int4(r, 0, 3) };
    struct stay_terms terms = { .property = db_get_uuid(r, 0, 4), .last_departure = DATE_MAX };
    struct str gone = db_get_text(r, 0, 5);
    if (verdict != BOOKING_TAKEN) {
        struct db_batch *b = db_batch(rq->db, rq->arena);
        struct db_failure failure;
        int refused = DB_ADD(b, &q_booking_refused, db_uuid(quote));
        if (db_run(b, &failure) != ERR_NONE) {
            return fail_db(rq, &failure);
        }
        terms.today = terms.first_arrival = db_get_date(db_result(b, refused), 0, 0);
        gone = db_get_text(db_result(b, refused), 0, 1);
    }
    if (verdict == BOOKING_TAKEN || verdict == BOOKING_LOST) {
        stay_reasons_gone(&stay, gone, &reasons);
    } else {
        reason.id = terms.property;
        reason.from = stay.check_in;
        reason.to = stay.check_out;
        reasons.list[reasons.count++] = reason;
    }
    stay_tell(rq, &stay, &terms, &reasons);
    return ERR_NONE;
}

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
    [BOOKING_ASKS] = { ERR_STAY_RULES, "/quote_id",
                       "This host wants to be asked first; make a booking, which will be a request." },
    [BOOKING_HOLD_LIMIT] = { ERR_HOLD_LIMIT, "/quote_id",
                             "The account holds as many stays as it may; pay for one or give one up." },
    [BOOKING_TAKEN] = { ERR_DATES_UNAVAILABLE, "/quote_id",
                        "Another stay or a block takes at least one of these nights." },
    [BOOKING_LOST] = { ERR_DATES_UNAVAILABLE, "/quote_id",
                       "Another stay or a block takes at least one of these nights." },
};

/* `seen`: what the look has brought. */
static enum err booking_refuse(struct request *rq, const PGresult *seen, const struct uuid *quote,
                               enum booking_verdict verdict)
{
    enum err e = booking_tell_reasons(rq, seen, quote, verdict);
    return e ? e : fail(rq, refusals[verdict].err, refusals[verdict].pointer, "%s", refusals[verdict].detail);
}

/* Most who want nights that many want come too late, and one look that writes nothing tells them. Who could
 * get them is decided by one statement, and there is nothing to undo when it refuses. Only what was booked is
 * read. */
enum err booking_attempt(struct request *rq, const struct uuid *quote, bool hold)
{
    bool replayed;
    struct db_batch *b = write_batch(rq);
    int look = DB_ADD(b, &q_booking_look, db_uuid(&rq->principal.user), db_uuid(quote));
    enum err e = write_run(rq, b, &replayed);
    if (e || replayed) {
        return e;
    }
    const PGresult *seen = db_result(b, look);
    if (PQntuples(seen) == 0) {
        return booking_refuse(rq, seen, quote, BOOKING_NO_QUOTE);
    }
    if (!db_is_null(seen, 0, 0)) {
        return booking_refuse(rq, seen, quote, booking_verdict(db_get_text(seen, 0, 0)));
    }
    struct uuid *id = ARENA_NEW(rq->arena, struct uuid);
    *id = uuid_v7();
    b = write_batch(rq);
    int attempt = add_attempt(rq, b, id, quote, hold);
    e = write_run(rq, b, &replayed);
    if (e) {
        return e;
    }
    enum booking_verdict verdict = booking_verdict(db_get_text(db_result(b, attempt), 0, 0));
    if (verdict != BOOKING_MADE) {
        return booking_refuse(rq, seen, quote, verdict);
    }
    char text[UUID_TEXT_SIZE];
    uuid_format(text, id);
    response_header(rq, "Location", arena_printf(rq->arena, "/v1/%s/%s", hold ? "holds" : "bookings", text));
    return plan_answer(rq, &entity_booking, id);
}
