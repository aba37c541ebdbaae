/* What time does to money: a day after check-in it is the host's. */
#include "db/queries.h"
#include "http/idempotency.h"
#include "jobs/jobs.h"

#define BATCH 100

static enum err pay(struct request *rq, struct job_run *run)
{
    struct db_batch *b = write_batch(rq);
    int paid = DB_ADD(b, &q_payout_work, db_int8(rq->arena, BATCH));
    bool replayed;
    enum err e = write_run(rq, b, &replayed);
    run->done = e ? 0 : db_get_int8(db_result(b, paid), 0, 0);
    return e;
}

const struct job job_payout = {
    .name = "payout",
    .doc = "Pays hosts and co-hosts for stays that began a day ago and are paid for, one payout for each and "
           "currency.",
    .unique = true,
    .exec = pay,
};
