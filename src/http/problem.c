/* Failures as answers. */
#include "http/problem.h"

#include "http/service.h"
#include "json/write.h"

#define RETRY_SOON_US 1000000 /* what a client is told when nobody knows better */

/* A cookie too: of a session that did not begin. */
static bool is_own_header(const char *name)
{
    return strcmp(name, "Location") == 0 || strcmp(name, "Set-Cookie") == 0 ||
           strcmp(name, "Idempotency-Replayed") == 0;
}

/* What described the answer that is not sent. */
static void drop_answer(struct response *res)
{
    size_t kept = 0;
    for (size_t i = 0; i < res->header_count; i++) {
        if (!is_own_header(res->headers[i].name)) {
            res->headers[kept++] = res->headers[i];
        }
    }
    res->header_count = kept;
    res->etag[0] = 0;
    res->etag_version = 0;
    buf_reset(res->body);
}

static bool has_header(const struct response *res, const char *name)
{
    for (size_t i = 0; i < res->header_count; i++) {
        if (strcmp(res->headers[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static int64_t retry_after(const struct request *rq)
{
    bool soon = err_info(rq->err)->status == 503 || rq->err == ERR_IDEMPOTENCY_RUNNING;
    return rq->retry_after_us > 0 ? rq->retry_after_us : soon ? RETRY_SOON_US : 0;
}

static void add_headers(struct request *rq)
{
    int64_t wait_us = retry_after(rq);
    if (wait_us > 0) {
        response_header(rq, "Retry-After",
                        arena_printf(rq->arena, "%lld", (long long)((wait_us + 999999) / 1000000)));
    }
    /* RFC 9110, 15.5.2: a 401 always says how to do better. */
    if (err_info(rq->err)->status == 401 && !has_header(&rq->res, "WWW-Authenticate")) {
        response_header(rq, "WWW-Authenticate", "Bearer realm=\"nexus\"");
    }
}

static void write_errors(struct json_writer *w, const struct violations *v)
{
    json_write_key(w, STR("errors"));
    json_write_array(w);
    for (size_t i = 0; i < v->count; i++) {
        json_write_object(w);
        JSON_MEMBER(w, "pointer", strz, v->list[i].pointer);
        JSON_MEMBER(w, "code", strz, v->list[i].code);
        JSON_MEMBER(w, "detail", strz, v->list[i].detail);
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

static const char *type_of(struct request *rq)
{
    return rq->violated_policy
               ? PROBLEM_QUOTA_TYPE
               : arena_printf(rq->arena, "%s%s", rq->service->problem_base, err_info(rq->err)->code);
}

static void write_policies(struct json_writer *w, const char *policy)
{
    if (policy) {
        json_write_key(w, STR("violated-policies"));
        json_write_array(w);
        json_write_strz(w, policy);
        json_write_array_end(w);
    }
}

void problem_start(struct request *rq)
{
    drop_answer(&rq->res);
    rq->res.status = err_info(rq->err)->status;
    add_headers(rq);
}

void problem_write(struct request *rq)
{
    const struct err_info *info = err_info(rq->err);
    struct response *res = &rq->res;
    problem_start(rq);
    res->content_type = "application/problem+json";
    struct json_writer w = json_write_start(res->body);
    json_write_object(&w);
    JSON_MEMBER(&w, "type", strz, type_of(rq));
    JSON_MEMBER(&w, "title", strz, info->title);
    JSON_MEMBER(&w, "status", int, info->status);
    JSON_MEMBER(&w, "detail", strz, rq->detail ? rq->detail : info->doc);
    JSON_MEMBER(&w, "code", strz, info->code);
    JSON_MEMBER(&w, "request_id", strz, rq->id);
    write_policies(&w, rq->violated_policy);
    write_errors(&w, &rq->violations);
    if (rq->problem_more) {
        rq->problem_more(rq, &w);
    }
    json_write_object_end(&w);
}
