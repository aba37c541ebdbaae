/*
 * Payments. A payment belongs to a booking (also one that is held or requested) and is made with a provider, a
 * const table of functions (payment/provider.h). What is asked of a provider is a row of provider_calls,
 * written in the transaction of what it is for and sent after its commit; what a provider says is merged by the
 * SQL functions payment_record and refund_record, which are the only places where payments.captured grows and a
 * refund becomes done. So whatever has to happen then (the ledger) can rely on two triggers: on payments after
 * insert or update of captured, on refunds after insert or update of status.
 *
 * Locks are taken in the order booking, payment, refund.
 */
#ifndef NEXUS_PAYMENT_PAYMENT_H
#define NEXUS_PAYMENT_PAYMENT_H

#include "http/op.h"
#include "query/entity.h"

extern const struct entity entity_payment, entity_refund;

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
 * The payment of a booking that is confirmed by the batch, with the provider offline: paid at once, or without
 * option payment_offline_instant to be recorded by hand. A booking that does not exist by then has no payment, so it may
 * stand behind a statement that may refuse; the short form writes the same row by a CTE of booking_create, which
 * costs a refused attempt nothing.
 */
void payment_add_instant(struct request *rq, struct db_batch *b, const struct uuid *booking);

#endif
