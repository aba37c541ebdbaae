/* Schemas of shapes and entities (JSON Schema 2020-12) and examples of them. */
#include "query/openapi_parts.h"

#include "base/date.h"
#include "json/format.h"

#include <stdio.h>
#include <stdlib.h>

#define REF_SIZE 128

/* ---- references ---- */

void openapi_ref(struct openapi *d, const char *section, const char *name)
{
    char ref[REF_SIZE];
    snprintf(ref, sizeof ref, "#/components/%s/%s", section, name);
    json_write_object(&d->w);
    OPENAPI_TEXT(d, "$ref", ref);
    OPENAPI_END(d);
}

void openapi_ref_shape(struct openapi *d, const struct shape *s)
{
    size_t i = 0;
    if (strcmp(s->name, "Money") == 0) { /* printed anyway, with the common schemas */
        openapi_ref(d, "schemas", s->name);
        return;
    }
    while (i < d->shape_count && d->shapes[i] != s) {
        i++;
    }
    if (i == OPENAPI_SCHEMAS_MAX) {
        abort();
    }
    d->shapes[i] = s;
    d->inputs[i] = d->inputs[i] || d->input;
    d->shape_count += i == d->shape_count;
    openapi_ref(d, "schemas", s->name);
}

void openapi_ref_entity(struct openapi *d, const struct entity *e)
{
    size_t i = 0;
    while (i < d->entity_count && d->entities[i] != e) {
        i++;
    }
    if (i == OPENAPI_SCHEMAS_MAX) {
        abort();
    }
    d->entities[i] = e;
    d->entity_count += i == d->entity_count;
    openapi_ref(d, "schemas", e->type);
}

/* ---- pieces ---- */

static void type_of(struct openapi *d, const char *type, bool nullable)
{
    if (!nullable) {
        OPENAPI_TEXT(d, "type", type);
        return;
    }
    OPENAPI_ARRAY(d, "type");
    json_write_strz(&d->w, type);
    json_write_strz(&d->w, "null");
    OPENAPI_ARRAY_END(d);
}

static void enum_of(struct openapi *d, const char *const *values, bool nullable)
{
    OPENAPI_ARRAY(d, "enum");
    for (; *values; values++) {
        json_write_strz(&d->w, *values);
    }
    if (nullable) {
        json_write_null(&d->w);
    }
    OPENAPI_ARRAY_END(d);
}

static void description(struct openapi *d, const char *doc)
{
    if (doc) {
        OPENAPI_TEXT(d, "description", doc);
    }
}

/* A reference that may be null, or that has a description of its own (3.1 allows siblings of $ref). */
static void nullable_start(struct openapi *d, bool nullable)
{
    if (nullable) {
        OPENAPI_ARRAY(d, "anyOf");
    } else {
        OPENAPI_ARRAY(d, "allOf");
    }
}

static void nullable_end(struct openapi *d, bool nullable)
{
    if (nullable) {
        json_write_object(&d->w);
        OPENAPI_TEXT(d, "type", "null");
        OPENAPI_END(d);
    }
    OPENAPI_ARRAY_END(d);
}

static void closed(struct openapi *d)
{
    OPENAPI_KEY(d, "additionalProperties");
    json_write_bool(&d->w, false);
}

/* ---- fields of shapes ---- */

static void int_bounds(struct openapi *d, const struct shape_field *f, const char *low, const char *high)
{
    if (f->min == 0 && f->max == 0) {
        return;
    }
    json_write_key(&d->w, str_from(low));
    json_write_int(&d->w, f->min);
    json_write_key(&d->w, str_from(high));
    json_write_int(&d->w, f->max);
}

static void number_bounds(struct openapi *d, const struct shape_field *f)
{
    if (f->fmin < f->fmax) {
        JSON_MEMBER(&d->w, "minimum", double, f->fmin);
        JSON_MEMBER(&d->w, "maximum", double, f->fmax);
    }
}

static void string_rules(struct openapi *d, const struct shape_field *f)
{
    const struct format *format = f->format ? format_find(f->format) : NULL;
    int_bounds(d, f, "minLength", "maxLength");
    if (format && format->openapi) {
        OPENAPI_TEXT(d, "format", format->openapi);
    }
    if (format && format->pattern) {
        OPENAPI_TEXT(d, "pattern", format->pattern);
    }
    if ((f->flags & SHAPE_SECRET) && d->input) {
        OPENAPI_KEY(d, "writeOnly");
        json_write_bool(&d->w, true);
    }
}

