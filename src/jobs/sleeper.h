/*
 * How a process waits for rows. While there is work it looks again at once or after a nap; only when there
 * has been none for a while it sleeps until it is told. Being told makes writers' commits go one after the
 * other, so it is not for times when rows come all the time.
 */
#ifndef NEXUS_JOBS_SLEEPER_H
#define NEXUS_JOBS_SLEEPER_H

#include "jobs/runner.h"

#define SLEEPER_AWAY_US 250000 /* before PostgreSQL is asked again */

struct sleeper {
    const struct job_process *p;
    int64_t worked_us; /* when there was work last */
    unsigned session;  /* that `bell` belongs to */
    bool bell;         /* this one is told; the others wake with it */
};

/* Wait so long, or until told or signalled. */
void sleeper_await(struct sleeper *s, int64_t us);
/* One statement without parameters; its result in the process's arena, or NULL. */
const PGresult *sleeper_ask(struct sleeper *s, const struct db_statement *statement);
/* There is work: somebody else may sleep now. */
void sleeper_wake(struct sleeper *s);
/* There was none: nap, or make ready to sleep. True when the caller has to look once more and then call
 * sleeper_sleep. */
bool sleeper_tired(struct sleeper *s);
void sleeper_sleep(struct sleeper *s);

#endif
