/* The SQL calls of payments. */
#include "payment/payment.h"

#include "db/queries.h"

void payment_add_refund(struct request *rq, struct db_batch *b, const struct uuid *booking, int64_t amount,
                        const char *reason)
{
    (void)DB_ADD(b, &q_payment_refund, db_uuid(booking), db_null(DB_UUID), db_int8(rq->arena, amount),
                 db_text(str_from(reason)));
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
    (void)DB_ADD(b, &q_payment_instant, db_uuid(id), db_uuid(booking),
                 db_bool(rq->arena, rq->options->payment_offline_instant));
}
