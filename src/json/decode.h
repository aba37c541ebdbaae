/*
 * From bytes to a plain struct, by a shape. The struct, its strings and lists live in the arena.
 * All violations are reported, not only the first.
 *
 * Codes of violations: required, null, type, min, max, length, blank, characters, format, enum, unknown,
 * duplicate; and whatever a shape's own check adds.
 *
 * JSON numbers: whole numbers also as 2.0 or 2e3 (RFC 8259 knows one kind of number), within plus and minus
 * 2^63 - 1. Strings: no control characters (RFC 8259 allows them escaped; no field of ours means anything by
 * them), lengths in Unicode scalar values.
 */
#ifndef NEXUS_JSON_DECODE_H
#define NEXUS_JSON_DECODE_H

#include "json/shape.h"

struct json_param { /* one path or query parameter, already percent-decoded and valid UTF-8 */
    struct str name;
    struct str value;
};

/*
 * Decode one request into *out (arena memory of shape->size, zeroed). `body` is STR_NONE when there is none;
 * path parameters and query parameters come in two arrays. Parameters the shape does not know are violations.
 * Returns ERR_NONE, ERR_BAD_JSON (detail in *why), ERR_BAD_PARAMETER when only parameters are at fault, else
 * ERR_VALIDATION; violations are appended to v, whose arena is set when it has none.
 */
enum err shape_decode(const struct shape *shape, struct arena *arena, struct str body,
                      const struct json_param *path, size_t path_count, const struct json_param *query,
                      size_t query_count, void **out, struct violations *v, const char **why) MUST_CHECK;

/*
 * The same for a form: what the shape has in the body comes as parameters
 * (application/x-www-form-urlencoded). ERR_NONE or ERR_BAD_PARAMETER.
 */
struct json_params {
    const struct json_param *list;
    size_t count;
};
enum err shape_decode_form(const struct shape *shape, struct arena *arena, struct json_params form,
                           struct json_params path, struct json_params query, void **out,
                           struct violations *v) MUST_CHECK;

/*
 * Is the table itself right? Names, bounds, formats, defaults, offsets and documentation are checked; NULL or
 * a sentence in the arena. For tests: every shape of the program must pass.
 */
const char *shape_lint(const struct shape *shape, struct arena *a);

#endif
