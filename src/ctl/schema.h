/*
 * Migrations: files NNNNNNNNNNNNNN_name.sql (UTC timestamp), applied once and in order, never changed
 * afterwards. What was applied is in the table schema_migrations with the SHA-256 of the file.
 */
#ifndef NEXUS_CTL_SCHEMA_H
#define NEXUS_CTL_SCHEMA_H

#include "base/arena.h"
#include "base/str.h"
#include "ctl/pg.h"

#define SCHEMA_CHECKSUM_SIZE 65 /* SHA-256 in hexadecimal, and NUL */
#define SCHEMA_FILE_MAX      (16u * 1024 * 1024)

enum schema_state {
    SCHEMA_PENDING, /* in the folder, not in the database */
    SCHEMA_APPLIED,
    SCHEMA_CHANGED, /* applied, and the file was altered since */
    SCHEMA_MISSING, /* applied, and there is no such file: the database is newer than the program */
};
extern const char *const schema_state_names[];

struct schema_migration {
    const char *name; /* file name without .sql */
    const char *path; /* NULL when missing */
    struct str text;
    char checksum[SCHEMA_CHECKSUM_SIZE]; /* of the file, or of what was applied when the file is missing */
    const char *applied_at;              /* RFC 3339; NULL when pending */
    enum schema_state state;
};

struct schema {
    struct schema_migration *items; /* by name */
    size_t count;
    size_t counts[4]; /* per state */
};

/* Where the files are: `given`, else the environment's NEXUS_MIGRATIONS, else the installed folder. */
const char *schema_dir(const char *given);

/*
 * Read the folder and, when `c` is not NULL, what the database has. Memory in the arena. False after the
 * reason has been printed: unreadable folder, a file whose name is not of that form, two files with one
 * timestamp.
 */
bool schema_read(PGconn *c, const char *dir, struct arena *a, struct schema *out);

/* Nothing pending, changed or missing. */
bool schema_current(const struct schema *s);

/* Exactly 14 digits that are a UTC time, _, one or more of [a-z0-9_], .sql */
bool schema_name_valid(struct str file_name);
void schema_checksum(char out[SCHEMA_CHECKSUM_SIZE], struct str text);

#endif