static void list_rules(struct openapi *d, const struct shape_field *f)
{
    int_bounds(d, f, "minItems", "maxItems");
    OPENAPI_KEY(d, "items");
    openapi_field_schema(d, f->item);
}

static void object_rules(struct openapi *d, const struct shape_field *f)
{
    bool nullable = f->flags & SHAPE_NULLABLE;
    nullable_start(d, nullable);
    openapi_ref_shape(d, f->sub);
    nullable_end(d, nullable);
}

static const char *const json_types[] = {
    [SHAPE_BOOL] = "boolean",  [SHAPE_INT] = "integer", [SHAPE_NUMBER] = "number",
    [SHAPE_STRING] = "string", [SHAPE_ENUM] = "string", [SHAPE_UUID] = "string",
    [SHAPE_DATE] = "string",   [SHAPE_OBJECT] = NULL,   [SHAPE_LIST] = "array",
};

static void type_rules(struct openapi *d, const struct shape_field *f)
{
    switch (f->type) {
    case SHAPE_INT:
        OPENAPI_TEXT(d, "format", "int64");
        int_bounds(d, f, "minimum", "maximum");
        break;
    case SHAPE_NUMBER:
        number_bounds(d, f);
        break;
    case SHAPE_STRING:
        string_rules(d, f);
        break;
    case SHAPE_ENUM:
        enum_of(d, f->values, f->flags & SHAPE_NULLABLE);
        break;
    case SHAPE_UUID:
        OPENAPI_TEXT(d, "format", "uuid");
        break;
    case SHAPE_DATE:
        OPENAPI_TEXT(d, "format", "date");
        break;
    case SHAPE_OBJECT:
        object_rules(d, f);
        break;
    case SHAPE_LIST:
        list_rules(d, f);
        break;
    case SHAPE_BOOL:
        break;
    }
}

/* The text of a default is a string or, for the other types, JSON. */
static void default_of(struct openapi *d, const struct shape_field *f)
{
    bool quoted =
        f->type == SHAPE_STRING || f->type == SHAPE_ENUM || f->type == SHAPE_UUID || f->type == SHAPE_DATE;
    if (!f->def || f->type == SHAPE_LIST) {
        return;
    }
    OPENAPI_KEY(d, "default");
    if (quoted) {
        json_write_strz(&d->w, f->def);
    } else {
        json_write_raw(&d->w, str_from(f->def));
    }
}

void openapi_field_schema(struct openapi *d, const struct shape_field *f)
{
    json_write_object(&d->w);
    if (json_types[f->type]) {
        type_of(d, json_types[f->type], f->flags & SHAPE_NULLABLE);
    }
    type_rules(d, f);
    default_of(d, f);
    description(d, f->doc);
    OPENAPI_ARRAY(d, "examples");
    openapi_field_example(d, f);
    OPENAPI_ARRAY_END(d);
    OPENAPI_END(d);
}

/* Only what comes in the body. */
static void shape_schema(struct openapi *d, const struct shape *s)
{
    json_write_key(&d->w, str_from(s->name));
    json_write_object(&d->w);
    OPENAPI_TEXT(d, "type", "object");
    description(d, s->doc);
    if (s->open) {
        OPENAPI_KEY(d, "additionalProperties");
        json_write_raw(&d->w, STR("{\"type\":\"string\",\"maxLength\":262144}")); /* the body's bound */
    } else {
        closed(d);
    }
    OPENAPI_OBJECT(d, "properties");
    for (size_t i = 0; i < s->count; i++) {
        if (s->fields[i].in == IN_BODY) {
            json_write_key(&d->w, str_from(s->fields[i].name));
            openapi_field_schema(d, &s->fields[i]);
        }
    }
    OPENAPI_END(d);
    OPENAPI_ARRAY(d, "required");
    for (size_t i = 0; i < s->count; i++) {
        if (s->fields[i].in == IN_BODY && (s->fields[i].flags & SHAPE_REQUIRED)) {
            json_write_strz(&d->w, s->fields[i].name);
        }
    }
    OPENAPI_ARRAY_END(d);
    OPENAPI_END(d);
}

/* ---- fields of entities ---- */

