/* Operations: parameters, request body, answers. */
#include "query/openapi_parts.h"

#include "http/route.h"
#include "query/plan.h"

#include <stdio.h>

#define NAME_SIZE 96

/* ---- parameters ---- */

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
        [FIELD_DATE] = { .type = SHAPE_DATE },     [FIELD_TIME] = { .type = SHAPE_STRING },
        [FIELD_MONEY] = { .type = SHAPE_INT },     [FIELD_JSON] = { .type = SHAPE_STRING },
    };
    struct shape_field value = values[f->type];
    value.values = f->values;
    value.example = f->type == FIELD_TIME ? "\"2026-11-23T12:00:00Z\"" : NULL;
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

/* ---- request body ---- */

static bool has_body(const struct shape *s, bool required)
{
    for (size_t i = 0; s && i < s->count; i++) {
        if (s->fields[i].in == IN_BODY && (!required || (s->fields[i].flags & SHAPE_REQUIRED))) {
            return true;
        }
    }
    return false;
}

static void request_body(struct openapi *d, const struct op *op)
{
    if (!has_body(op->in, false)) {
        return;
    }
    OPENAPI_OBJECT(d, "requestBody");
    OPENAPI_TEXT(d, "description", op->in->doc ? op->in->doc : op->summary);
    OPENAPI_KEY(d, "required");
    json_write_bool(&d->w, has_body(op->in, true));
    OPENAPI_OBJECT(d, "content");
    json_write_key(&d->w,
                   op->flags & OP_FORM ? STR("application/x-www-form-urlencoded") : STR("application/json"));
    json_write_object(&d->w);
    OPENAPI_KEY(d, "schema");
    d->input = true;
    openapi_ref_shape(d, op->in);
    d->input = false;
    OPENAPI_KEY(d, "example");
    openapi_shape_example(d, op->in);
    OPENAPI_END(d);
    OPENAPI_END(d);
    OPENAPI_END(d);
}

/* ---- answers ---- */

static void header_ref(struct openapi *d, const char *name, const char *component)
{
    json_write_key(&d->w, str_from(name));
    openapi_ref(d, "headers", component);
}

static void common_answer_headers(struct openapi *d, const struct op *op)
{
    header_ref(d, "X-Request-Id", "RequestId");
    header_ref(d, "traceparent", "Traceparent");
    header_ref(d, "Cache-Control", "CacheControl");
    if (op->rate != RATE_NONE && !(op->flags & OP_NO_RATE)) {
        header_ref(d, "RateLimit", "RateLimit");
        header_ref(d, "RateLimit-Policy", "RateLimitPolicy");
    }
}

static void success_headers(struct openapi *d, const struct op *op, int status)
{
    OPENAPI_OBJECT(d, "headers");
    common_answer_headers(d, op);
    if (status != 204 && !(op->flags & (OP_SECRET | OP_NO_RATE))) {
        header_ref(d, "ETag", "ETag");
    }
    if (status == 201) {
        header_ref(d, "Location", "Location");
    }
    if (op->flags & OP_IDEMPOTENT) {
        header_ref(d, "Idempotency-Replayed", "IdempotencyReplayed");
    }
    OPENAPI_END(d);
}

static void list_schema(struct openapi *d, const struct entity *e)
{
    json_write_object(&d->w);
    OPENAPI_TEXT(d, "type", "object");
    OPENAPI_KEY(d, "additionalProperties");
    json_write_bool(&d->w, false);
    OPENAPI_KEY(d, "required");
    json_write_raw(&d->w, STR("[\"data\",\"page\"]"));
    OPENAPI_OBJECT(d, "properties");
    OPENAPI_OBJECT(d, "data");
    OPENAPI_TEXT(d, "type", "array");
    JSON_MEMBER(&d->w, "maxItems", int, LIST_LIMIT_MAX);
    OPENAPI_KEY(d, "items");
    openapi_ref_entity(d, e);
    OPENAPI_END(d);
    OPENAPI_KEY(d, "page");
    openapi_ref(d, "schemas", "Page");
    OPENAPI_END(d);
    OPENAPI_END(d);
}

static void list_example(struct openapi *d, const struct entity *e)
{
    json_write_object(&d->w);
    OPENAPI_ARRAY(d, "data");
    openapi_entity_example(d, e);
    OPENAPI_ARRAY_END(d);
    OPENAPI_KEY(d, "page");
    json_write_raw(&d->w, STR("{\"next_cursor\":null,\"has_more\":false}"));
    OPENAPI_END(d);
}

