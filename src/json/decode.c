/*
 * Decoding: parameters, then the body (scanned strictly, parsed by json-c), then what was not given, then the
 * rules across fields. Each type has one way in from JSON and one from text; both meet in the same checks.
 */
#include "json/decode.h"

#include "base/near.h"
#include "json/decode_value.h"
#include "json/scan.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>

/* --- from text: parameters and defaults --- */

static void from_text_value(struct decoder *d, const struct slot *s, struct str text);

static void from_text_bool(struct decoder *d, const struct slot *s, struct str text)
{
    if (!str_eqz(text, "true") && !str_eqz(text, "false")) {
        decode_fault_type(d, s);
        return;
    }
    decode_set_bool(d, s, str_eqz(text, "true"));
}

static void from_text_int(struct decoder *d, const struct slot *s, struct str text)
{
    int64_t v;
    if (!str_int64(text, &v)) {
        decode_fault_type(d, s);
        return;
    }
    decode_set_int(d, s, v);
}

static void from_text_number(struct decoder *d, const struct slot *s, struct str text)
{
    if (!json_is_number(text)) {
        decode_fault_type(d, s);
        return;
    }
    decode_set_number(d, s, strtod(arena_strdup(d->arena, text), NULL));
}

static void from_text_object(struct decoder *d, const struct slot *s, struct str text)
{
    decode_fault_type(d, s);
}

/* Comma-separated; an empty text is an empty list. */
static void from_text_list(struct decoder *d, const struct slot *s, struct str text)
{
    size_t count = text.n > 0;
    for (size_t i = 0; i < text.n; i++) {
        count += text.p[i] == ',';
    }
    if (!decode_list_start(d, s, count)) {
        return;
    }
    struct str item;
    for (size_t i = 0; i < count && str_split(&text, ',', &item); i++) {
        struct json_path path = JSON_PATH_ITEM(s->path, i);
        struct slot to = decode_list_slot(s, &path, i);
        from_text_value(d, &to, item);
    }
}

static void from_text_value(struct decoder *d, const struct slot *s, struct str text)
{
    static void (*const ways[])(struct decoder *, const struct slot *, struct str) = {
        [SHAPE_BOOL] = from_text_bool,     [SHAPE_INT] = from_text_int,
        [SHAPE_NUMBER] = from_text_number, [SHAPE_STRING] = decode_set_string,
        [SHAPE_ENUM] = decode_set_enum,    [SHAPE_UUID] = decode_set_uuid,
        [SHAPE_DATE] = decode_set_date,    [SHAPE_OBJECT] = from_text_object,
        [SHAPE_LIST] = from_text_list,
    };
    ways[s->field->type](d, s, text);
}

/* --- from JSON --- */

static void from_json_value(struct decoder *d, const struct slot *s, json_object *json);
static void decode_object(struct decoder *d, const struct shape *shape, json_object *json,
                          const struct json_path *path, void *base);

static void from_json_bool(struct decoder *d, const struct slot *s, json_object *json)
{
    if (!json_object_is_type(json, json_type_boolean)) {
        decode_fault_type(d, s);
        return;
    }
    decode_set_bool(d, s, json_object_get_boolean(json));
}

/* json-c clamps to the nearest integer it has: what reaches an end may have been more, and is refused. */
static void from_json_clamped_int(struct decoder *d, const struct slot *s, json_object *json)
{
    if (json_object_get_uint64(json) > INT64_MAX) {
        FAULT(d, s->path, "max", "must be at most %" PRId64,
              decode_is_bounded(s->field) ? s->field->max : INT64_MAX);
    } else if (json_object_get_int64(json) == INT64_MIN) {
        FAULT(d, s->path, "min", "must be at least %" PRId64,
              decode_is_bounded(s->field) ? s->field->min : -INT64_MAX);
    } else {
        decode_set_int(d, s, json_object_get_int64(json));
    }
}

static void from_json_int(struct decoder *d, const struct slot *s, json_object *json)
{
    double v = json_object_is_type(json, json_type_double) ? json_object_get_double(json) : 0.5;
    if (json_object_is_type(json, json_type_int)) {
        from_json_clamped_int(d, s, json);
    } else if (fabs(v) <= 0x1p53 && trunc(v) == v) {
        decode_set_int(d, s, (int64_t)v);
    } else {
        decode_fault_type(d, s);
    }
}

