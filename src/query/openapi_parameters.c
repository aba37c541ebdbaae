/* Parameters of an operation: path, query and headers. */
#include "query/openapi_parts.h"

#include "http/route.h"
#include "query/plan.h"

#include <stdio.h>

#define NAME_SIZE 96

static void parameter_start(struct openapi *d, const char *name, const char *in, bool required,
                            const char *doc)
{
    json_write_object(&d->w);
    OPENAPI_TEXT(d, "name", name);
    OPENAPI_TEXT(d, "in", in);
    OPENAPI_KEY(d, "required");
    json_write_bool(&d->w, required);
    OPENAPI_TEXT(d, "description", doc);
}

static void comma_style(struct openapi *d)
{
    OPENAPI_TEXT(d, "style", "form");
    OPENAPI_KEY(d, "explode");
    json_write_bool(&d->w, false);
}

static void shape_parameter(struct openapi *d, const struct shape_field *f)
{
    bool in_path = f->in == IN_PATH;
    parameter_start(d, f->name, in_path ? "path" : "query", in_path || (f->flags & SHAPE_REQUIRED), f->doc);
    if (f->flags & SHAPE_COMMA) {
        comma_style(d);
    }
    OPENAPI_KEY(d, "schema");
    openapi_field_schema(d, f);
    OPENAPI_END(d);
}

static bool shape_has(const struct shape *s, enum shape_place in, struct str name)
{
    for (size_t i = 0; s && i < s->count; i++) {
        if (s->fields[i].in == in && str_eqz(name, s->fields[i].name)) {
            return true;
        }
    }
    return false;
}

/* {names} in the path that the shape does not describe: the key of the entity. */
static void path_parameters(struct openapi *d, const struct op *op)
{
    static const struct shape_field key = { .name = "id", .type = SHAPE_UUID, .in = IN_PATH };
    struct str rest = str_from(op->path);
    struct str segment;
    while (str_split(&rest, '/', &segment)) {
        struct str name = segment.n > 2 ? (struct str){ segment.p + 1, segment.n - 2 } : STR("");
        if (segment.n > 2 && segment.p[0] == '{' && !shape_has(op->in, IN_PATH, name)) {
            struct shape_field f = key;
            f.doc = "Identifies the resource.";
            shape_parameter(d, &f);
        }
    }
}

static void shape_parameters(struct openapi *d, const struct shape *s)
{
    for (size_t i = 0; s && i < s->count; i++) {
        if (s->fields[i].in != IN_BODY) {
            shape_parameter(d, &s->fields[i]);
        }
    }
}

/* A comma-separated list of names. */
static void names_start(struct openapi *d, const char *name, const char *doc)
{
    parameter_start(d, name, "query", false, doc);
    comma_style(d);
    OPENAPI_OBJECT(d, "schema");
    OPENAPI_TEXT(d, "type", "array");
    JSON_MEMBER(&d->w, "minItems", int, 1);
    OPENAPI_OBJECT(d, "items");
    OPENAPI_TEXT(d, "type", "string");
}

static void names_end(struct openapi *d)
{
    OPENAPI_END(d); /* items */
    OPENAPI_END(d); /* schema */
    OPENAPI_END(d);
}

/* Names of this entity, or a path to one of an included entity. */
static void names_or_paths(struct openapi *d)
{
    OPENAPI_ARRAY_END(d); /* enum */
    OPENAPI_END(d);
    json_write_raw(&d->w, STR("{\"pattern\":\"^[a-z][a-z0-9_]*([.][a-z][a-z0-9_]*)+$\"}"));
    OPENAPI_ARRAY_END(d);
    names_end(d);
}

static void fields_parameter(struct openapi *d, const struct entity *e)
{
    names_start(d, "fields",
                "Show these members only; everything else is left out of the answer. A dot leads to members "
                "of what is "
                "included (host.name).");
    OPENAPI_ARRAY(d, "anyOf");
    json_write_object(&d->w);
    OPENAPI_ARRAY(d, "enum");
    for (size_t i = 0; i < e->field_count; i++) {
        json_write_strz(&d->w, e->fields[i].name);
    }
    names_or_paths(d);
}

static void include_parameter(struct openapi *d, const struct entity *e)
{
    if (e->edge_count == 0) {
        return;
    }
    names_start(d, "include", "Show related resources too; a dot leads on to theirs.");
    OPENAPI_ARRAY(d, "anyOf");
    json_write_object(&d->w);
    OPENAPI_ARRAY(d, "enum");
    for (size_t i = 0; i < e->edge_count; i++) {
        json_write_strz(&d->w, e->edges[i].name);
    }
    names_or_paths(d);
}

static void sort_parameter(struct openapi *d, const struct entity *e)
{
    bool some = false;
    for (size_t i = 0; i < e->field_count; i++) {
        some = some || (e->fields[i].flags & FIELD_SORT);
    }
    if (!some) {
        return;
    }
    names_start(d, "sort", "Order of the list; a minus sign turns it round.");
    OPENAPI_ARRAY(d, "enum");
    for (size_t i = 0; i < e->field_count; i++) {
        char name[NAME_SIZE];
        if (e->fields[i].flags & FIELD_SORT) {
            snprintf(name, sizeof name, "-%s", e->fields[i].name);
            json_write_strz(&d->w, name + 1);
            json_write_strz(&d->w, name);
        }
    }
    OPENAPI_ARRAY_END(d);
    names_end(d);
}

