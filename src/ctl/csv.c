/* A state machine over bytes; one record at a time in one buffer. */
#include "ctl/csv.h"

#include "base/buf.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <zlib.h>

#define CHUNK 65536

enum place { FIELD_START, IN_PLAIN, IN_QUOTED, AFTER_QUOTE };

struct csv {
    gzFile in;
    int64_t size;
    char chunk[CHUNK];
    size_t used, have;
    bool ended, lost, lone_return;

    struct buf record;
    size_t starts[CSV_FIELDS_MAX + 1]; /* of each field in the record, and where the last one ends */
    int count;
    enum place place;
    int64_t line, next_line;
    char why[CSV_WHY_SIZE];
};

struct csv *csv_open(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        return NULL;
    }
    if (!S_ISREG(st.st_mode)) {
        errno = EINVAL;
        return NULL;
    }
    struct csv *csv = calloc(1, sizeof(*csv));
    gzFile in = gzopen(path, "rbe");
    if (!csv || !in) {
        free(csv);
        if (in) {
            gzclose(in);
        }
        return NULL;
    }
    csv->in = in;
    csv->size = st.st_size;
    csv->next_line = 1;
    buf_init(&csv->record, CSV_RECORD_MAX);
    return csv;
}

void csv_close(struct csv *csv)
{
    if (csv) {
        gzclose(csv->in);
        buf_free(&csv->record);
        free(csv);
    }
}

static bool refill(struct csv *csv)
{
    int n = gzread(csv->in, csv->chunk, CHUNK);
    int status;
    const char *why = gzerror(csv->in, &status);
    csv->used = 0;
    csv->have = n > 0 ? (size_t)n : 0;
    csv->ended = n <= 0;
    /* A stream that stops in the middle reads as an end with Z_BUF_ERROR. */
    if (n < 0 || (n == 0 && status != Z_OK && status != Z_STREAM_END)) {
        csv->lost = true;
        snprintf(csv->why, sizeof(csv->why), "%s",
                 status == Z_BUF_ERROR ? "the compressed data is cut off" : why);
    }
    return n > 0;
}

/* The next byte, or -1 at the end. */
static int peek(struct csv *csv)
{
    return csv->used < csv->have || (!csv->ended && refill(csv)) ? (unsigned char)csv->chunk[csv->used] : -1;
}

static void skip(struct csv *csv)
{
    csv->next_line += csv->chunk[csv->used++] == '\n';
}

static void skip_mark(struct csv *csv)
{
    if (peek(csv) == 0xef && csv->have >= 3 && memcmp(csv->chunk, "\xef\xbb\xbf", 3) == 0) {
        csv->used = 3;
    }
}

static bool start_field(struct csv *csv)
{
    if (csv->count == CSV_FIELDS_MAX) {
        snprintf(csv->why, sizeof(csv->why), "more than %d fields", CSV_FIELDS_MAX);
        return false;
    }
    csv->starts[csv->count++] = csv->record.n;
    csv->place = FIELD_START;
    return true;
}

static bool refuse(struct csv *csv, const char *why)
{
    snprintf(csv->why, sizeof(csv->why), "field %d: %s", csv->count, why);
    return false;
}

static bool take_quote(struct csv *csv)
{
    switch (csv->place) {
    case FIELD_START:
        csv->place = IN_QUOTED;
        return true;
    case IN_QUOTED:
        csv->place = AFTER_QUOTE;
        return true;
    case AFTER_QUOTE: /* doubled: one quote of the text */
        buf_addc(&csv->record, '"');
        csv->place = IN_QUOTED;
        return true;
    default:
        return refuse(csv, "a quote inside a field that does not start with one");
    }
}

/* One byte of a record. False with `why` when the record is bad. */
static bool take(struct csv *csv, char c)
{
    if (c == '"') {
        return take_quote(csv);
    }
    if (c == '\0') {
        return refuse(csv, "a NUL byte");
    }
    if (csv->place == AFTER_QUOTE && c != ',') {
        return refuse(csv, "text after the closing quote");
    }
    if (c == ',' && csv->place != IN_QUOTED) {
        return start_field(csv);
    }
    if (csv->place == FIELD_START) {
        csv->place = IN_PLAIN;
    }
    buf_addc(&csv->record, c);
    return true;
}

/*
 * Is this the end of a line outside quotes? Takes it when it is. A carriage return counts as part of the end
 * when a line feed follows, else as text.
 */
static bool at_line_end(struct csv *csv, int c)
{
    if (csv->place == IN_QUOTED || (c != '\n' && c != '\r')) {
        return false;
    }
    skip(csv);
    if (c == '\n') {
        return true;
    }
    if (peek(csv) == '\n') {
        skip(csv);
        return true;
    }
    csv->lone_return = true;
    return false;
}

static void skip_line(struct csv *csv)
{
    int c;
    while ((c = peek(csv)) >= 0) {
        skip(csv);
        if (c == '\n') {
            return;
        }
    }
}

/* Reads to the end of the record. */
static bool read_record(struct csv *csv)
{
    int c;
    while ((c = peek(csv)) >= 0) {
        if (at_line_end(csv, c)) {
            return true;
        }
        if (csv->lone_return) {
            csv->lone_return = false; /* taken already */
        } else {
            skip(csv);
        }
        if (!take(csv, (char)c)) {
            if (c != '\n') {
                skip_line(csv);
            }
            return false;
        }
        if (csv->record.overflow) {
            skip_line(csv);
            return refuse(csv, "the record is larger than 1 MiB; is a closing quote missing?");
        }
    }
    return csv->place != IN_QUOTED || csv->lost || refuse(csv, "the closing quote is missing");
}

static bool check_text(struct csv *csv)
{
    for (int i = 0; i < csv->count; i++) {
        if (!utf8_valid(csv_field(csv, i))) {
            snprintf(csv->why, sizeof(csv->why), "field %d: not UTF-8", i + 1);
            return false;
        }
    }
    return true;
}

static void start_record(struct csv *csv)
{
    buf_reset(&csv->record);
    csv->record.overflow = false;
    csv->count = 0;
    csv->line = csv->next_line;
    start_field(csv);
}

static bool blank(const struct csv *csv)
{
    return csv->count == 1 && csv->record.n == 0 && csv->place == FIELD_START;
}

enum csv_state csv_next(struct csv *csv)
{
    if (csv->next_line == 1 && csv->have == 0) {
        skip_mark(csv);
    }
    do {
        if (peek(csv) < 0) {
            return csv->lost ? CSV_LOST : CSV_END;
        }
        start_record(csv);
        if (!read_record(csv)) {
            return CSV_BAD;
        }
    } while (blank(csv));
    if (csv->lost) {
        return CSV_LOST; /* what came before the damage may be half a record */
    }
    csv->starts[csv->count] = csv->record.n;
    return check_text(csv) ? CSV_ROW : CSV_BAD;
}

int csv_count(const struct csv *csv)
{
    return csv->count;
}

struct str csv_field(const struct csv *csv, int index)
{
    if (index < 0 || index >= csv->count || !csv->record.p) {
        return STR("");
    }
    return (struct str){ csv->record.p + csv->starts[index], csv->starts[index + 1] - csv->starts[index] };
}

int64_t csv_line(const struct csv *csv)
{
    return csv->line;
}

const char *csv_why(const struct csv *csv)
{
    return csv->why;
}

int64_t csv_offset(const struct csv *csv)
{
    return gzoffset(csv->in);
}

int64_t csv_size(const struct csv *csv)
{
    return csv->size;
}
