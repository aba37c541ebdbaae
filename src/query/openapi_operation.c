/* Operations: request body, answers. */
#include "query/openapi_parts.h"

#include "http/route.h"
#include "query/plan.h"

#include <stdio.h>

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
    json_write_key(&d->w, op->upload            ? STR("multipart/form-data")
                          : op->flags & OP_FORM ? STR("application/x-www-form-urlencoded")
                                                : STR("application/json"));
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
    if (op_can_be_tried(op)) {
        header_ref(d, "Preference-Applied", "PreferenceApplied");
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
        char media[80] = "application/json";
        if (op->media) {
            snprintf(media, sizeof(media), "%s; charset=utf-8", op->media);
        }
        json_write_key(&d->w, str_from(media));
        json_write_object(&d->w);
        if (op->media) {
            OPENAPI_KEY(d, "schema");
            json_write_raw(&d->w, STR("{\"type\":\"string\"}"));
            OPENAPI_TEXT(d, "example", op->example);
        } else {
            answer_schema(d, op);
            answer_example(d, op);
        }
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
    if (status == 401 ||
        (status == 403 && (op->perm != PERM_PUBLIC || op->refusal))) { /* RFC 6750, 3.1: insufficient_scope */
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
    openapi_parameters(d, op);
    request_body(d, op);
    OPENAPI_OBJECT(d, "responses");
    success(d, op);
    not_modified(d, op);
    problems(d, op);
    OPENAPI_END(d);
    OPENAPI_END(d);
}
