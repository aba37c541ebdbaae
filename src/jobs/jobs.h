/*
 * Jobs: what is done by time and not by a request of somebody. A job is one const entry, and a line in
 * jobs.def; the program nexus-jobs runs them, `nexusctl jobs run NAME` runs one once. To its code a run is a
 * request without a person: the same batches (http/idempotency.h), the same transactions, rolled back when it
 * fails.
 *
 * Jobs run anywhere and any number of times at once: each takes its work by "for update skip locked" or the
 * like.
 */
#ifndef NEXUS_JOBS_JOBS_H
#define NEXUS_JOBS_JOBS_H

#include "http/request.h"

struct job {
    const char *name; /* "booking-expire" */
    const char *doc;
    int64_t every_us; /* how long after one run the next is due */
    /*
     * One piece of the work, on an arena of its own. *done says how much there was: above zero it is called
     * again at once, so each call should take a bounded piece.
     */
    enum err (*exec)(struct request *rq, int64_t *done);
};

/* NULL-terminated. */
extern const struct job *const job_registry[];
/* NULL when there is none. */
const struct job *job_find(struct str name);

/* Connections and memory of a process that runs jobs. */
struct jobs;
/* Connects to nothing yet. `o` is borrowed. NULL with one line in error[]. */
struct jobs *jobs_create(const struct options *o, char *error, size_t error_size);
void jobs_free(struct jobs *j);

/*
 * Run a job until it finds nothing more to do, `stop` (may be NULL) is set, or a piece fails, which is
 * logged. *done is the sum.
 */
enum err job_run(struct jobs *j, const struct job *job, const volatile int *stop, int64_t *done) MUST_CHECK;

/*
 * Until *stop is set: run each job when it is due, or when somebody tells of it on the channel. `open` is the
 * signal mask while there is nothing to do.
 */
void jobs_loop(struct jobs *j, const volatile int *stop, const sigset_t *open);

/* Channel on which PostgreSQL tells nexus-jobs that a job has something to do: notify nexus_jobs, 'NAME'. */
#define JOBS_CHANNEL "nexus_jobs"

#endif
