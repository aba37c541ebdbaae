/* nexus-jobs: a supervisor and its children, each with connections of its own. */
#ifndef NEXUS_JOBS_SUPERVISOR_H
#define NEXUS_JOBS_SUPERVISOR_H

#include "base/options.h"

/*
 * Runs until SIGTERM or SIGINT, then lets the children end what they are doing (drain_timeout). SIGHUP reads
 * `config` anew and replaces the children one after the other has drained; a configuration that cannot be
 * used changes nothing. Returns the exit status. Takes over `o`.
 */
int jobs_supervise(const char *config, struct options *o);
/* NULL when the process could start with these options, else why not. */
const char *jobs_possible(const struct options *o, char *error, size_t size);

#endif
