/*
 * The command line of the services beside nexus-api: one configuration, one thing to do in the foreground.
 */
#ifndef NEXUS_BASE_PROGRAM_H
#define NEXUS_BASE_PROGRAM_H

#include "base/options.h"

#include <signal.h>

struct program {
    const char *name; /* "nexus-fetch" */
    const char *help;
    /* Why it could not run with these options, or NULL; the text may be in `error`. NULL: always possible. */
    const char *(*possible)(const struct options *o, char *error, size_t n);
    /* Until it is told to end; its exit status. Takes the options over. */
    int (*serve)(const char *config, struct options *o);
};

/* Reads argv and the options and serves, checks or helps; 2 for wrong usage. */
int program_main(const struct program *p, int argc, char **argv);

/*
 * For a loop that forks: TERM and INT set the flag that is given back, the end of a child interrupts, PIPE is
 * ignored; all but PIPE come only while *open is the signal mask.
 */
const volatile int *program_signals(sigset_t *open);

#endif
