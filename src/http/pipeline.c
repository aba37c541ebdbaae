/* The row of gates, and what is counted and logged about a request that has gone through it. */
#include "base/clock.h"
#include "base/log.h"
#include "base/scoreboard.h"
#include "http/gates.h"
#include "http/op.h"
#include "http/service.h"

static const struct gate *const gates[] = {
    &gate_trace, &gate_limits, &gate_cors,   &gate_block,       &gate_route, &gate_authenticate, &gate_rate,
    &gate_load,  &gate_permit, &gate_decode, &gate_idempotency, &gate_exec,  &gate_emit,
};

void pipeline_run(struct request *rq)
{
    int64_t before = clock_mono_us();
    for (size_t i = 0; i < sizeof gates / sizeof gates[0]; i++) {
        const struct gate *g = gates[i];
        if (!g->always && (rq->err != ERR_NONE || rq->res.status != 0)) {
            continue;
        }
        enum err e = g->run(rq);
        if (e != ERR_NONE && rq->err == ERR_NONE) {
            (void)fail(rq, e, NULL, NULL);
        }
        int64_t now = clock_mono_us();
        rq->stage_us[g->stage] += now - before;
        before = now;
    }
}

static bool is_rejection(enum err e)
{
    return e == ERR_BODY_TOO_LARGE || e == ERR_HEADERS_TOO_LARGE || e == ERR_URI_TOO_LONG;
}

/* No path, no query, no header, no user: nothing in this line is about a person. */
static void write_log(const struct request *rq, int64_t total_us)
{
    const struct response *res = &rq->res;
    static const char *const none = "none";
    LOG(LOG_INFO, "request", LOG_TEXT("op", rq->op ? rq->op->name : none),
        LOG_TEXT("method",
                 rq->method < METHOD_UNKNOWN ? method_names[rq->head ? METHOD_HEAD : rq->method] : none),
        LOG_TEXT("route", rq->op ? rq->op->path : none), LOG_NUM("status", res->status),
        LOG_TEXT("code", err_info(rq->err)->code), LOG_TEXT("request_id", rq->id),
        LOG_TEXT("trace_id", rq->trace_id), LOG_NUM("us", total_us),
        LOG_NUM("read_us", rq->stage_us[STAGE_READ]), LOG_NUM("gates_us", rq->stage_us[STAGE_GATES]),
        LOG_NUM("cache_us", rq->stage_us[STAGE_CACHE]), LOG_NUM("load_us", rq->stage_us[STAGE_LOAD]),
        LOG_NUM("decode_us", rq->stage_us[STAGE_DECODE]), LOG_NUM("exec_us", rq->stage_us[STAGE_EXEC]),
        LOG_NUM("db_us", rq->stage_us[STAGE_DB]), LOG_NUM("emit_us", rq->stage_us[STAGE_EMIT]),
        LOG_NUM("statements", rq->statements), LOG_NUM("bytes_in", rq->body.n),
        LOG_NUM("bytes_out", res->body->n));
}

/* A parameter of the path that lets in whoever knows it. */
static bool has_secret(const struct request *rq)
{
    for (size_t i = 0; i < rq->path_param_count; i++) {
        if (str_eqz(rq->path_params[i].name, "token") || str_eqz(rq->path_params[i].name, "secret")) {
            return true;
        }
    }
    return false;
}

static struct str path_of(const struct request *rq)
{
    struct str path = rq->path, raw = rq->headers[HEADER_URI];
    if (rq->op && has_secret(rq)) {
        return str_from(rq->op->path);
    }
    return path.p || str_split(&raw, '?', &path) ? path : STR("");
}

static void fill(struct request_note *n, const struct request *rq)
{
    struct str path = path_of(rq);
    n->at_us = rq->now_us;
    if (!trace_id_read(str_from(rq->id), &n->id)) {
        n->id = uuid_v7();
    }
    n->user = rq->principal.user;
    n->address = rq->address;
    n->status = (uint16_t)rq->res.status;
    n->op = (uint8_t)rq->op_index;
    n->method = (uint8_t)(rq->head ? METHOD_HEAD : rq->method);
    n->path_size = (uint8_t)(path.n < REQUEST_NOTE_PATH ? path.n : REQUEST_NOTE_PATH);
    memcpy(n->path, path.p, n->path_size);
}

/* For the log of requests; probes are nobody's. */
static void tell(const struct request *rq)
{
    struct request_ring *ring = rq->service->ring;
    struct request_note *n =
        ring && !(rq->op && (rq->op->flags & OP_NO_RATE)) ? request_ring_begin(ring) : NULL;
    if (n) {
        fill(n, rq);
        request_ring_end(ring);
    }
}

void request_end(struct request *rq)
{
    struct service *s = rq->service;
    int64_t total_us = clock_mono_us() - rq->start_us;
    if (is_rejection(rq->err)) {
        scoreboard_count(s->stats.slot, WORKER_REJECTED);
    }
    scoreboard_op_done(s->stats.slot, rq->op_index, rq->res.status, total_us);
    write_log(rq, total_us);
    tell(rq);
    buf_reset(&s->in);
    buf_reset(&s->out);
    arena_reset(s->arena);
}
