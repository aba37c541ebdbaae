/* The option table as data, shared by what loads, documents and checks options. Internal to base. */
#ifndef NEXUS_BASE_OPTIONS_TABLE_H
#define NEXUS_BASE_OPTIONS_TABLE_H

#include "base/arena.h"
#include "base/options.h"
#include "base/str.h"

enum option_type {
    OPTION_TYPE_SECTION, /* not an option: `doc` is the title of those that follow */
    OPTION_TYPE_TEXT,
    OPTION_TYPE_PATH,
    OPTION_TYPE_SECRET_FILE,
    OPTION_TYPE_INT,
    OPTION_TYPE_BOOL,
    OPTION_TYPE_SIZE,
    OPTION_TYPE_TIME,
    OPTION_TYPE_RATE,
    OPTION_TYPE_RATES,
    OPTION_TYPE_MODE,
    OPTION_TYPE_SHIFT,
    OPTION_TYPE_LIST,
};

enum option_reload { OPTION_RELOAD, OPTION_RESTART };

struct option_row {
    enum option_type type;
    enum option_reload reload;
    const char *name;
    const char *value; /* default, as it would be written in the file */
    int64_t min, max;
    const char *doc;
    size_t offset; /* of the value within struct options, or the struct of another table */
};

/* In the order of options.def, sections included. */
extern const struct option_row option_rows[];
extern const size_t option_row_count;

/* NULL when there is no such option. */
const struct option_row *option_row_find(struct str name);
/* Index of a row, for arrays kept beside the table. */
size_t option_row_index(const struct option_row *row);

#define OPTION_WHY_SIZE 256

/*
 * Check `text` against the row and put its value into the struct its offset belongs to; texts are copied into
 * `a`. On failure why[] says what would be accepted and the struct is unchanged.
 */
bool option_value_parse(const struct option_row *row, struct str text, void *into, struct arena *a,
                        char why[OPTION_WHY_SIZE]);

/* "time, 100ms to 10m": what a row accepts, for people. */
void option_describe(const struct option_row *row, char *out, size_t out_size);

/* Its part of a manual page, roff. */
void option_write_man(FILE *out, const struct option_row *row);

/* Text as given and where it came from; only for options that options_load returned. */
const char *option_text(const struct options *o, const struct option_row *row);
const char *option_origin(const struct options *o, const struct option_row *row);

#endif
