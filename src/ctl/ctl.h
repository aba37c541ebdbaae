/*
 * nexusctl: one entry per command, found by name. An entry is the contract of its command: what it takes is
 * parsed and what it says of itself is printed from here, and the manual and the shell completion are made
 * from it.
 *
 * Data goes to stdout, everything else to stderr. Nothing asks for input unless stdin is a terminal.
 */
#ifndef NEXUS_CTL_CTL_H
#define NEXUS_CTL_CTL_H

#include "base/options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Exit statuses, documented in nexusctl(1). */
enum ctl_exit {
    CTL_OK = 0,
    CTL_FAILED = 1,
    CTL_USAGE = 2,        /* the command line cannot be understood */
    CTL_PROBLEMS = 3,     /* a check found problems */
    CTL_NOT_FOUND = 4,    /* what was named does not exist */
    CTL_UNAVAILABLE = 69, /* a server cannot be reached */
    CTL_TRY_AGAIN = 75,   /* a lock, a dead-lock or a lost connection: the same command may succeed later */
    CTL_PERMISSION = 77,  /* the database or the system refuses this role or user */
};

struct ctl_option {
    const char *name;  /* without the dashes */
    const char *value; /* what stands for the value in the help; NULL for a switch */
    const char *doc;
};

struct ctl;

struct ctl_command {
    const char *name; /* one or two words */
    const char *args; /* positional arguments in the synopsis, or "" */
    const char *example;
    const char *summary;              /* a line without a full stop, for lists */
    const char *doc;                  /* what it does, one paragraph */
    const struct ctl_option *options; /* ends with a NULL name; NULL when there are none */
    int min_args, max_args;           /* positional arguments */
    enum ctl_exit (*run)(struct ctl *ctl);
};

extern const struct ctl_command *const ctl_commands[]; /* by name; ends with NULL */

/* Every command has these beside its own. */
extern const struct ctl_option ctl_global_options[];

/* What the command line says. */
const char *ctl_value(const struct ctl *ctl, const char *option); /* NULL when not given */
const char *ctl_value_at(const struct ctl *ctl, const char *option,
                         int index); /* the index-th time it is given */
bool ctl_given(const struct ctl *ctl, const char *option);
const char *ctl_arg(const struct ctl *ctl, int index); /* NULL when there are fewer */
bool ctl_json(const struct ctl *ctl);
/*
 * A whole number from an option: `fallback` when it was not given. Prints what is wrong and returns false
 * when it is no number within min..max.
 */
bool ctl_number(const struct ctl *ctl, const char *option, long fallback, long min, long max, long *out);

/* The configuration file in use, and the settings, loaded on first use. NULL after the reason has been
 * printed. */
const char *ctl_config_file(const struct ctl *ctl);
const struct options *ctl_options(struct ctl *ctl);

/* "nexusctl: ..." and a newline on stderr. */
void ctl_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same for a failure; returns `exit`, so that callers write return ctl_fail(...). */
enum ctl_exit ctl_fail(enum ctl_exit exit, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Replace control characters (C0, DEL, C1) by question marks, in place: what comes from users or files must
 * not steer the terminal it is shown on.
 */
void ctl_clean(char *text);

/* Filled by args.c; commands use the functions above. */
#define CTL_GIVEN_MAX 64
struct ctl {
    const struct ctl_command *command;
    struct {
        const struct ctl_option *option;
        const char *value;
    } given[CTL_GIVEN_MAX];
    int given_count;
    const char *args[CTL_GIVEN_MAX];
    int arg_count;
    struct options *options;
};

/* Parse argv into *ctl. CTL_OK, or CTL_USAGE after the reason has been printed; ctl->command may stay NULL
 * with CTL_OK when only --help or --version was asked for. */
enum ctl_exit ctl_parse(struct ctl *ctl, int argc, char **argv);

/* Help: of everything, of the commands that start with `word`, of one command. */
void ctl_help_all(FILE *out);
void ctl_help_group(FILE *out, const char *word);
void ctl_help_command(FILE *out, const struct ctl_command *command);

#endif
