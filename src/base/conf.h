/*
 * The form of configuration files: `name = value` a line, # starts a comment, blank lines are fine, values
 * may be "quoted". What names there are is the reader's business.
 */
#ifndef NEXUS_BASE_CONF_H
#define NEXUS_BASE_CONF_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdio.h>

struct conf_line {
    struct str name;
    struct str raw;    /* what follows the =, as written: conf_value */
    const char *where; /* "FILE:LINE" */
    unsigned number;
};

/* Takes one line; false with a sentence in error[] ends the reading. */
typedef bool conf_take(void *data, const struct conf_line *line, char *error, size_t error_size);

/* Read the whole file, of at most 1 MiB. False with one line in error[]. Texts are valid during the call
 * only. */
bool conf_read(FILE *in, const char *file, conf_take *take, void *data, char *error, size_t error_size);

/* Without comment and quotes, in the arena. NULL, or what is wrong with it. */
const char *conf_value(struct arena *a, struct str raw, struct str *out);

#endif