static const struct {
    const char *type, *format, *ref, *example; /* example: JSON text */
} kinds[] = {
    [FIELD_UUID] = { "string", "uuid", NULL, "\"0192f3a4-5b6c-7d8e-9f01-23456789abcd\"" },
    [FIELD_TEXT] = { "string", NULL, NULL, "\"text\"" },
    [FIELD_ENUM] = { "string", NULL, NULL, NULL },
    [FIELD_INT] = { "integer", "int64", NULL, "2" },
    [FIELD_NUMBER] = { "number", "double", NULL, "4.5" },
    [FIELD_BOOL] = { "boolean", NULL, NULL, "true" },
    [FIELD_DATE] = { "string", "date", NULL, "\"2027-05-01\"" },
    [FIELD_TIME] = { "string", "date-time", NULL, "\"2026-11-23T12:00:00Z\"" },
    [FIELD_MONEY] = { NULL, NULL, "Money", "{\"amount\":12900,\"currency\":\"USD\"}" },
    [FIELD_POINT] = { NULL, NULL, "Point", "{\"lat\":42.6526,\"lng\":-73.7562}" },
    [FIELD_TEXTS] = { "array", NULL, NULL, "[\"text\"]" },
    [FIELD_WORDS] = { "array", NULL, NULL, NULL },
    [FIELD_JSON] = { NULL, NULL, NULL, "{}" },
};

static const struct shape_field *json_value(const struct entity *e, const struct field *f)
{
    for (const struct field_json *j = e->json; f->type == FIELD_JSON && j && j->field; j++) {
        if (strcmp(j->field, f->name) == 0) {
            return j->value;
        }
    }
    return NULL;
}

static void entity_example_value(struct openapi *d, const struct entity *e, const struct field *f)
{
    const struct shape_field *json = json_value(e, f);
    if (json) {
        openapi_field_example(d, json);
    } else if (f->type == FIELD_ENUM) {
        json_write_strz(&d->w, f->values[0]);
    } else if (f->type == FIELD_WORDS) {
        json_write_array(&d->w);
        json_write_strz(&d->w, f->values[0]);
        json_write_array_end(&d->w);
    } else {
        json_write_raw(&d->w, str_from(kinds[f->type].example));
    }
}

static void entity_field_schema(struct openapi *d, const struct entity *e, const struct field *f)
{
    const struct shape_field *json = json_value(e, f);
    bool nullable = f->flags & FIELD_NULLABLE;
    if (json && !nullable) {
        openapi_field_schema(d, json);
        return;
    }
    json_write_object(&d->w);
    if (json) {
        nullable_start(d, true);
        openapi_field_schema(d, json);
        nullable_end(d, true);
        OPENAPI_END(d);
        return;
    }
    if (kinds[f->type].type) {
        type_of(d, kinds[f->type].type, nullable);
    }
    if (kinds[f->type].format) {
        OPENAPI_TEXT(d, "format", kinds[f->type].format);
    }
    if (kinds[f->type].ref) {
        nullable_start(d, nullable);
        openapi_ref(d, "schemas", kinds[f->type].ref);
        nullable_end(d, nullable);
    }
    if (f->type == FIELD_ENUM) {
        enum_of(d, f->values, nullable);
    }
    if (f->type == FIELD_TEXTS) {
        OPENAPI_OBJECT(d, "items");
        OPENAPI_TEXT(d, "type", "string");
        OPENAPI_END(d);
    }
    if (f->type == FIELD_WORDS) {
        OPENAPI_OBJECT(d, "items");
        OPENAPI_TEXT(d, "type", "string");
        enum_of(d, f->values, false);
        OPENAPI_END(d);
    }
    description(d, f->doc);
    OPENAPI_KEY(d, "readOnly");
    json_write_bool(&d->w, true);
    OPENAPI_ARRAY(d, "examples");
    entity_example_value(d, e, f);
    OPENAPI_ARRAY_END(d);
    OPENAPI_END(d);
}

static void edge_schema(struct openapi *d, const struct edge *e)
{
    json_write_object(&d->w);
    if (e->kind == EDGE_MANY) {
        OPENAPI_TEXT(d, "type", "array");
        JSON_MEMBER(&d->w, "maxItems", int, e->limit);
        OPENAPI_KEY(d, "items");
        openapi_ref_entity(d, e->target);
    } else {
        nullable_start(d, e->nullable);
        openapi_ref_entity(d, e->target);
        nullable_end(d, e->nullable);
    }
    description(d, e->doc);
    OPENAPI_KEY(d, "readOnly");
    json_write_bool(&d->w, true);
    OPENAPI_END(d);
}

