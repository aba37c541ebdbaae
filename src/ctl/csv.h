/*
 * Comma-separated values (RFC 4180), plain or gzip, read as a stream: quoted fields may hold commas, doubled
 * quotes and line breaks; lines end with LF or CRLF; a byte order mark at the start is skipped. The input is
 * not trusted: fields, records and their number are bounded, and every field is UTF-8 without NUL.
 */
#ifndef NEXUS_CTL_CSV_H
#define NEXUS_CTL_CSV_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

#define CSV_FIELDS_MAX 256
#define CSV_RECORD_MAX ((size_t)1024 * 1024) /* bytes of all fields of a record */
#define CSV_WHY_SIZE   128

enum csv_state {
    CSV_ROW, /* the fields are set */
    CSV_BAD, /* `why` says what is wrong with the record at `line`; reading goes on after its line */
    CSV_END,
    CSV_LOST, /* `why` says why nothing more can be read: damaged compression, a failing disk */
};

struct csv;

/* NULL when the file cannot be opened; errno says why. */
struct csv *csv_open(const char *path);
void csv_close(struct csv *csv);

/* Fields stay valid until the next call. Blank lines are skipped. */
enum csv_state csv_next(struct csv *csv);
int csv_count(const struct csv *csv);
struct str csv_field(const struct csv *csv, int index); /* empty beyond the last */
int64_t csv_line(const struct csv *csv);                /* where the record starts, from 1 */
const char *csv_why(const struct csv *csv);

/* How much of the file has been read, in bytes of the file, and its size. */
int64_t csv_offset(const struct csv *csv);
int64_t csv_size(const struct csv *csv);

#endif
