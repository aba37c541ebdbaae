/*
 * The strict check of a JSON text before json-c reads it: json-c accepts more than RFC 8259 (comments, NaN,
 * single quotes, control characters, trailing text), keeps the last of duplicate members without a word and
 * replaces lone surrogates. After a successful scan none of that is in the text, and its depth and size are
 * within bounds.
 */
#ifndef NEXUS_JSON_SCAN_H
#define NEXUS_JSON_SCAN_H

#include "json/shape.h"

#define JSON_DEPTH_MAX  32    /* objects and arrays within each other */
#define JSON_VALUES_MAX 20000 /* values in one text: hostile bodies cost a bounded amount of memory */
#define JSON_NUMBER_MAX 1024  /* characters of one number */

/*
 * ERR_BAD_JSON with *why in the arena ("unexpected character at byte 17"), else ERR_NONE. Duplicate member
 * names are well-formed JSON: they are put into v, with pointers.
 */
enum err json_scan(struct str text, struct arena *a, struct violations *v, const char **why) MUST_CHECK;

/* Exactly one number as RFC 8259, section 6 has it. */
bool json_is_number(struct str s);

#endif