static void answer_schema(struct openapi *d, const struct op *op)
{
    OPENAPI_KEY(d, "schema");
    if (op->entity && (op->flags & OP_LIST)) {
        list_schema(d, op->entity);
    } else if (op->entity) {
        openapi_ref_entity(d, op->entity);
    } else if (op->out) {
        openapi_ref_shape(d, op->out);
    } else {
        json_write_raw(&d->w, STR("{\"type\":\"object\"}"));
    }
}

static void answer_example(struct openapi *d, const struct op *op)
{
    OPENAPI_KEY(d, "example");
    if (op->entity && (op->flags & OP_LIST)) {
        list_example(d, op->entity);
    } else if (op->entity) {
        openapi_entity_example(d, op->entity);
    } else if (op->out) {
        openapi_shape_example(d, op->out);
    } else {
        json_write_raw(&d->w, STR("{}"));
    }
}

static void status_key(struct openapi *d, int status)
{
    char key[16];
    snprintf(key, sizeof key, "%d", status);
    json_write_key(&d->w, str_from(key));
}

static void page(struct openapi *d, const struct op *op)
{
    OPENAPI_TEXT(d, "description", "A page for people.");
    OPENAPI_OBJECT(d, "headers");
    common_answer_headers(d, op);
    header_ref(d, "Set-Cookie", "SetCookie");
    OPENAPI_END(d);
    OPENAPI_KEY(d, "content");
    json_write_raw(&d->w, STR("{\"text/html; charset=utf-8\":{\"schema\":{\"type\":\"string\"},\"example\":"
                              "\"<!DOCTYPE html>\"}}"));
    OPENAPI_END(d);
}

/* Pages, and the way to where it goes on. */
static void page_answers(struct openapi *d, const struct op *op)
{
    status_key(d, 200);
    json_write_object(&d->w);
    page(d, op);
    status_key(d, 303);
    json_write_object(&d->w);
    OPENAPI_TEXT(d, "description", op->summary);
    OPENAPI_OBJECT(d, "headers");
    common_answer_headers(d, op);
    header_ref(d, "Location", "Location");
    header_ref(d, "Set-Cookie", "SetCookie");
    OPENAPI_END(d);
    OPENAPI_END(d);
}

static void success(struct openapi *d, const struct op *op)
{
    if (op->flags & OP_PAGE) {
        page_answers(d, op);
        return;
    }
    int status = op->status ? op->status : 200;
    status_key(d, status);
    json_write_object(&d->w);
    OPENAPI_TEXT(d, "description", op->summary);
    success_headers(d, op, status);
    if (status != 204) {
        OPENAPI_OBJECT(d, "content");
        OPENAPI_OBJECT(d, "application/json");
        answer_schema(d, op);
        answer_example(d, op);
        OPENAPI_END(d);
        OPENAPI_END(d);
    }
    OPENAPI_END(d);
}

static void not_modified(struct openapi *d, const struct op *op)
{
    if (op->method != METHOD_GET || (op->flags & (OP_NO_RATE | OP_SECRET | OP_PAGE))) {
        return;
    }
    status_key(d, 304);
    json_write_object(&d->w);
    OPENAPI_TEXT(d, "description", "If-None-Match names the current ETag.");
    success_headers(d, op, 304);
    OPENAPI_END(d);
}

static void problem_headers(struct openapi *d, const struct op *op, int status)
{
    OPENAPI_OBJECT(d, "headers");
    common_answer_headers(d, op);
    if (status == 429 || status == 503) {
        header_ref(d, "Retry-After", "RetryAfter");
    }
    if (status == 401 || (status == 403 && op->perm != PERM_PUBLIC)) { /* RFC 6750, 3.1: insufficient_scope */
        header_ref(d, "WWW-Authenticate", "WWWAuthenticate");
    }
    OPENAPI_END(d);
}

/* The problem schema with the codes there are for this status. */
static void problem_schema(struct openapi *d, const enum err *errors, size_t count)
{
    OPENAPI_OBJECT(d, "schema");
    OPENAPI_ARRAY(d, "allOf");
    openapi_ref(d, "schemas", "Problem");
    json_write_object(&d->w);
    OPENAPI_TEXT(d, "type", "object");
    OPENAPI_OBJECT(d, "properties");
    OPENAPI_OBJECT(d, "code");
    OPENAPI_ARRAY(d, "enum");
    for (size_t i = 0; i < count; i++) {
        json_write_strz(&d->w, err_info(errors[i])->code);
    }
    OPENAPI_ARRAY_END(d);
    OPENAPI_END(d);
    OPENAPI_END(d);
    OPENAPI_END(d);
    OPENAPI_ARRAY_END(d);
    OPENAPI_END(d);
}

