/*
 * Formats of strings: what a field's `format` may name. The table also says how OpenAPI shows each. Every
 * check is pure and takes text without control characters; lengths are the field's own business save where a
 * standard has one.
 */
#ifndef NEXUS_JSON_FORMAT_H
#define NEXUS_JSON_FORMAT_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct format {
    const char *name;
    bool (*check)(struct str s);
    const char *detail;  /* "must be ..." */
    const char *openapi; /* `format` in OpenAPI, or NULL */
    const char *pattern; /* regular expression (ECMA 262) that every accepted text matches, or NULL */
    const char *example; /* an accepted text */
};

extern const struct format format_table[];
extern const size_t format_count;

/* NULL when there is no such format. */
const struct format *format_find(const char *name);

/* Decimal places of an ISO 4217 currency (0, 2 or 3), -1 for what is not a currency in use. */
int currency_exponent(struct str code);

/* A zone or link of the IANA time zone database as installed; read once per process. */
bool timezone_exists(struct str name);

#endif
