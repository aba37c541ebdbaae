/*
 * From bytes to a plain struct, by a shape. The struct, its strings and lists live in the arena.
 * All violations are reported, not only the first.
 */
#ifndef NEXUS_JSON_DECODE_H
#define NEXUS_JSON_DECODE_H

#include "json/shape.h"

#define JSON_DEPTH_MAX 32

struct json_param { /* one path or query parameter, already percent-decoded and valid UTF-8 */
    struct str name;
    struct str value;
};

/*
 * Decode one request into *out (arena memory of shape->size, zeroed). `body` is STR_NONE when there is none; path
 * parameters and query parameters come in two arrays. Parameters the shape does not know are violations.
 * Returns ERR_NONE, ERR_BAD_JSON (detail in *why), ERR_BAD_PARAMETER when only parameters are at fault, else
 * ERR_VALIDATION; violations are in v.
 */
enum err shape_decode(const struct shape *shape, struct arena *arena, struct str body, const struct json_param *path,
                      size_t path_count, const struct json_param *query, size_t query_count, void **out,
                      struct violations *v, const char **why) MUST_CHECK;

#endif
