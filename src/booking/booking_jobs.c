/* What time does to bookings. */
#include "db/queries.h"
#include "http/idempotency.h"
#include "jobs/jobs.h"

#define BATCH 100

static enum err sweep(struct request *rq, const struct db_statement *statement, struct job_run *run)
{
    struct db_batch *b = write_batch(rq);
    int swept = DB_ADD(b, statement, db_int8(rq->arena, BATCH));
    bool replayed;
    enum err e = write_run(rq, b, &replayed);
    run->done = e ? 0 : db_get_int8(db_result(b, swept), 0, 0);
    return e;
}

static enum err expire(struct request *rq, struct job_run *run)
{
    return sweep(rq, &q_booking_expire, run);
}

static enum err complete(struct request *rq, struct job_run *run)
{
    return sweep(rq, &q_booking_complete, run);
}

static enum err change_expire(struct request *rq, struct job_run *run)
{
    return sweep(rq, &q_booking_change_expire, run);
}

const struct job job_booking_change_expire = {
    .name = "booking-change-expire",
    .doc = "Ends changes of bookings that are not answered in time.",
    .unique = true,
    .exec = change_expire,
};
const struct job job_booking_expire = {
    .name = "booking-expire",
    .doc = "Ends holds that are not paid and requests that are not answered in time; their nights are free "
           "again.",
    .unique = true,
    .exec = expire,
};
const struct job job_booking_complete = {
    .name = "booking-complete",
    .doc = "Ends stays that are over.",
    .unique = true,
    .exec = complete,
};
