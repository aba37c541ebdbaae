/*
 * Jobs: what is done by time or after a request, and not while somebody waits. A job is one const entry and a
 * line in jobs.def; the program nexus-jobs runs them. To its code a run is a request without a person: the
 * same batches (http/idempotency.h), the same transactions, rolled back when it fails.
 *
 * What is due by the calendar is a line in schedules.def (jobs/schedule.h). To have a job run add a row of it
 * in the transaction of what it is about (job_add; SQL: the function job_add). The row goes in the
 * transaction of the job's effect: it is run at least once, and what it does to the database is done once.
 * Whoever runs it may be killed at any moment.
 */
#ifndef NEXUS_JOBS_JOBS_H
#define NEXUS_JOBS_JOBS_H

#include "http/request.h"
#include "json/shape.h"

/* What is due is run urgent first. */
enum job_queue { JOBS_NORMAL, JOBS_URGENT, JOBS_BULK };
/* By the number; NULL-terminated. */
extern const char *const job_queue_names[];

/* Pauses between attempts: the first, doubled each time up to the longest, a random half left out. */
struct job_retry {
    int attempts;                 /* in all, before it is dead; 0: 8 */
    int64_t first_us, longest_us; /* 0: 5 s, 10 min */
};

struct job_run {
    const void *in; /* the decoded payload; NULL when the job has no shape */
    struct str key;
    struct uuid id; /* of the row, the same in every attempt; nil when it is run by hand */
    int attempt;    /* 1 the first time; 0 by hand */
    int version;    /* of the payload, at most the job's */
    int64_t due_us; /* business time for which it was asked */
    /* ---- filled by exec ---- */
    int64_t done;     /* above zero: there may be more, call again at once; what was done is committed */
    int64_t pause_us; /* with a failure: until the next attempt; 0: by the job's retry */
    bool give_up;     /* with a failure: another attempt is worth nothing */
};

struct job {
    const char *name; /* "booking-expire" */
    const char *doc;
    const struct shape *payload; /* NULL: none is looked at */
    int version;                 /* of the payload, the highest it understands; 0 means 1 */
    enum job_queue queue;
    struct job_retry retry;
    int64_t timeout_us; /* of one call of exec, after which its process is killed; 0: 60 s */
    bool ordered;       /* rows of one key run one after the other, as they were added */
    /* Cheap and of one kind: several rows may share a transaction, which after a failure is taken back and
     * each run by itself. No `calls`, no sweep, and nobody's access is changed. */
    bool together;
    bool unique; /* one waiting row a key: what is added meanwhile is the same row, with the later payload */
    /*
     * It talks to others. exec is called outside of any transaction, and not called again after a deadlock.
     * What it adds to write_batch is committed together with the end of its row; what it has to know before,
     * it reads by batches of its own (db_batch). At least once, then: others are told an id of ours.
     */
    bool calls;
    /*
     * On an arena of its own. A sweep takes a bounded piece of its work and says in run->done how much there
     * was. A failure is recorded by fail(); its sentence is kept with the row.
     */
    enum err (*exec)(struct request *rq, struct job_run *run);
};

/* NULL-terminated. */
extern const struct job *const job_registry[];
size_t job_count(void);
/* NULL when there is none. */
const struct job *job_find(struct str name);
/* All jobs as the function job_kinds_set wants them. In the arena. */
struct str job_kinds(struct arena *a);

/*
 * Add a row to the writer's batch (write_batch); it is run after `delay_us` of business time. The payload is
 * JSON text that fits the job's shape, absent for none; key may be absent. Texts must live until the batch
 * has run.
 */
void job_add(struct request *rq, struct db_batch *b, const struct job *job, struct str key,
             struct str payload, int64_t delay_us);

/* Connections and memory of a process that runs jobs. */
struct jobs;
/* Connects to nothing yet. `o` is borrowed. NULL with one line in error[]. */
struct jobs *jobs_create(const struct options *o, char *error, size_t error_size);
void jobs_free(struct jobs *j);

/*
 * By hand and without a row: run a job until it finds nothing more to do, `stop` (may be NULL) is set, or a
 * piece fails, which is logged. *done is the sum.
 */
enum err job_sweep(struct jobs *j, const struct job *job, const volatile int *stop, int64_t *done) MUST_CHECK;
/*
 * Run every row that is due, and what becomes due by it, until none is left, also none that others have
 * taken. *ran is how many attempts were made, *failed how many of them failed (and are tried again or dead).
 * ERR_UNAVAILABLE when PostgreSQL is away, or when others do not come to an end within `patience_us`.
 */
enum err jobs_drain(struct jobs *j, int64_t patience_us, int64_t *ran, int64_t *failed) MUST_CHECK;

/* What job_add has to know of all jobs; nexusctl migrate says it too. A failure is logged. */
void jobs_kinds_set(struct jobs *j);

/* Channel on which PostgreSQL tells nexus-jobs that there are rows. */
#define JOBS_CHANNEL "nexus_jobs"

#endif
