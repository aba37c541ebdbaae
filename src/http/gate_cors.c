/*
 * Cross-origin requests (Fetch standard). Headers are set on every answer, errors included: without them a
 * browser hides even the status. Credentials in cookies play no part in this API.
 */
#include "http/gates.h"

#include "http/service.h"

static enum err run(struct request *rq);

const struct gate gate_cors = { .name = "cors", .run = run, .stage = STAGE_GATES, .always = true };

#define EXPOSED                                                                                              \
    "ETag, Idempotency-Replayed, Link, Location, Preference-Applied, RateLimit, RateLimit-Policy, "          \
    "Retry-After, traceparent, "                                                                             \
    "X-Request-Id"
#define METHODS "GET, HEAD, POST, PUT, PATCH, DELETE"
#define ALLOWED                                                                                              \
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Prefer, "                        \
    "traceparent, tracestate"
#define MAX_AGE "7200" /* seconds; the most a common browser honours */

static const char *allowed_origin(const struct service *s, struct str origin)
{
    for (size_t i = 0; i < s->origin_count; i++) {
        if (str_eqz(origin, s->origins[i])) {
            return s->origins[i];
        }
    }
    return s->any_origin ? "*" : NULL;
}

static enum err run(struct request *rq)
{
    const struct service *s = rq->service;
    struct str origin = rq->headers[HEADER_ORIGIN];
    if (s->origin_count > 0) {
        response_header(rq, "Vary", "Origin");
    }
    if (!origin.p) {
        return ERR_NONE;
    }
    const char *allowed = allowed_origin(s, origin);
    bool preflight =
        rq->err == ERR_NONE && rq->method == METHOD_OPTIONS && rq->headers[HEADER_PREFLIGHT_METHOD].p;
    if (allowed) {
        response_header(rq, "Access-Control-Allow-Origin", allowed);
        response_header(rq, "Access-Control-Expose-Headers", EXPOSED);
    }
    if (allowed && preflight) {
        response_header(rq, "Access-Control-Allow-Methods", METHODS);
        response_header(rq, "Access-Control-Allow-Headers", ALLOWED);
        response_header(rq, "Access-Control-Max-Age", MAX_AGE);
    }
    if (preflight) {
        rq->res.status = 204;
    }
    return ERR_NONE;
}
