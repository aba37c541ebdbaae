/*
 * Writing, with or without an Idempotency-Key: one effect per key. The key's row is written in the same
 * transaction as the op's effect, together with the whole answer; a crash before the commit leaves neither.
 *
 * An op runs its statements in batches of write_batch. With a key they cost two round trips: BEGIN, claim,
 * statements; then store the answer, COMMIT. Without a key one: a batch is a transaction of its own. An op
 * that has to look at results before it goes on makes several batches; with a key they are one transaction,
 * and without one when the op has called write_atomic first.
 *
 *     struct db_batch *b = write_batch(rq);
 *     int made = DB_ADD(b, &q_booking_create, ...);
 *     bool replayed;
 *     enum err e = write_run(rq, b, &replayed);
 *     if (e || replayed) {
 *         return e;
 *     }
 *
 * An op that fails leaves nothing behind: its transaction is rolled back and nothing is stored under the key.
 * After a deadlock or serialization failure inside an explicit transaction the op is executed again from its
 * start, so it must not change rq->in.
 *
 * With Prefer: dry-run all batches are one transaction, whose constraints are checked and which is then
 * rolled back; the key is left alone.
 *
 * draft-ietf-httpapi-idempotency-key-header: another request under a used key is 422, a running one 409.
 */
#ifndef NEXUS_HTTP_IDEMPOTENCY_H
#define NEXUS_HTTP_IDEMPOTENCY_H

#include "http/request.h"

/* All batches of this op are one transaction, also without a key. Before the first write_batch. */
void write_atomic(struct request *rq);

/* A batch for the op's statements; the first one begins the transaction and claims the key when there is one.
 */
struct db_batch *write_batch(struct request *rq);
/*
 * Run it. When the key was used before for the same request: the stored answer is put into rq->res and
 * ERR_NONE returned with *replayed true (header Idempotency-Replayed: true); the op then returns at once.
 * Else ERR_IDEMPOTENCY_MISMATCH or ERR_IDEMPOTENCY_RUNNING, or what the violated constraint means; failures
 * are recorded in the request.
 */
enum err write_run(struct request *rq, struct db_batch *b, bool *replayed) MUST_CHECK;
/*
 * For ops whose checks cannot be repeated after their effect, such as a password that is replaced: with a key
 * begin the transaction and claim the key ahead of the checks. Answers like write_run; without a key there is
 * nothing to do.
 */
enum err write_claim(struct request *rq, bool *replayed) MUST_CHECK;

/* ---- called by the pipeline, not by ops ---- */

/* Format of the key (1 to 255 visible ASCII characters, or the same as a structured-field string),
 * fingerprint. */
enum err write_prepare(struct request *rq) MUST_CHECK;
/* The answer is in rq->res: store it under the key and commit. */
enum err write_finish(struct request *rq) MUST_CHECK;
/* The op has failed. */
void write_abandon(struct request *rq);

#endif
