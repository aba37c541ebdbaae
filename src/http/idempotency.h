/*
 * Idempotency-Key: one effect per key. The key's row is written in the same transaction as the op's effect, together with
 * the whole answer; a crash before commit leaves neither.
 *
 * An op flagged OP_IDEMPOTENT runs its statements through write_batch/write_run. With a key they cost two round trips
 * (BEGIN, claim, statements / store answer, COMMIT), without a key one.
 */
#ifndef NEXUS_HTTP_IDEMPOTENCY_H
#define NEXUS_HTTP_IDEMPOTENCY_H

#include "http/request.h"

/* A batch for the op's statements; with a key it begins with BEGIN and the claim. */
struct db_batch *write_batch(struct request *rq);
/*
 * Run it. When the key was used before: the stored answer is put into rq->res and ERR_NONE returned with *replayed true
 * (header Idempotency-Replayed: true), or ERR_IDEMPOTENCY_MISMATCH / ERR_IDEMPOTENCY_RUNNING. Else constraint
 * violations are recorded as failures.
 */
enum err write_run(struct request *rq, struct db_batch *b, bool *replayed) MUST_CHECK;
/* After the answer is in rq->res: store it under the key and commit. Must be called by the dispatcher, not by ops. On
 * failure of the op the dispatcher rolls back. */
enum err write_finish(struct request *rq) MUST_CHECK;

#endif
