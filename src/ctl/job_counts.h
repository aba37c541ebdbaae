/* What nexus-jobs of this host has counted since it was started, read from its metrics. */
#ifndef NEXUS_CTL_JOB_COUNTS_H
#define NEXUS_CTL_JOB_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

#define JOB_COUNTS_MAX 128

struct job_counts {
    int64_t at_us; /* monotonic; 0: nothing could be read */
    int count;
    struct job_count {
        char name[64];
        int64_t done, failed; /* attempts */
    } jobs[JOB_COUNTS_MAX];
};

/* `address` is option jobs_metrics_listen. False, and nothing in `out`, when nobody answers there. */
bool job_counts_read(const char *address, struct job_counts *out);
/* Of a job; zeros when it is not counted. */
struct job_count job_counts_of(const struct job_counts *c, const char *name);

#endif
