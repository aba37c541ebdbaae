/* The answer: failures become problems, conditional reads may become 304, then the head is written. */
#include "http/gates.h"

#include "http/etag.h"
#include "http/op.h"
#include "http/problem.h"
#include "http/service.h"

static enum err run(struct request *rq);

const struct gate gate_emit = { .name = "emit", .run = run, .stage = STAGE_EMIT, .always = true };

/* ---- conditional requests (RFC 9110, 13.2.2) ---- */

static bool is_read(const struct request *rq)
{
    return rq->op && rq->method == METHOD_GET && rq->res.status == 200 && rq->res.etag[0];
}

static void check_preconditions(struct request *rq)
{
    struct response *res = &rq->res;
    struct str if_match = rq->headers[HEADER_IF_MATCH];
    struct str if_none = rq->headers[HEADER_IF_NONE_MATCH];
    if (if_match.p && !etag_listed(if_match, res->etag)) {
        (void)fail(rq, ERR_PRECONDITION, NULL, NULL);
        problem_write(rq);
    } else if (if_none.p && etag_listed(if_none, res->etag)) {
        res->status = 304;
        buf_reset(res->body);
    }
}

/* ---- head ---- */

static bool has_content(int status)
{
    return status != 204 && status != 304;
}

/*
 * What anybody may see may be kept if it is asked for again each time; what belongs to somebody, what failed
 * and what changed something is not kept anywhere.
 */
static const char *cache_control(const struct request *rq)
{
    bool readable = rq->op && rq->method == METHOD_GET && rq->err == ERR_NONE && !(rq->op->flags & OP_SECRET);
    if (readable && !rq->res.etag[0]) { /* probes */
        return "no-store";
    }
    if (readable && rq->op->perm == PERM_PUBLIC && !rq->principal.known) {
        return "no-cache";
    }
    return rq->err == ERR_NONE && rq->op ? "private, no-store" : "no-store";
}

/* Nothing that ends a header may get into one, wherever its value came from. */
static void add_value(struct buf *b, const char *value)
{
    for (const char *c = value; *c; c++) {
        if ((unsigned char)*c >= 0x20 && *c != 0x7f) {
            buf_addc(b, *c);
        }
    }
}

static void add_header(struct buf *b, const char *name, const char *value)
{
    buf_addz(b, name);
    buf_add(b, ": ", 2);
    add_value(b, value);
    buf_add(b, "\r\n", 2);
}

static void add_content_headers(struct request *rq, struct buf *head)
{
    const struct response *res = &rq->res;
    if (!has_content(res->status)) {
        return;
    }
    if (res->status != 303) {
        add_header(head, "Content-Type", res->content_type ? res->content_type : "application/json");
    }
    buf_addz(head, "Content-Length: ");
    buf_addi(head, (int64_t)res->body->n);
    buf_addz(head, "\r\n");
}

/* RFC 9110, 15. Nginx takes the line as it is, and without a phrase leaves out the blank that RFC 9112 asks
 * for. */
static const struct {
    int status;
    const char *reason;
} reasons[] = {
    { 200, "OK" },
    { 201, "Created" },
    { 204, "No Content" },
    { 303, "See Other" },
    { 304, "Not Modified" },
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 406, "Not Acceptable" },
    { 408, "Request Timeout" },
    { 409, "Conflict" },
    { 412, "Precondition Failed" },
    { 413, "Content Too Large" },
    { 414, "URI Too Long" },
    { 415, "Unsupported Media Type" },
    { 422, "Unprocessable Content" },
    { 429, "Too Many Requests" },
    { 431, "Request Header Fields Too Large" },
    { 500, "Internal Server Error" },
    { 501, "Not Implemented" },
    { 502, "Bad Gateway" },
    { 503, "Service Unavailable" },
    { 504, "Gateway Timeout" },
    { 507, "Insufficient Storage" },
};

static const char *reason_of(int status)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].status == status) {
            return reasons[i].reason;
        }
    }
    return "Other";
}

void emit_head(struct request *rq)
{
    struct buf *head = &rq->service->head;
    const struct response *res = &rq->res;
    buf_reset(head);
    buf_addz(head, "Status: ");
    buf_addi(head, res->status);
    buf_addc(head, ' ');
    buf_addz(head, reason_of(res->status));
    buf_addz(head, "\r\n");
    add_content_headers(rq, head);
    add_header(head, "Cache-Control", cache_control(rq));
    if (res->etag[0]) {
        add_header(head, "ETag", res->etag);
    }
    for (size_t i = 0; i < res->header_count; i++) {
        add_header(head, res->headers[i].name, res->headers[i].value);
    }
    buf_addz(head, "\r\n");
}

static enum err run(struct request *rq)
{
    struct response *res = &rq->res;
    if (rq->err != ERR_NONE && rq->op && rq->op->refusal) {
        rq->op->refusal->write(rq);
    } else if (rq->err != ERR_NONE) {
        problem_write(rq);
    } else if (is_read(rq)) {
        check_preconditions(rq);
    } else if (res->body->n == 0 && res->status == 200) {
        res->status = 204;
    }
    emit_head(rq);
    return rq->err;
}
