/* What requests have not got done with payment providers, and what nothing was heard of. */
#include "db/queries.h"
#include "http/idempotency.h"
#include "jobs/jobs.h"
#include "payment/payment_run.h"

#define SECOND_US  INT64_C(1000000)
#define PIECE      20
#define SILENCE_US (600 * SECOND_US) /* of a provider about a payment, before it is asked */

static enum err calls(struct request *rq, struct job_run *run)
{
    int made;
    enum err e = payment_run_calls(rq, NULL, PIECE, &made);
    run->done = made;
    return e;
}

const struct job job_payment_calls = {
    .name = "payment-calls",
    .doc = "Makes calls to payment providers that wait, and again those whose answer was lost.",
    .timeout_us = 600 * SECOND_US,
    .calls = true,
    .unique = true,
    .exec = calls
};

static enum err events(struct request *rq, struct job_run *run)
{
    int handled;
    enum err e = payment_run_events(rq, STR_NONE, STR_NONE, PIECE, &handled);
    run->done = handled;
    return e;
}

const struct job job_payment_events = {
    .name = "payment-events",
    .doc = "Handles events of payment providers that came too early, or that a crash has left.",
    .unique = true,
    .exec = events
};

/* The calls it writes down are made by payment-calls; it finds them once, so it is not called again at once.
 */
static enum err reconcile(struct request *rq, struct job_run *run)
{
    int64_t asked;
    enum err e = payment_reconcile(rq, SILENCE_US, &asked);
    run->done = 0;
    return e;
}

const struct job job_payment_reconcile = {
    .name = "payment-reconcile",
    .doc = "Has payments and refunds looked at that nothing was heard of for ten minutes.",
    .unique = true,
    .exec = reconcile
};

static enum err schedule(struct request *rq, struct job_run *run)
{
    bool replayed;
    struct db_batch *b = write_batch(rq);
    int balances = DB_ADD(b, &q_payment_balances_due, db_int8(rq->arena, PIECE));
    int securities = DB_ADD(b, &q_payment_securities_over, db_int8(rq->arena, PIECE),
                            db_int8(rq->arena, rq->options->security_release));
    enum err e = write_run(rq, b, &replayed);
    if (!e) {
        run->done = db_get_int8(db_result(b, balances), 0, 0) + db_get_int8(db_result(b, securities), 0, 0);
    }
    return e;
}

const struct job job_payment_schedule = {
    .name = "payment-schedule",
    .doc = "Charges balances whose day has come, and releases security holds after the stay.",
    .unique = true,
    .exec = schedule
};
