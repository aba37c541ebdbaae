/*
 * Jobs that do nothing but count: how the machine itself is tried out and measured. Each run leaves a row in
 * job_probes, which has no constraint that would hide a second one.
 */
#include "db/queries.h"
#include "http/idempotency.h"
#include "jobs/jobs.h"

#include <time.h>

struct probe_in {
    struct shape_seen seen;
    int64_t number, sleep_ms, fail;
};

static const struct shape_field fields[] = {
    { .name = "number",
      .type = SHAPE_INT,
      .offset = offsetof(struct probe_in, number),
      .min = 0,
      .max = INT64_C(9007199254740991),
      .flags = SHAPE_REQUIRED,
      .doc = "What is counted." },
    { .name = "sleep_ms",
      .type = SHAPE_INT,
      .offset = offsetof(struct probe_in, sleep_ms),
      .min = 0,
      .max = 60000,
      .doc = "How long it takes." },
    { .name = "fail",
      .type = SHAPE_INT,
      .offset = offsetof(struct probe_in, fail),
      .min = 0,
      .max = 100,
      .doc = "How many attempts fail." },
};

static const struct shape shape = { .name = "ProbeJob",
                                    .fields = fields,
                                    .count = SHAPE_COUNT(fields),
                                    .size = sizeof(struct probe_in),
                                    .doc = "What a probe does." };

static enum err probe(struct request *rq, struct job_run *run)
{
    const struct probe_in *in = run->in;
    struct timespec t = { .tv_sec = in->sleep_ms / 1000, .tv_nsec = in->sleep_ms % 1000 * 1000000 };
    while (in->sleep_ms > 0 && nanosleep(&t, &t) != 0) {
    }
    struct db_batch *b = write_batch(rq);
    (void)DB_ADD(b, &q_job_probe, db_uuid(&run->id), db_int8(rq->arena, in->number),
                 db_int4(rq->arena, run->attempt), db_text(run->key));
    bool replayed;
    enum err e = write_run(rq, b, &replayed);
    /* After its effect, so that a test sees that it is taken back. */
    return !e && run->attempt <= in->fail ? fail(rq, ERR_CONFLICT, NULL, "The probe was told to fail.") : e;
}

#define PROBE_RETRY                                                                                          \
    {                                                                                                        \
        .attempts = 5, .first_us = 30000000, .longest_us = 60000000                                          \
    }

const struct job job_probe = { .name = "probe",
                               .doc = "Counts that it has run, to try the machine out.",
                               .together = true,
                               .payload = &shape,
                               .retry = PROBE_RETRY,
                               .exec = probe };
const struct job job_probe_bulk = { .name = "probe-bulk",
                                    .doc = "A probe nobody hurries for.",
                                    .payload = &shape,
                                    .queue = JOBS_BULK,
                                    .retry = PROBE_RETRY,
                                    .exec = probe };
const struct job job_probe_calls = { .name = "probe-calls",
                                     .doc = "A probe that runs as if it talked to others.",
                                     .payload = &shape,
                                     .retry = PROBE_RETRY,
                                     .calls = true,
                                     .exec = probe };
const struct job job_probe_ordered = { .name = "probe-ordered",
                                       .doc = "A probe whose rows of one key run in their order.",
                                       .payload = &shape,
                                       .retry = PROBE_RETRY,
                                       .ordered = true,
                                       .exec = probe };
const struct job job_probe_unique = { .name = "probe-unique",
                                      .doc = "A probe of which one a key waits.",
                                      .payload = &shape,
                                      .queue = JOBS_URGENT,
                                      .retry = PROBE_RETRY,
                                      .unique = true,
                                      .exec = probe };
