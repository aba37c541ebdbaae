/* JSON of others. */
#include "json/document.h"

#include "json/scan.h"

#include <math.h>
#include <string.h>

static void release(void *object)
{
    json_object_put(object);
}

static bool is_strict(struct arena *a, struct str text)
{
    struct violations v = { .arena = a };
    const char *why;
    return json_scan(text, a, &v, &why) == ERR_NONE && v.count == 0;
}

struct json_object *document_read(struct arena *a, struct str text)
{
    if (text.n == 0 || text.n > INT32_MAX || !is_strict(a, text)) {
        return NULL;
    }
    struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX + 1);
    if (!tokener) {
        return NULL;
    }
    struct json_object *o = json_tokener_parse_ex(tokener, text.p, (int)text.n);
    json_tokener_free(tokener);
    if (!json_object_is_type(o, json_type_object)) {
        json_object_put(o);
        return NULL;
    }
    arena_defer(a, release, o);
    return o;
}

static struct json_object *member(struct json_object *o, const char *name, enum json_type type)
{
    struct json_object *value;
    return json_object_object_get_ex(o, name, &value) && json_object_is_type(value, type) ? value : NULL;
}

static struct str text_of(struct json_object *value)
{
    struct str text = { json_object_get_string(value), (size_t)json_object_get_string_len(value) };
    return memchr(text.p, '\0', text.n) ? STR_NONE : text;
}

struct str document_text(struct json_object *o, const char *name)
{
    struct json_object *value = member(o, name, json_type_string);
    return value ? text_of(value) : STR_NONE;
}

/* RFC 7519, 2: a NumericDate may have a fraction. */
bool document_seconds(struct json_object *o, const char *name, int64_t *out)
{
    struct json_object *whole = member(o, name, json_type_int), *other = member(o, name, json_type_double);
    double value = whole ? (double)json_object_get_int64(whole) : other ? json_object_get_double(other) : -1;
    if (!(value >= 0 && value < 1e12)) {
        return false;
    }
    *out = (int64_t)floor(value);
    return true;
}

bool document_true(struct json_object *o, const char *name)
{
    struct json_object *value = member(o, name, json_type_boolean);
    return value && json_object_get_boolean(value);
}

bool document_has(struct json_object *o, const char *name)
{
    return json_object_object_get_ex(o, name, NULL);
}

struct json_object *document_list(struct json_object *o, const char *name)
{
    return member(o, name, json_type_array);
}

bool document_lists(struct json_object *list, const char *text)
{
    size_t count = list ? json_object_array_length(list) : 0;
    for (size_t i = 0; i < count; i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        if (json_object_is_type(item, json_type_string) && str_eqz(text_of(item), text)) {
            return true;
        }
    }
    return false;
}
