/*
 * JSON written by others: read strictly (no duplicate members, bounded depth), members of exactly the type
 * expected. The object belongs to the arena.
 */
#ifndef NEXUS_JSON_DOCUMENT_H
#define NEXUS_JSON_DOCUMENT_H

#include "base/arena.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

/* NULL: not one JSON object. */
struct json_object *document_read(struct arena *a, struct str text);

/* Each is absent, false or NULL when the member is not there or is something else. Texts live with the object
 * and have no NUL inside; they are NUL-terminated. */
struct str document_text(struct json_object *o, const char *name);
bool document_seconds(struct json_object *o, const char *name, int64_t *out);
bool document_true(struct json_object *o, const char *name); /* the literal true */
bool document_has(struct json_object *o, const char *name);
struct json_object *document_list(struct json_object *o, const char *name); /* an array */
bool document_lists(struct json_object *list, const char *text);            /* the text is an item of it */

#endif
