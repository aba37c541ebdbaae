/*
 * Logging: one JSON object a line on stderr, whatever the input (every byte below U+0020 and invalid UTF-8 is
 * escaped). No personal data and no secrets go into a log line. A line is written with one write(2).
 */
#ifndef NEXUS_BASE_LOG_H
#define NEXUS_BASE_LOG_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct log_field { /* key and value of one member; value is text, number or absent */
    const char *key;
    struct str text; /* used when text.p is not NULL */
    int64_t number;
};
#define LOG_TEXT(k, z) ((struct log_field){ (k), str_from(z), 0 })
#define LOG_STR(k, s)  ((struct log_field){ (k), (s), 0 })
#define LOG_NUM(k, v)  ((struct log_field){ (k), STR_NONE, (int64_t)(v) })

/* The names options use: error, warn, info, debug. */
bool log_level_parse(struct str name, enum log_level *out);

/* `program` is put in every line; literal. Level comes from options. */
void log_init(const char *program, enum log_level level);
/* {"time":"2026-01-02T03:04:05.678901Z","level":"info","program":..,"pid":..,"message":..,<fields>} */
void log_write(enum log_level level, const char *message, const struct log_field *fields, size_t count);
#define LOG(level, message, ...)                                                                             \
    log_write((level), (message), (const struct log_field[]){ __VA_ARGS__ },                                 \
              sizeof((const struct log_field[]){ __VA_ARGS__ }) / sizeof(struct log_field))
void log_msg(enum log_level level, const char *message);

#endif
