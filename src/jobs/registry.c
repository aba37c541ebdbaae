/* The list of jobs. */
#include "jobs/internal.h"

#include "db/queries.h"
#include "json/write.h"

#include <stdlib.h>

#define KINDS_MAX 65536

const char *const job_queue_names[] = { "normal", "urgent", "bulk", NULL };

#define JOB(id) extern const struct job job_##id;
#include "jobs/jobs.def"
#undef JOB

const struct job *const job_registry[] = {
#define JOB(id) &job_##id,
#include "jobs/jobs.def"
#undef JOB
    NULL,
};
_Static_assert(sizeof(job_registry) / sizeof(job_registry[0]) <= JOBS_MAX, "room for all jobs");

size_t job_count(void)
{
    return sizeof(job_registry) / sizeof(job_registry[0]) - 1;
}

const struct job *job_find(struct str name)
{
    for (size_t i = 0; job_registry[i]; i++) {
        if (str_eqz(name, job_registry[i]->name)) {
            return job_registry[i];
        }
    }
    return NULL;
}

struct str job_kinds(struct arena *a)
{
    struct buf text;
    buf_init(&text, KINDS_MAX);
    struct json_writer w = json_write_start(&text);
    json_write_array(&w);
    for (size_t i = 0; job_registry[i]; i++) {
        json_write_object(&w);
        JSON_MEMBER(&w, "name", strz, job_registry[i]->name);
        JSON_MEMBER(&w, "ordered", bool, job_registry[i]->ordered);
        JSON_MEMBER(&w, "single", bool, job_registry[i]->unique);
        JSON_MEMBER(&w, "queue", strz, job_queue_names[job_registry[i]->queue]);
        JSON_MEMBER(&w, "doc", strz, job_registry[i]->doc);
        JSON_MEMBER(&w, "lease", int, job_lease_us(job_registry[i]) / 1000000);
        json_write_object_end(&w);
    }
    json_write_array_end(&w);
    if (text.overflow) {
        abort();
    }
    struct str kinds = arena_str(a, buf_str(&text));
    buf_free(&text);
    return kinds;
}

void job_add(struct request *rq, struct db_batch *b, const struct job *job, struct str key,
             struct str payload, int64_t delay_us)
{
    (void)DB_ADD(b, &q_job_add, db_text(str_from(job->name)), db_text(key.p ? key : STR("")),
                 db_text(payload), db_int8(rq->arena, delay_us), db_int4(rq->arena, job_version(job)));
}

int job_version(const struct job *job)
{
    return job->version > 0 ? job->version : 1;
}

int64_t job_timeout_us(const struct job *job)
{
    return job->timeout_us > 0 ? job->timeout_us : JOB_TIMEOUT_US;
}

int64_t job_lease_us(const struct job *job)
{
    return job_timeout_us(job) + JOB_LEASE_US;
}

int64_t job_pause_us(const struct job *job, int attempts, uint8_t random)
{
    int64_t pause = job->retry.first_us > 0 ? job->retry.first_us : JOB_FIRST_US;
    int64_t longest = job->retry.longest_us > 0 ? job->retry.longest_us : JOB_LONGEST_US;
    for (int i = 1; i < attempts && pause < longest; i++) {
        pause *= 2;
    }
    pause = pause < longest ? pause : longest;
    return pause / 2 + pause / 2 * random / 255;
}
