/*
 * Payments. A payment belongs to a booking (also one that is held or requested) and is made with a provider,
 * a const table of functions (payment/provider.h). What is asked of a provider is a row of provider_calls,
 * written in the transaction of what it is for and sent after its commit; what a provider says is merged by
 * the SQL functions payment_record and refund_record, which are the only places where payments.captured grows
 * and a refund becomes done. So whatever has to happen then (the ledger) can rely on two triggers: on
 * payments after insert or update of captured, on refunds after insert or update of status.
 *
 * Locks are taken in the order booking, payment, refund.
 */
#ifndef NEXUS_PAYMENT_PAYMENT_H
#define NEXUS_PAYMENT_PAYMENT_H

#include "http/op.h"
#include "payment/provider.h"
#include "query/entity.h"

extern const struct entity entity_payment, entity_refund, entity_payment_terms;
extern const struct op op_payment_terms_read, op_payment_terms_replace, op_payment_create, op_payment_list,
    op_payment_read, op_payment_capture, op_payment_cancel, op_refund_create, op_refund_list, op_refund_read,
    op_webhook_stripe, op_webhook_chapa;

/*
 * Give back `amount` minor units of what was paid for the booking: pending until the provider has done it.
 * Spread over the captured payments, the latest first, and never more than they hold: of a booking that was
 * paid in part, less is given back. Security holds are not touched.
 */
void payment_add_refund(struct request *rq, struct db_batch *b, const struct uuid *booking, int64_t amount,
                        const char *reason);

/* Nothing more is to be paid (cancelled, declined, expired): open payments are given up, authorized ones
 * released. Money that comes all the same is judged by booking_paid. */
void payment_add_close(struct request *rq, struct db_batch *b, const struct uuid *booking);

/*
 * The payment of a booking that is confirmed by the batch, with the provider offline where that is switched
 * on: paid at once, or without option payment_offline_instant to be recorded by hand. What another provider
 * holds for it is captured instead. The short form writes the same row by booking_attempt(), which
 * costs a refused attempt nothing.
 */
void payment_add_instant(struct request *rq, struct db_batch *b, const struct uuid *booking);

/* ---- within src/payment ---- */

/* What a write must know of the payment it is about. */
struct payment_now {
    struct str status, provider, purpose, currency;
    struct uuid booking;
    int64_t amount, captured, given_back; /* given back, or about to be */
    bool host;                            /* the principal acts for the host, or may everywhere */
    bool asked;                           /* a capture or cancellation is under way */
};

/* Lock a payment that is the principal's business. The writes must be atomic. ERR_NOT_FOUND and
 * ERR_PRECONDITION are recorded. *replayed as in write_run. */
enum err payment_lock(struct request *rq, const struct uuid *id, struct payment_now *out,
                      bool *replayed) MUST_CHECK;

/* Add a call to what is asked of the provider. `detail` is JSON or absent. */
void payment_add_call(struct request *rq, struct db_batch *b, const struct uuid *payment, const char *what,
                      int64_t amount, struct str detail);

/* Add what is known of a payment. Returns the index of its result, for payment_settle. */
int payment_add_record(struct request *rq, struct db_batch *b, const struct uuid *payment,
                       const struct payment_facts *f);
/*
 * After the batch with payment_add_record, in its transaction: when money has come, have the booking say
 * whether it was owed (booking_paid), and give back what was not; after a deposit, write down the balance.
 */
enum err payment_settle(struct request *rq, const PGresult *recorded, const struct uuid *payment) MUST_CHECK;

/* Answer with the payment, read in the request's transaction. */
enum err payment_answer(struct request *rq, const struct uuid *id) MUST_CHECK;
/* Supply the computed field. */
struct selection;
void payment_select_action(struct request *rq, struct selection *sel);
enum err payment_read_prepare(struct request *rq, struct selection *sel);

/* What waits to be asked about this payment is asked once the request has committed; its answer is then the
 * payment as it is by then. `id` lives as long as the request. */
void payment_ask_afterwards(struct request *rq, const struct uuid *id);
/* The same without another answer: a refund is shown as it was made. */
void payment_ask_quietly(struct request *rq, const struct uuid *id);

/* Exec of both webhooks. */
enum err payment_webhook(struct request *rq, const struct payment_provider *p);

#endif
