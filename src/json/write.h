/*
 * Streaming JSON: each call appends to a buffer, commas come by themselves. The result is well-formed
 * whatever the input: strings are escaped and invalid UTF-8 becomes U+FFFD, doubles are the shortest that
 * read back the same, what is not finite is null. Misuse (a value without a key, unbalanced ends, depth
 * beyond the bound) is a bug and aborts. Running over the buffer's ceiling sets out->overflow, which the
 * caller checks once at the end.
 */
#ifndef NEXUS_JSON_WRITE_H
#define NEXUS_JSON_WRITE_H

#include "base/buf.h"
#include "base/date.h"
#include "base/str.h"
#include "base/uuid.h"

#include <stdbool.h>
#include <stdint.h>

#define JSON_WRITE_DEPTH_MAX 63

struct json_writer {
    struct buf *out;
    unsigned depth;
    uint64_t is_object; /* bit d: the container at depth d is an object */
    uint64_t has_items; /* bit d: a comma goes before its next item */
    bool has_key;       /* a key waits for its value */
};

/* The buffer is borrowed and not reset: what is in it stays in front. */
struct json_writer json_write_start(struct buf *out);

void json_write_object(struct json_writer *w);
void json_write_object_end(struct json_writer *w);
void json_write_array(struct json_writer *w);
void json_write_array_end(struct json_writer *w);

void json_write_key(struct json_writer *w, struct str key);
/* A key made ready beforehand, colon included: "name": */
void json_write_key_ready(struct json_writer *w, struct str quoted);

void json_write_null(struct json_writer *w);
void json_write_bool(struct json_writer *w, bool v);
void json_write_int(struct json_writer *w, int64_t v);
void json_write_double(struct json_writer *w, double v);
/* An absent string (p is NULL) is null. */
void json_write_str(struct json_writer *w, struct str v);
void json_write_strz(struct json_writer *w, const char *v);
/* A string that is known to need no escape. */
void json_write_plain(struct json_writer *w, struct str v);
void json_write_uuid(struct json_writer *w, const struct uuid *v);
void json_write_date(struct json_writer *w, date_t v);
/* Microseconds since 1970 as RFC 3339 UTC. */
void json_write_time(struct json_writer *w, int64_t unix_us);
/* One value that is JSON already; it is not looked at. */
void json_write_raw(struct json_writer *w, struct str json);

/* All containers are closed and a value was written. */
bool json_write_is_complete(const struct json_writer *w);

/* key and value in one call, for literals: JSON_MEMBER(&w, "id", uuid, &id) */
#define JSON_MEMBER(w, key, kind, ...) (json_write_key((w), STR(key)), json_write_##kind((w), __VA_ARGS__))

/* A quoted and escaped string by itself, for code that puts JSON together without a writer. */
void json_quote(struct buf *out, struct str v);

#endif
