/* What the files of src/jobs share. Nobody else includes this. */
#ifndef NEXUS_JOBS_INTERNAL_H
#define NEXUS_JOBS_INTERNAL_H

#include "jobs/jobs.h"

#define JOBS_MAX       128
#define JOB_ATTEMPTS   8
#define JOB_FIRST_US   INT64_C(5000000)
#define JOB_LONGEST_US INT64_C(600000000)
#define JOB_TIMEOUT_US INT64_C(60000000)
#define JOB_LEASE_US   INT64_C(30000000) /* beyond the timeout, before others may take a row */
#define JOBS_CLAIM_MAX 50

struct jobs {
    const struct options *options;
    struct db *db;
    struct cache *cache;
    struct arena *arena;  /* of one call of exec */
    struct arena *claims; /* of the rows taken */
    struct buf out;
    struct str secret; /* malloc'd */
    struct merchants *merchants;
    unsigned session; /* db_session, that `runner` belongs to */
    int32_t runner;   /* leased_by */
};

/* A row that was taken. Texts live in jobs.claims. */
struct job_row {
    const struct job *job;
    struct uuid id;
    struct str key, payload;
    int version, claims, attempts;
    int64_t due_us, leased_until_us;
    int64_t waited_us; /* since it was due */
};

/* Names, versions and leases of all jobs, those of urgent ones first. Within a queue each claim begins with
 * another job (`turn`), so that none is kept waiting by one that has always something to do. */
struct job_wanted {
    struct str names[JOBS_MAX];
    int32_t versions[JOBS_MAX], most[JOBS_MAX];
    int64_t leases[JOBS_MAX];
    size_t n;
};
void job_wanted_all(struct job_wanted *w, size_t most, bool bulk, size_t turn);
/* Row i of what jobs_claim and jobs_take answer with; its texts live with the result. */
void job_row_read(const PGresult *r, int i, struct job_row *row);

/* A number for this connection, by which others see that what it has taken is in living hands; with `listen`
 * also ears for the channel. Cheap when there is one. */
enum err job_session(struct jobs *j, bool listen) MUST_CHECK;
/* Take at most `most` rows that are due. The rows taken before are forgotten. */
enum err job_rows_claim(struct jobs *j, size_t most, bool bulk, struct job_row *rows, size_t *n) MUST_CHECK;
/* How long until another row is due, at most so long. */
int64_t job_rows_next(struct jobs *j, int64_t most_us);
/* Give a row back that was not run. */
void job_row_leave(struct jobs *j, const struct job_row *row);

/* How an attempt ended. */
enum job_outcome {
    JOB_DONE,
    JOB_LEFT, /* told to stop: the rest waits */
    JOB_RETRY,
    JOB_DEAD,
    JOB_LOST, /* somebody else has taken it meanwhile, or nothing can be said of it */
    JOB_OUTCOMES
};
enum job_outcome job_row_run(struct jobs *j, const struct job_row *row, const volatile int *stop);

/* Rows of one job that allows it, in one transaction. False when that failed: nothing of it has happened. */
bool job_rows_together(struct jobs *j, const struct job_row *rows, size_t n);

/* A request of nobody, on the reset arena. */
struct request *job_request(struct jobs *j, const struct op *op);
/* What exec has failed with; logged. */
void job_report(struct jobs *j, struct request *rq, const struct job *job, enum err e);

int job_version(const struct job *job);
int64_t job_timeout_us(const struct job *job);
/* For how long a row of it is taken at a time. */
int64_t job_lease_us(const struct job *job);
/* Until the next attempt, after so many. */
int64_t job_pause_us(const struct job *job, int attempts, uint8_t random);

#endif
