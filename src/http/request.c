/* What ops and gates need of a request. */
#include "http/request.h"

#include "base/log.h"
#include "http/op.h"
#include "http/upload.h"
#include "http/uri.h"

#include <stdarg.h>

static const struct shape shape_nothing = { .name = "Nothing", .size = sizeof(struct shape_seen) };

struct str request_header(const struct request *rq, const char *cgi_name)
{
    size_t n = strlen(cgi_name);
    for (char *const *e = rq->env; e && *e; e++) {
        if (strncmp(*e, cgi_name, n) == 0 && (*e)[n] == '=') {
            return str_from(*e + n + 1);
        }
    }
    return STR_NONE;
}

enum err fail(struct request *rq, enum err e, const char *pointer, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    const char *detail = fmt ? arena_vprintf(rq->arena, fmt, ap) : NULL;
    va_end(ap);
    if (pointer) {
        violations_add(&rq->violations, pointer, err_info(e)->code, "%s", detail ? detail : err_info(e)->doc);
    }
    if (rq->err == ERR_NONE) {
        rq->err = e;
        rq->detail = detail;
    }
    return rq->err;
}

enum err fail_db(struct request *rq, const struct db_failure *f)
{
    if (f->err == ERR_INTERNAL) {
        LOG(LOG_ERROR, "statement failed", LOG_TEXT("op", rq->op ? rq->op->name : NULL),
            LOG_TEXT("request_id", rq->id), LOG_TEXT("sqlstate", f->sqlstate),
            LOG_TEXT("constraint", f->constraint), LOG_NUM("statement", f->statement));
    }
    bool pointed = f->pointer && f->pointer[0];
    return fail(rq, f->err, pointed ? f->pointer : NULL, NULL);
}

void response_header(struct request *rq, const char *name, const char *value)
{
    struct response *res = &rq->res;
    if (res->header_count == RESPONSE_HEADERS_MAX) {
        LOG(LOG_ERROR, "too many response headers", LOG_TEXT("name", name));
        return;
    }
    res->headers[res->header_count].name = name;
    res->headers[res->header_count].value = value;
    res->header_count++;
}

void response_header_set(struct request *rq, const char *name, const char *value)
{
    struct response *res = &rq->res;
    for (size_t i = 0; i < res->header_count; i++) {
        if (strcmp(res->headers[i].name, name) == 0) {
            res->headers[i].value = value;
            return;
        }
    }
    response_header(rq, name, value);
}

void request_param_take(struct request *rq, size_t i)
{
    rq->query_param_count--;
    memmove(&rq->query_params[i], &rq->query_params[i + 1],
            (rq->query_param_count - i) * sizeof rq->query_params[0]);
}

/* Without a body there is no file, which the shape complains about. */
static enum err decode_upload(struct request *rq, const struct shape *shape)
{
    struct json_params path = { rq->path_params, rq->path_param_count };
    struct json_params query = { rq->query_params, rq->query_param_count };
    struct json_params form = { NULL, 0 };
    if (rq->upload) {
        if (upload_read(rq) != ERR_NONE) {
            return rq->err;
        }
        form = (struct json_params){ rq->upload->fields, rq->upload->count };
    }
    return shape_decode_form(shape, rq->arena, form, path, query, &rq->in, &rq->violations);
}

static enum err decode_form(struct request *rq, const struct shape *shape)
{
    struct json_params path = { rq->path_params, rq->path_param_count };
    struct json_params query = { rq->query_params, rq->query_param_count };
    return shape_decode_form(shape, rq->arena, uri_parse_form(rq), path, query, &rq->in, &rq->violations);
}

enum err request_decode(struct request *rq)
{
    const struct shape *shape = rq->op->in ? rq->op->in : &shape_nothing;
    struct str body = rq->body.n > 0 && !(rq->op->flags & OP_BYTES) ? rq->body : STR_NONE;
    const char *why = NULL;
    enum err e = rq->op->upload ? decode_upload(rq, shape)
                 : rq->op->flags & OP_FORM
                     ? decode_form(rq, shape)
                     : shape_decode(shape, rq->arena, body, rq->path_params, rq->path_param_count,
                                    rq->query_params, rq->query_param_count, &rq->in, &rq->violations, &why);
    if (e == ERR_NONE && rq->violations.count > 0) {
        e = ERR_BAD_PARAMETER;
    }
    if (rq->op->flags & OP_LENIENT) {
        return ERR_NONE;
    }
    return e == ERR_NONE ? rq->err : fail(rq, e, NULL, why ? "%s" : NULL, why);
}
