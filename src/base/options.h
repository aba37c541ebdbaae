/*
 * Settings. options.def is the one table: it makes struct options, the parser, conf/nexus.conf.sample,
 * nexus.conf(5) and what `nexusctl check` knows. Precedence: default < file < environment NEXUS_<NAME>.
 *
 * File syntax: `name = value` a line, # starts a comment, blank lines are fine, values may be "quoted".
 * An unknown or repeated key, a value of the wrong type or out of bounds refuses the whole file with one line
 * "FILE:LINE: reason" that names the nearest known key.
 */
#ifndef NEXUS_BASE_OPTIONS_H
#define NEXUS_BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct rate_limit {
    int64_t count; /* events allowed per period, which is also the burst; 0 = unlimited */
    int64_t period_us;
};

struct role_rate { /* what a role changes about the limit of a class of requests */
    const char *role, *rate_class;
    struct rate_limit limit;
};

/* C types behind the option types. Text is NUL-terminated and owned by struct options. */
typedef const char *option_TEXT;
typedef const char *option_PATH;
typedef const char *option_SECRET_FILE;
typedef const char *option_LIST; /* as written: comma-separated; option_list_next removes blanks */
typedef int64_t option_INT;
typedef bool option_BOOL;
typedef int64_t option_SIZE; /* bytes */
typedef int64_t option_TIME; /* microseconds */
typedef struct rate_limit option_RATE;
typedef const struct role_rate *option_RATES; /* ends with a NULL role */
typedef int64_t option_MODE;
typedef int64_t option_SHIFT; /* microseconds, signed */

struct options {
#define SECTION(title)
#define OPTION(type, name, def, min, max, reload, doc) option_##type name;
#include "base/options.def"
#undef SECTION
#undef OPTION
};

#define OPTIONS_DEFAULT_FILE NEXUS_SYSCONFDIR "/nexus.conf"

/*
 * Load defaults, then `file` (NULL: only defaults; a missing file is an error unless it is the default file),
 * then the environment. On failure returns NULL and puts one line without newline into error[]. Result is
 * owned by the caller: options_free.
 */
struct options *options_load(const char *file, char *error, size_t error_size);
void options_free(struct options *o);

/* Cores this process may use, and the number of workers the options come to on them. */
unsigned options_cores(void);
unsigned options_workers(const struct options *o);

/* Read a secret named by a SECRET_FILE option. Refuses files readable by others. Trailing newline removed.
 * The result is malloc'd and NUL-terminated; *size excludes the NUL. NULL with error[] on failure. */
char *options_secret(const char *path, size_t *size, char *error, size_t error_size);

/* conf/nexus.conf.sample, the man page's table (roff) and one "name\tvalue\torigin" line per option. */
void options_write_sample(FILE *out);
void options_write_man(FILE *out);
void options_write_effective(FILE *out, const struct options *o);

/* Iterate a LIST: *cursor starts as the option's text; false at the end. Item is copied into out. */
bool option_list_next(const char **cursor, char *out, size_t out_size);

#endif
