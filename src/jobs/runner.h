/* The processes of nexus-jobs, each until *stop is set; `open` is the signal mask while there is nothing to
 * do. */
#ifndef NEXUS_JOBS_RUNNER_H
#define NEXUS_JOBS_RUNNER_H

#include "jobs/board.h"
#include "mq/mq.h"

struct job_process {
    struct jobs *jobs;
    struct board *board;
    struct board_slot *slot;
    const volatile int *stop;
    const sigset_t *open;
    bool no_bulk; /* a runner that is kept free of what nobody hurries for */
};

void runner_run(const struct job_process *p);
void scheduler_run(const struct job_process *p);
void relay_run(const struct job_process *p);

#endif
