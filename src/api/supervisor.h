/*
 * The supervisor: one single-threaded process that owns the listening sockets, keeps the workers and the
 * metrics process alive, and never touches a request.
 *
 * SIGTERM, SIGINT   end: workers finish what they have, then this process exits 0; a second one kills them
 * SIGQUIT           end at once
 * SIGHUP            new generation: the program on disk checks the configuration (--check); if that succeeds
 * this process executes it, handing over sockets, scoreboard and children; once the new workers are ready the
 * old ones are drained. If it fails nothing changes. SIGUSR1           one log line about the state
 */
#ifndef NEXUS_API_SUPERVISOR_H
#define NEXUS_API_SUPERVISOR_H

#include "base/options.h"

struct supervisor_setup {
    const char *program;           /* absolute path to execute for a new generation */
    char **argv;                   /* its arguments, NULL-terminated */
    const char *config;            /* configuration file for --check; NULL = the default one */
    const struct options *options; /* borrowed */
};

/* Returns the exit status of the program: 0 after an orderly end, 1 when it could not start (said in the
 * log). */
int supervisor_run(const struct supervisor_setup *setup);

#endif