static void from_json_number(struct decoder *d, const struct slot *s, json_object *json)
{
    if (!json_object_is_type(json, json_type_int) && !json_object_is_type(json, json_type_double)) {
        decode_fault_type(d, s);
        return;
    }
    decode_set_number(d, s, json_object_get_double(json));
}

/* All types that JSON has as strings. */
static void from_json_text(struct decoder *d, const struct slot *s, json_object *json)
{
    if (!json_object_is_type(json, json_type_string)) {
        decode_fault_type(d, s);
        return;
    }
    from_text_value(d, s,
                    (struct str){ json_object_get_string(json), (size_t)json_object_get_string_len(json) });
}

static void from_json_sub_object(struct decoder *d, const struct slot *s, json_object *json)
{
    decode_object(d, s->field->sub, json, s->path, s->to);
}

static void from_json_list(struct decoder *d, const struct slot *s, json_object *json)
{
    if (!json_object_is_type(json, json_type_array)) {
        decode_fault_type(d, s);
        return;
    }
    size_t count = json_object_array_length(json);
    if (!decode_list_start(d, s, count)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct json_path path = JSON_PATH_ITEM(s->path, i);
        struct slot to = decode_list_slot(s, &path, i);
        json_object *item = json_object_array_get_idx(json, i);
        if (item) {
            from_json_value(d, &to, item);
        } else {
            FAULT(d, &path, "null", "must not be null");
        }
    }
}

static void from_json_value(struct decoder *d, const struct slot *s, json_object *json)
{
    static void (*const ways[])(struct decoder *, const struct slot *, json_object *) = {
        [SHAPE_BOOL] = from_json_bool,     [SHAPE_INT] = from_json_int,
        [SHAPE_NUMBER] = from_json_number, [SHAPE_STRING] = from_json_text,
        [SHAPE_ENUM] = from_json_text,     [SHAPE_UUID] = from_json_text,
        [SHAPE_DATE] = from_json_text,     [SHAPE_OBJECT] = from_json_sub_object,
        [SHAPE_LIST] = from_json_list,
    };
    ways[s->field->type](d, s, json);
}

/* --- objects --- */

static const struct shape_field *find_field(const struct shape *shape, enum shape_place in, struct str name)
{
    for (size_t i = 0; i < shape->count; i++) {
        if (shape->fields[i].in == in && str_eqz(name, shape->fields[i].name)) {
            return &shape->fields[i];
        }
    }
    return NULL;
}

static uint64_t field_bit(const struct shape *shape, const struct shape_field *f)
{
    return 1ULL << (f - shape->fields);
}

static void fault_unknown(struct decoder *d, const struct shape *shape, enum shape_place in, struct str name,
                          const struct json_path *path)
{
    d->faults++;
    if (d->v->count >= VIOLATIONS_MAX) {
        return;
    }
    struct near near = near_start(name);
    for (size_t i = 0; i < shape->count; i++) {
        if (shape->fields[i].in == in) {
            near_offer(&near, shape->fields[i].name);
        }
    }
    const char *kind = in == IN_BODY ? "member" : "parameter";
    const char *pointer = json_pointer(d->arena, path);
    if (near_best(&near)) {
        violations_add(d->v, pointer, "unknown", "unknown %s; did you mean '%s'?", kind, near_best(&near));
    } else {
        violations_add(d->v, pointer, "unknown", "unknown %s", kind);
    }
}

static void decode_member(struct decoder *d, const struct shape *shape, const char *key, json_object *json,
                          const struct json_path *up, void *base)
{
    struct json_path path = JSON_PATH_MEMBER(up, str_from(key));
    const struct shape_field *f = find_field(shape, IN_BODY, path.name);
    if (!f) {
        fault_unknown(d, shape, IN_BODY, path.name, &path);
        return;
    }
    struct shape_seen *seen = base;
    seen->given |= field_bit(shape, f);
    if (json) {
        from_json_value(d, &(struct slot){ f, &path, (char *)base + f->offset }, json);
        return;
    }
    seen->null |= field_bit(shape, f);
    if (!(f->flags & SHAPE_NULLABLE)) {
        FAULT(d, &path, "null", "must not be null");
    }
}

