/* What is done with events by time. */
#include "db/queries.h"
#include "event/event.h"
#include "http/idempotency.h"
#include "jobs/jobs.h"

#define PRUNE_MAX 5000

static enum err sweep(struct request *rq, struct db_batch *b, int counted, struct job_run *run)
{
    bool replayed;
    enum err e = write_run(rq, b, &replayed);
    run->done = e ? 0 : db_get_int8(db_result(b, counted), 0, 0);
    return e;
}

static enum err sequence(struct request *rq, struct job_run *run)
{
    struct db_batch *b = write_batch(rq);
    return sweep(rq, b, DB_ADD(b, &q_events_sequence, db_int8(rq->arena, EVENT_SEQUENCE_MAX)), run);
}

static enum err prune(struct request *rq, struct job_run *run)
{
    struct db_batch *b = write_batch(rq);
    return sweep(rq, b,
                 DB_ADD(b, &q_events_prune, db_int8(rq->arena, rq->options->events_kept),
                        db_int8(rq->arena, PRUNE_MAX)),
                 run);
}

const struct job job_event_sequence = {
    .name = "event-sequence",
    .doc = "Gives events their numbers, and has those who asked for them be told.",
    .queue = JOBS_URGENT,
    .unique = true,
    .exec = sequence,
};
const struct job job_event_prune = {
    .name = "event-prune",
    .doc = "Forgets events that are older than events_kept.",
    .queue = JOBS_BULK,
    .unique = true,
    .exec = prune,
};
