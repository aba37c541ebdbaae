/* What a worker keeps between requests. Internal to http. */
#ifndef NEXUS_HTTP_SERVICE_H
#define NEXUS_HTTP_SERVICE_H

#include "base/scoreboard.h"
#include "http/probe.h"
#include "http/request.h"
#include "http/route.h"
#include "http/serve.h"

#define HEAD_LIMIT  16384 /* status line and headers of an answer */
#define ORIGINS_MAX 64
#define ORIGIN_SIZE 256

struct service {
    const struct options *options;
    struct service_stats stats;
    struct db *db;
    struct cache *cache;
    struct auth *auth;
    struct providers *providers;
    struct merchants *merchants;
    struct str secret;   /* malloc'd */
    struct arena *arena; /* of the request */
    struct arena *keep;  /* of the service */
    struct router *router;
    struct buf in;   /* request body */
    struct buf out;  /* response body */
    struct buf head; /* response head */
    struct probes probes;
    const char *origins[ORIGINS_MAX];
    size_t origin_count;
    bool any_origin;
    const struct blocklist *blocklist; /* NULL: none */
    struct request_ring *ring;         /* where requests are told of; NULL: nowhere */
    const char *problem_base;          /* public_url without a slash at its end, and "/problems/" */
};

/* A new request on the reset arena. `env` is borrowed. */
struct request *request_start(struct service *s, char *const *env);

/* Find what the pipeline reads among the parameters: rq->headers, header_bytes, repeated. */
void headers_scan(struct request *rq);

/*
 * All gates, then the answer: its head is in s->head, its body in rq->res.body (not to be sent for HEAD).
 * Never fails; rq->body and rq->intake are filled in beforehand.
 */
void pipeline_run(struct request *rq);

/* Count and log the answered request, then release everything it held. */
void request_end(struct request *rq);

/* Parts of service_create that need no servers and no keys, for tests. */
struct service *service_start(const struct options *o, const struct service_stats *stats,
                              const struct op *const *ops);

#endif
