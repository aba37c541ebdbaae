/* What Prometheus is told of jobs: what this host's processes have done, and how the queue is. */
#ifndef NEXUS_JOBS_METRICS_H
#define NEXUS_JOBS_METRICS_H

#include "jobs/board.h"

struct job_metrics {
    struct board *board;
    struct jobs *jobs;
};

/* scrape_write; ctx is a struct job_metrics. Without PostgreSQL what the queue is like is left out. */
void job_metrics_write(struct buf *out, void *ctx);

#endif
