/*
 * Schedules: jobs that are due by the calendar. A schedule is a line of schedules.def: when (jobs/cron.h), in
 * which zone, which job, and what becomes of runs that nobody was there to start. When it is due a row of its
 * job is added, in the transaction that moves the schedule to its next time: no run is lost and none is
 * doubled, whoever is killed and however many want to lead.
 */
#ifndef NEXUS_JOBS_SCHEDULE_H
#define NEXUS_JOBS_SCHEDULE_H

#include "jobs/jobs.h"

enum catch_up {
    CATCH_UP_ONCE, /* one run for all that were missed */
    CATCH_UP_SKIP, /* none: the next one in its time. Up to a minute late is not missed */
    CATCH_UP_EACH  /* each of them, job_run.due_us tells which; at most 1,000 */
};
const char *catch_up_name(enum catch_up c); /* "once" */

struct schedule {
    const char *name; /* "booking-expire" */
    const char *cron;
    const char *zone; /* of the IANA database; "" is UTC */
    const struct job *job;
    enum catch_up catch_up;
};

/* Ends with a NULL name. */
extern const struct schedule schedule_registry[];
const struct schedule *schedule_find(struct str name);

#define SCHEDULE_RUNS_MAX 1000

struct schedule_due {
    int64_t next_us; /* when it is due then; 0: never */
    size_t count;
    int64_t runs_us[SCHEDULE_RUNS_MAX]; /* what to start now */
};
/* What a schedule that was due at `was_us` has to do now. Pure. */
void schedule_judge(const struct schedule *s, int64_t was_us, int64_t now_us, struct schedule_due *out);

/*
 * One look at all schedules, which also writes down those that are new. *next_us is how long until the next
 * is due.
 */
enum err schedules_tick(struct jobs *j, int64_t *wait_us) MUST_CHECK;

#endif