/* Fields of `in` that were not given: a fault, the default, or nothing. */
static void decode_absent(struct decoder *d, const struct shape *shape, enum shape_place in,
                          const struct json_path *up, void *base)
{
    const struct shape_seen *seen = base;
    for (size_t i = 0; i < shape->count; i++) {
        const struct shape_field *f = &shape->fields[i];
        if (f->in != in || (seen->given & field_bit(shape, f))) {
            continue;
        }
        struct json_path path = JSON_PATH_MEMBER(up, str_from(f->name));
        if (f->flags & SHAPE_REQUIRED) {
            FAULT(d, &path, "required", "is required");
        } else if (f->def) {
            from_text_value(d, &(struct slot){ f, &path, (char *)base + f->offset }, str_from(f->def));
        }
    }
}

/* What a check of a nested shape adds has pointers from there on: put the way to it in front. */
static void run_check(struct decoder *d, const struct shape *shape, const struct json_path *path,
                      const void *base)
{
    if (!shape->check) {
        return;
    }
    size_t before = d->v->count;
    shape->check(base, d->v);
    d->faults += d->v->count - before;
    for (size_t i = before; path->up && i < d->v->count; i++) {
        const char *way = json_pointer(d->arena, path);
        d->v->list[i].pointer = arena_printf(d->arena, "%s%s", way, d->v->list[i].pointer);
    }
}

static void decode_members(struct decoder *d, const struct shape *shape, json_object *json,
                           const struct json_path *path, void *base)
{
    struct json_object_iterator at = json_object_iter_begin(json), end = json_object_iter_end(json);
    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
        decode_member(d, shape, json_object_iter_peek_name(&at), json_object_iter_peek_value(&at), path,
                      base);
    }
}

static void decode_object(struct decoder *d, const struct shape *shape, json_object *json,
                          const struct json_path *path, void *base)
{
    size_t before = d->faults;
    if (!json_object_is_type(json, json_type_object)) {
        FAULT(d, path, "type", "must be an object");
        return;
    }
    decode_members(d, shape, json, path, base);
    decode_absent(d, shape, IN_BODY, path, base);
    /* The root's check waits until the parameters are known to be fine too. */
    if (path->up && d->faults == before) {
        run_check(d, shape, path, base);
    }
}

/* --- the body --- */

static json_tokener *tokener(void)
{
    static json_tokener *kept;
    if (!kept) {
        kept = json_tokener_new_ex(JSON_DEPTH_MAX + 2);
        if (!kept) {
            return NULL;
        }
        json_tokener_set_flags(kept, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    }
    json_tokener_reset(kept);
    return kept;
}

static bool is_object_text(struct str body)
{
    size_t i = 0;
    while (i < body.n && strchr(" \t\r\n", body.p[i])) {
        i++;
    }
    return i < body.n && body.p[i] == '{';
}

static enum err decode_body(struct decoder *d, const struct shape *shape, struct str body, void *base,
                            const char **why)
{
    struct json_path root = JSON_PATH_ROOT;
    size_t before = d->v->count;
    if (json_scan(body, d->arena, d->v, why) != ERR_NONE) {
        return ERR_BAD_JSON;
    }
    d->faults += d->v->count - before; /* duplicates */
    if (!is_object_text(body)) {
        FAULT(d, &root, "type", "must be an object");
        return ERR_NONE;
    }
    json_tokener *t = tokener();
    json_object *json = t ? json_tokener_parse_ex(t, body.p, (int)body.n) : NULL;
    if (!json) {
        *why = t ? json_tokener_error_desc(json_tokener_get_error(t)) : "out of memory";
        return ERR_BAD_JSON;
    }
    decode_object(d, shape, json, &root, base);
    json_object_put(json);
    return ERR_NONE;
}

/* --- parameters --- */

static size_t count_named(const struct json_param *params, size_t count, struct str name)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        n += str_eq(params[i].name, name);
    }
    return n;
}

