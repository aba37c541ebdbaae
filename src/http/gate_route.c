/* The op, or 404, or 405 with what the path does have. */
#include "http/gates.h"

#include "base/scoreboard.h"
#include "http/op.h"
#include "http/service.h"

static enum err run(struct request *rq);

const struct gate gate_route = { .name = "route", .run = run, .stage = STAGE_GATES };

/* What is sent and what may be answered has to be of the op's kind. */
static enum err check_sent(struct request *rq)
{
    const struct op *op = rq->op;
    const char *in = op->upload            ? "multipart/form-data"
                     : op->flags & OP_FORM ? "application/x-www-form-urlencoded"
                                           : "application/json";
    bool fits = op->upload ? rq->upload != NULL
                           : !rq->upload && content_type_is(rq->headers[HEADER_CONTENT_TYPE], in);
    return fits || (rq->body.n == 0 && !rq->upload)
               ? ERR_NONE
               : fail(rq, ERR_MEDIA_TYPE, NULL, "The body must be %s%s.", in, op->upload ? "" : " in UTF-8");
}

static enum err check_media(struct request *rq)
{
    bool page = rq->op->flags & OP_PAGE;
    const char *out = page ? "text/html" : rq->op->media ? rq->op->media : "application/json";
    struct str accept = rq->headers[HEADER_ACCEPT];
    if (check_sent(rq) == ERR_NONE && accept.p && rq->repeated != HEADER_ACCEPT &&
        !accept_allows(accept, out)) {
        return fail(rq, ERR_NOT_ACCEPTABLE, NULL, "Answers are %s.", out);
    }
    return rq->err;
}

static enum err run(struct request *rq)
{
    struct service *s = rq->service;
    struct route_match m = router_find(s->router, rq->method, rq->path);
    if (!m.allow) {
        return fail(rq, ERR_NOT_FOUND, NULL, "There is no such path.");
    }
    if (rq->method == METHOD_OPTIONS && !m.op) {
        response_header(rq, "Allow", m.allow);
        rq->res.status = 204;
        return ERR_NONE;
    }
    if (!m.op) {
        response_header(rq, "Allow", m.allow);
        return fail(rq, ERR_METHOD_NOT_ALLOWED, NULL, NULL);
    }
    rq->op = m.op;
    rq->op_index = m.op_index;
    memcpy(rq->path_params, m.params, m.param_count * sizeof m.params[0]);
    rq->path_param_count = m.param_count;
    scoreboard_worker_state(s->stats.slot, WORKER_BUSY, m.op_index);
    return check_media(rq);
}
