/* The SQL calls of payments. */
#include "payment/payment.h"

#include "booking/booking.h"
#include "db/queries.h"
#include "http/etag.h"
#include "http/idempotency.h"

void payment_add_refund(struct request *rq, struct db_batch *b, const struct uuid *booking, int64_t amount,
                        const char *reason)
{
    (void)DB_ADD(b, &q_payment_refund, db_uuid(booking), db_null(DB_UUID), db_int8(rq->arena, amount),
                 db_text(str_from(reason)), db_bool(rq->arena, false));
}

void payment_add_close(struct request *rq, struct db_batch *b, const struct uuid *booking)
{
    (void)rq;
    (void)DB_ADD(b, &q_payment_close, db_uuid(booking));
}

void payment_add_instant(struct request *rq, struct db_batch *b, const struct uuid *booking)
{
    struct uuid *id = ARENA_NEW(rq->arena, struct uuid);
    *id = uuid_v7();
    if (merchants_find(rq->merchants, STR("offline"))) {
        (void)DB_ADD(b, &q_payment_instant, db_uuid(id), db_uuid(booking),
                     db_bool(rq->arena, rq->options->payment_offline_instant));
    }
    (void)DB_ADD(b, &q_payment_capture_held, db_uuid(booking));
}

void payment_add_call(struct request *rq, struct db_batch *b, const struct uuid *payment, const char *what,
                      int64_t amount, struct str detail)
{
    struct uuid *id = ARENA_NEW(rq->arena, struct uuid);
    *id = uuid_v7();
    (void)DB_ADD(b, &q_call_insert, db_uuid(id), db_uuid(payment), db_text(str_from(what)),
                 amount > 0 ? db_int8(rq->arena, amount) : db_null(DB_INT8), db_text(detail));
}

static struct db_param text_or_null(const char *text)
{
    return db_text(str_from(text));
}

int payment_add_record(struct request *rq, struct db_batch *b, const struct uuid *payment,
                       const struct payment_facts *f)
{
    int64_t when = f->said_us ? f->said_us : rq->now_us;
    int at = DB_ADD(b, &q_payment_record, db_uuid(payment), text_or_null(f->status),
                    db_int8(rq->arena, f->captured), db_text(f->ref), db_text(f->action), db_text(f->failure),
                    db_timestamptz(rq->arena, when));
    for (size_t i = 0; i < f->refund_count; i++) {
        const struct payment_refund_fact *r = &f->refunds[i];
        (void)DB_ADD(b, &q_refund_record, db_uuid(payment),
                     uuid_is_nil(&r->id) ? db_null(DB_UUID) : db_uuid(&r->id), db_text(r->ref),
                     db_int8(rq->arena, r->amount), text_or_null(r->status));
    }
    return at;
}

/* Why money that has come for a booking goes back; NULL: it is owed. */
static enum err judge(struct request *rq, const struct uuid *booking, int64_t amount, const char **reason)
{
    static const char *const reasons[] = { [BOOKING_PAID_TOO_LATE] = "the stay is no longer to be had",
                                           [BOOKING_PAID_TWICE] = "it was paid already" };
    enum booking_paid verdict;
    enum err e = booking_paid(rq, booking, amount, &verdict);
    *reason = !e && verdict >= BOOKING_PAID_TOO_LATE ? reasons[verdict] : NULL;
    return e;
}

enum err payment_settle(struct request *rq, const PGresult *recorded, const struct uuid *payment)
{
    int64_t grown = db_get_int8(recorded, 0, 0);
    struct uuid *booking = ARENA_NEW(rq->arena, struct uuid);
    struct str purpose = db_get_text(recorded, 0, 2);
    const char *reason = NULL;
    bool replayed;
    *booking = db_get_uuid(recorded, 0, 1);
    if (grown <= 0 || str_eqz(purpose, "security")) {
        return ERR_NONE;
    }
    enum err e = judge(rq, booking, grown, &reason);
    if (e || (!reason && !str_eqz(purpose, "deposit"))) {
        return e;
    }
    struct db_batch *b = write_batch(rq);
    if (reason) {
        (void)DB_ADD(b, &q_payment_refund, db_uuid(booking), db_uuid(payment), db_int8(rq->arena, grown),
                     db_text(str_from(reason)), db_bool(rq->arena, false));
    } else {
        (void)DB_ADD(b, &q_payment_balance, db_uuid(payment));
    }
    return write_run(rq, b, &replayed);
}

enum err payment_lock(struct request *rq, const struct uuid *id, struct payment_now *out, bool *replayed)
{
    struct db_batch *b = write_batch(rq);
    int at = DB_ADD(b, &q_payment_lock, db_uuid(id), db_uuid(&rq->principal.user),
                    db_text(str_from(perm_name(rq->op->perm))),
                    db_bool(rq->arena, perm_has(rq->principal.perms, PERM_PAYMENT_MANAGE)));
    enum err e = write_run(rq, b, replayed);
    if (e || *replayed) {
        return e;
    }
    const PGresult *r = db_result(b, at);
    if (PQntuples(r) == 0) {
        return fail(rq, ERR_NOT_FOUND, NULL, "There is no such payment.");
    }
    if (!if_match_allows(rq, db_get_int8(r, 0, 1))) {
        return fail(rq, ERR_PRECONDITION, NULL, "The payment was changed since; read it again.");
    }
    *out = (struct payment_now){ .status = db_get_text(r, 0, 0),
                                 .provider = db_get_text(r, 0, 2),
                                 .purpose = db_get_text(r, 0, 3),
                                 .amount = db_get_int8(r, 0, 4),
                                 .captured = db_get_int8(r, 0, 5),
                                 .given_back = db_get_int8(r, 0, 6),
                                 .booking = db_get_uuid(r, 0, 7),
                                 .currency = db_get_text(r, 0, 8),
                                 .host = db_get_bool(r, 0, 9),
                                 .asked = db_get_bool(r, 0, 10) };
    return ERR_NONE;
}