/* A list without SHAPE_COMMA: one item per appearance of the parameter. */
static void decode_repeated(struct decoder *d, const struct slot *s, const struct json_param *params,
                            size_t count)
{
    struct str name = str_from(s->field->name);
    if (!decode_list_start(d, s, count_named(params, count, name))) {
        return;
    }
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        if (str_eq(params[i].name, name)) {
            struct json_path path = JSON_PATH_ITEM(s->path, at);
            struct slot to = decode_list_slot(s, &path, at++);
            from_text_value(d, &to, params[i].value);
        }
    }
}

static void decode_param(struct decoder *d, const struct shape *shape, enum shape_place in,
                         const struct json_param *params, size_t count, size_t i, void *base)
{
    struct json_path root = JSON_PATH_ROOT;
    struct json_path path = JSON_PATH_MEMBER(&root, params[i].name);
    const struct shape_field *f = find_field(shape, in, params[i].name);
    if (shape->open && (!f || params[i].value.n == 0)) {
        return;
    }
    if (!f) {
        fault_unknown(d, shape, in, params[i].name, &path);
        return;
    }
    struct shape_seen *seen = base;
    struct slot slot = { f, &path, (char *)base + f->offset };
    bool again = (seen->given & field_bit(shape, f)) != 0;
    bool repeats = f->type == SHAPE_LIST && !(f->flags & SHAPE_COMMA);
    seen->given |= field_bit(shape, f);
    if (again && !repeats) {
        FAULT(d, &path, "duplicate", "appears more than once");
    } else if (!again && repeats) {
        decode_repeated(d, &slot, params, count);
    } else if (!again) {
        from_text_value(d, &slot, params[i].value);
    }
}

static void decode_params(struct decoder *d, const struct shape *shape, enum shape_place in,
                          const struct json_param *params, size_t count, void *base)
{
    struct json_path root = JSON_PATH_ROOT;
    for (size_t i = 0; i < count; i++) {
        decode_param(d, shape, in, params, count, i, base);
    }
    decode_absent(d, shape, in, &root, base);
}

/* --- all of it --- */

static bool has_body_fields(const struct shape *shape)
{
    for (size_t i = 0; i < shape->count; i++) {
        if (shape->fields[i].in == IN_BODY) {
            return true;
        }
    }
    return false;
}

/* Room for the answer, and the parameters that every request may have. */
static void *decode_start(struct decoder *d, const struct shape *shape, struct json_params path,
                          struct json_params query)
{
    void *base = arena_alloc(d->arena, shape->size);
    d->v->arena = d->v->arena ? d->v->arena : d->arena;
    decode_clear(shape, base);
    decode_params(d, shape, IN_PATH, path.list, path.count, base);
    decode_params(d, shape, IN_QUERY, query.list, query.count, base);
    return base;
}

enum err shape_decode_form(const struct shape *shape, struct arena *arena, struct json_params form,
                           struct json_params path, struct json_params query, void **out,
                           struct violations *v)
{
    struct decoder d = { .arena = arena, .v = v };
    struct json_path root = JSON_PATH_ROOT;
    *out = decode_start(&d, shape, path, query);
    decode_params(&d, shape, IN_BODY, form.list, form.count, *out);
    if (d.faults == 0) {
        run_check(&d, shape, &root, *out);
    }
    return d.faults == 0 ? ERR_NONE : ERR_BAD_PARAMETER;
}

enum err shape_decode(const struct shape *shape, struct arena *arena, struct str body,
                      const struct json_param *path, size_t path_count, const struct json_param *query,
                      size_t query_count, void **out, struct violations *v, const char **why)
{
    struct decoder d = { .arena = arena, .v = v };
    struct json_path root = JSON_PATH_ROOT;
    void *base = decode_start(&d, shape, (struct json_params){ path, path_count },
                              (struct json_params){ query, query_count });
    *out = base;
    *why = NULL;
    size_t in_params = d.faults;
    if (!body.p) {
        decode_absent(&d, shape, IN_BODY, &root, base);
    } else if (decode_body(&d, shape, body, base, why) != ERR_NONE) {
        return ERR_BAD_JSON;
    }
    if (d.faults == 0) {
        run_check(&d, shape, &root, base);
        in_params = has_body_fields(shape) ? 0 : d.faults;
    }
    return d.faults == 0 ? ERR_NONE : d.faults == in_params ? ERR_BAD_PARAMETER : ERR_VALIDATION;
}