static void refusal_content(struct openapi *d, const struct op_refusal *r)
{
    json_write_key(&d->w, str_from(r->media));
    json_write_object(&d->w);
    OPENAPI_KEY(d, "schema");
    json_write_raw(&d->w, str_from(r->schema));
    OPENAPI_KEY(d, "example");
    json_write_raw(&d->w, str_from(r->example));
    OPENAPI_END(d);
}

static void problem_content(struct openapi *d, const enum err *errors, size_t count)
{
    OPENAPI_OBJECT(d, "application/problem+json");
    problem_schema(d, errors, count);
    OPENAPI_OBJECT(d, "examples");
    for (size_t i = 0; i < count; i++) {
        json_write_key(&d->w, str_from(err_info(errors[i])->code));
        openapi_ref(d, "examples", err_info(errors[i])->code);
    }
    OPENAPI_END(d);
    OPENAPI_END(d);
}

/* Before there is a route, and beyond the workers, failures are problems whatever the op. */
static bool is_early(enum err e)
{
    static const enum err early[] = { ERR_BAD_REQUEST,    ERR_BAD_LENGTH,   ERR_REQUEST_TIMEOUT,
                                      ERR_BODY_TOO_LARGE, ERR_URI_TOO_LONG, ERR_HEADERS_TOO_LARGE,
                                      ERR_MEDIA_TYPE,     ERR_INTERNAL,     ERR_BAD_GATEWAY,
                                      ERR_UNAVAILABLE,    ERR_TIMEOUT };
    for (size_t i = 0; i < sizeof early / sizeof early[0]; i++) {
        if (early[i] == e) {
            return true;
        }
    }
    return false;
}

static void problem_contents(struct openapi *d, const struct op *op, const enum err *errors, size_t count)
{
    enum err early[ERR_COUNT];
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (!op->refusal || is_early(errors[i])) {
            early[n++] = errors[i];
        }
    }
    if (n > 0) {
        problem_content(d, early, n);
    }
    if (op->refusal) {
        refusal_content(d, op->refusal);
    }
}

/* All errors of one status. */
static void problem(struct openapi *d, const struct op *op, const enum err *errors, size_t count)
{
    int status = err_info(errors[0])->status;
    status_key(d, status);
    json_write_object(&d->w);
    OPENAPI_TEXT(d, "description", err_info(errors[0])->doc);
    problem_headers(d, op, status);
    OPENAPI_OBJECT(d, "content");
    problem_contents(d, op, errors, count);
    OPENAPI_END(d);
    OPENAPI_END(d);
}

static void problems(struct openapi *d, const struct op *op)
{
    enum err errors[ERR_COUNT];
    size_t count = op_errors(op, errors);
    for (size_t i = 0; i < count;) {
        size_t end = i;
        while (end < count && err_info(errors[end])->status == err_info(errors[i])->status) {
            end++;
        }
        problem(d, op, errors + i, end - i);
        i = end;
    }
}

static void security(struct openapi *d, const struct op *op)
{
    OPENAPI_KEY(d, "security");
    if (op->security) {
        json_write_raw(&d->w, str_from(op->security));
    } else if (op->flags & OP_NO_RATE) {
        json_write_raw(&d->w, STR("[]"));
    } else if (op->perm == PERM_PUBLIC) {
        json_write_raw(&d->w, STR("[{},{\"bearer\":[]}]"));
    } else {
        json_write_raw(&d->w, STR("[{\"bearer\":[]}]"));
    }
}

void openapi_operation(struct openapi *d, const struct op *op)
{
    json_write_object(&d->w);
    OPENAPI_TEXT(d, "operationId", op->name);
    OPENAPI_ARRAY(d, "tags");
    json_write_strz(&d->w, op->tag);
    OPENAPI_ARRAY_END(d);
    OPENAPI_TEXT(d, "summary", op->summary);
    OPENAPI_TEXT(d, "description", op->doc);
    OPENAPI_TEXT(d, "x-permission", perm_name(op->perm));
    OPENAPI_TEXT(d, "x-rate-class", rate_class_names[op->rate]);
    security(d, op);
    OPENAPI_ARRAY(d, "parameters");
    path_parameters(d, op);
    shape_parameters(d, op->in);
    read_parameters(d, op);
    header_parameters(d, op);
    OPENAPI_ARRAY_END(d);
    request_body(d, op);
    OPENAPI_OBJECT(d, "responses");
    success(d, op);
    not_modified(d, op);
    problems(d, op);
    OPENAPI_END(d);
    OPENAPI_END(d);
}