static void entity_schema(struct openapi *d, const struct entity *e)
{
    json_write_key(&d->w, str_from(e->type));
    json_write_object(&d->w);
    OPENAPI_TEXT(d, "type", "object");
    description(d, e->doc);
    closed(d);
    OPENAPI_OBJECT(d, "properties");
    for (size_t i = 0; i < e->field_count; i++) {
        json_write_key(&d->w, str_from(e->fields[i].name));
        entity_field_schema(d, e, &e->fields[i]);
    }
    for (size_t i = 0; i < e->edge_count; i++) {
        json_write_key(&d->w, str_from(e->edges[i].name));
        edge_schema(d, &e->edges[i]);
    }
    OPENAPI_END(d);
    OPENAPI_ARRAY(d, "required");
    for (size_t i = 0; i < e->field_count; i++) {
        if (openapi_is_default(&e->fields[i])) {
            json_write_strz(&d->w, e->fields[i].name);
        }
    }
    OPENAPI_ARRAY_END(d);
    OPENAPI_END(d);
}

/* Writing one schema may take note of further ones, which then follow. */
void openapi_schemas(struct openapi *d)
{
    size_t shapes = 0;
    size_t entities = 0;
    while (shapes < d->shape_count || entities < d->entity_count) {
        if (shapes < d->shape_count) {
            d->input = d->inputs[shapes];
            shape_schema(d, d->shapes[shapes++]);
            d->input = false;
        } else {
            entity_schema(d, d->entities[entities++]);
        }
    }
}

/* ---- examples ---- */

static void string_example(struct openapi *d, const struct shape_field *f)
{
    static const char words[] = "some words of text that go on and on until there are enough of them";
    const struct format *format = f->format ? format_find(f->format) : NULL;
    if (format && format->example) {
        json_write_strz(&d->w, format->example);
        return;
    }
    size_t n = strlen("some words");
    n = f->min > (int64_t)n ? (size_t)f->min : n;
    n = f->max > 0 && n > (size_t)f->max ? (size_t)f->max : n;
    n = n < sizeof words - 1 ? n : sizeof words - 1;
    n -= n > 0 && words[n - 1] == ' ' && (int64_t)n > f->min; /* blanks at the end are refused */
    json_write_str(&d->w, (struct str){ words, n });
}

static void list_example(struct openapi *d, const struct shape_field *f)
{
    json_write_array(&d->w);
    for (int64_t i = 0; i < (f->min > 1 ? f->min : 1); i++) {
        openapi_field_example(d, f->item);
    }
    json_write_array_end(&d->w);
}

void openapi_field_example(struct openapi *d, const struct shape_field *f)
{
    if (f->example) {
        json_write_raw(&d->w, str_from(f->example));
        return;
    }
    switch (f->type) {
    case SHAPE_BOOL:
        json_write_bool(&d->w, true);
        break;
    case SHAPE_INT:
        json_write_int(&d->w, f->min > 1 || f->max != 0 ? (f->min > 1   ? f->min
                                                           : f->max > 1 ? 1
                                                                        : f->max)
                                                        : 1);
        break;
    case SHAPE_NUMBER:
        json_write_double(&d->w, f->fmin);
        break;
    case SHAPE_STRING:
        string_example(d, f);
        break;
    case SHAPE_ENUM:
        json_write_strz(&d->w, f->values[0]);
        break;
    case SHAPE_UUID:
        json_write_strz(&d->w, "0192f3a4-5b6c-7d8e-9f01-23456789abcd");
        break;
    case SHAPE_DATE:
        json_write_strz(&d->w, "2027-05-01");
        break;
    case SHAPE_OBJECT:
        openapi_shape_example(d, f->sub);
        break;
    case SHAPE_LIST:
        list_example(d, f);
        break;
    }
}

void openapi_shape_example(struct openapi *d, const struct shape *s)
{
    json_write_object(&d->w);
    for (size_t i = 0; i < s->count; i++) {
        if (s->fields[i].in == IN_BODY) {
            json_write_key(&d->w, str_from(s->fields[i].name));
            openapi_field_example(d, &s->fields[i]);
        }
    }
    OPENAPI_END(d);
}

void openapi_entity_example(struct openapi *d, const struct entity *e)
{
    json_write_object(&d->w);
    for (size_t i = 0; i < e->field_count; i++) {
        if (openapi_is_default(&e->fields[i])) {
            json_write_key(&d->w, str_from(e->fields[i].name));
            entity_example_value(d, e, &e->fields[i]);
        }
    }
    OPENAPI_END(d);
}
