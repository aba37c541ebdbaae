/* JSON pointers (RFC 6901), put together only when something is wrong. */
#ifndef NEXUS_JSON_POINTER_H
#define NEXUS_JSON_POINTER_H

#include "base/arena.h"
#include "base/str.h"

#include <stdbool.h>

/* The way from the root to a value: one step per level, on the stack of whoever walks down. */
struct json_path {
    const struct json_path *up; /* NULL at the root, which has no step */
    struct str name;            /* member name, valid UTF-8; absent for a list item */
    size_t index;
};

#define JSON_PATH_ROOT          ((struct json_path){ NULL, STR_NONE, 0 })
#define JSON_PATH_MEMBER(up, n) ((struct json_path){ (up), (n), 0 })
#define JSON_PATH_ITEM(up, i)   ((struct json_path){ (up), STR_NONE, (i) })

#define JSON_POINTER_MAX        512 /* bytes; a longer one, possible only with odd member names, is cut */

/* "/a~1b/0"; "" for the root. */
const char *json_pointer(struct arena *a, const struct json_path *path);

#endif