static void filter_value(struct openapi *d, const struct field *f)
{
    static const struct shape_field values[] = {
        [FIELD_UUID] = { .type = SHAPE_UUID },     [FIELD_TEXT] = { .type = SHAPE_STRING },
        [FIELD_ENUM] = { .type = SHAPE_ENUM },     [FIELD_INT] = { .type = SHAPE_INT },
        [FIELD_NUMBER] = { .type = SHAPE_NUMBER }, [FIELD_BOOL] = { .type = SHAPE_BOOL },
        [FIELD_DATE] = { .type = SHAPE_DATE },     [FIELD_MONEY] = { .type = SHAPE_INT },
        [FIELD_JSON] = { .type = SHAPE_STRING },
    };
    if (f->type == FIELD_TIME) {
        json_write_object(&d->w);
        OPENAPI_TEXT(d, "type", "string");
        OPENAPI_TEXT(d, "format", "date-time");
        OPENAPI_ARRAY(d, "examples");
        json_write_strz(&d->w, "2026-11-23T12:00:00Z");
        OPENAPI_ARRAY_END(d);
        OPENAPI_END(d);
        return;
    }
    struct shape_field value = values[f->type];
    value.values = f->values;
    openapi_field_schema(d, &value);
}

static void filter_schema(struct openapi *d, const struct field *f, enum filter_op op)
{
    static const struct shape_field yes_or_no = { .type = SHAPE_BOOL };
    if (op == FILTER_NULL) {
        openapi_field_schema(d, &yes_or_no);
    } else if (op == FILTER_IN) {
        json_write_object(&d->w);
        OPENAPI_TEXT(d, "type", "array");
        JSON_MEMBER(&d->w, "minItems", int, 1);
        JSON_MEMBER(&d->w, "maxItems", int, SELECTION_IN_MAX);
        OPENAPI_KEY(d, "items");
        filter_value(d, f);
        OPENAPI_END(d);
    } else {
        filter_value(d, f);
    }
}

static void filter_parameter(struct openapi *d, const struct field *f, const char *name, enum filter_op op)
{
    parameter_start(d, name, "query", false, f->doc);
    if (op == FILTER_IN) {
        comma_style(d);
    }
    OPENAPI_KEY(d, "schema");
    filter_schema(d, f, op);
    OPENAPI_END(d);
}

/* name=value, then name[op]=value. A parameter of the op's own shape hides the plain one. */
static void filter_parameters(struct openapi *d, const struct op *op, const struct field *f)
{
    char name[NAME_SIZE];
    if (filter_fits(f, FILTER_EQ) && !shape_has(op->in, IN_QUERY, str_from(f->name))) {
        filter_parameter(d, f, f->name, FILTER_EQ);
    }
    for (enum filter_op o = FILTER_EQ; o < FILTER_OPS; o++) {
        if (filter_fits(f, o)) {
            snprintf(name, sizeof name, "%s[%s]", f->name, filter_op_names[o]);
            filter_parameter(d, f, name, o);
        }
    }
}

static void page_parameters(struct openapi *d)
{
    static const struct shape_field limit = { .name = "limit",
                                              .type = SHAPE_INT,
                                              .in = IN_QUERY,
                                              .min = 1,
                                              .max = LIST_LIMIT_MAX,
                                              .def = "20",
                                              .doc = "Rows at most.",
                                              .example = "20" };
    static const struct shape_field cursor = {
        .name = "cursor",
        .type = SHAPE_STRING,
        .in = IN_QUERY,
        .min = 1,
        .max = 2000,
        .format = "cursor",
        .doc = "`page.next_cursor` of the answer before, to go on with the same "
               "list."
    };
    shape_parameter(d, &limit);
    shape_parameter(d, &cursor);
}

static void read_parameters(struct openapi *d, const struct op *op)
{
    if (!op->entity || !(op->flags & (OP_ITEM | OP_LIST))) {
        return;
    }
    fields_parameter(d, op->entity);
    include_parameter(d, op->entity);
    if (op->flags & OP_LIST) {
        sort_parameter(d, op->entity);
        page_parameters(d);
        for (size_t i = 0; i < op->entity->field_count; i++) {
            filter_parameters(d, op, &op->entity->fields[i]);
        }
    }
}

static void header_parameters(struct openapi *d, const struct op *op)
{
    bool tagged = op->method == METHOD_GET && !(op->flags & OP_NO_RATE);
    if (op->flags & OP_IDEMPOTENT) {
        openapi_ref(d, "parameters", "IdempotencyKey");
    }
    if (op_can_be_tried(op)) {
        openapi_ref(d, "parameters", "Prefer");
    }
    if (op->flags & OP_CONDITIONAL) {
        openapi_ref(d, "parameters", "IfMatch");
    }
    if (tagged && !(op->flags & OP_SECRET)) {
        openapi_ref(d, "parameters", "IfNoneMatch");
    }
    if (op->flags & OP_PAGE) {
        openapi_ref(d, "parameters", "BrowserSession");
        openapi_ref(d, "parameters", "BrowserFlow");
    }
    openapi_ref(d, "parameters", "Traceparent");
}

void openapi_parameters(struct openapi *d, const struct op *op)
{
    OPENAPI_ARRAY(d, "parameters");
    path_parameters(d, op);
    shape_parameters(d, op->in);
    read_parameters(d, op);
    header_parameters(d, op);
    OPENAPI_ARRAY_END(d);
}
