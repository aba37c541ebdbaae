/*
 * One request on its way through the gates. Everything in it lives in the request's arena and is gone after the
 * answer is written.
 */
#ifndef NEXUS_HTTP_REQUEST_H
#define NEXUS_HTTP_REQUEST_H

#include "auth/auth.h"
#include "base/arena.h"
#include "base/buf.h"
#include "cache/cache.h"
#include "db/db.h"
#include "json/decode.h"

#include <stdbool.h>
#include <stdint.h>

enum method { METHOD_GET, METHOD_HEAD, METHOD_POST, METHOD_PUT, METHOD_PATCH, METHOD_DELETE, METHOD_OPTIONS,
              METHOD_UNKNOWN };

struct op;
struct service;

#define QUERY_PARAMS_MAX  64
#define PATH_PARAMS_MAX   4
#define RESPONSE_HEADERS_MAX 16

enum stage { STAGE_READ, STAGE_GATES, STAGE_CACHE, STAGE_DECODE, STAGE_DB, STAGE_EMIT, STAGE_COUNT };

struct response {
    int status;              /* 0 until somebody has answered; 200 unless set when a body is written */
    struct buf *body;        /* JSON text; shared buffer of the process, reset per request */
    const char *content_type;
    uint64_t etag_version;   /* row version of the one resource shown; 0: the ETag is a hash of the body */
    struct { const char *name, *value; } headers[RESPONSE_HEADERS_MAX];
    size_t header_count;
};

struct request {
    /* handles of the process */
    struct service *service;
    const struct options *options;
    struct db *db;
    struct cache *cache;
    struct auth *auth;
    struct arena *arena;

    /* as received */
    enum method method;      /* HEAD is handled as GET and its body dropped at the end */
    bool head;
    struct str path;         /* percent-decoded, no query */
    struct str query;        /* raw */
    struct str body;
    char *const *env;        /* FastCGI parameters "NAME=value" */
    int64_t start_us;        /* monotonic */
    int64_t now_us;          /* wall time, unix; the one "now" of this request */

    /* trace gate */
    char id[UUID_TEXT_SIZE]; /* request id: UUIDv7, or the one the edge sent */
    char trace_id[33], parent_id[17];

    /* route gate */
    const struct op *op;     /* NULL: no such route */
    struct json_param path_params[PATH_PARAMS_MAX];
    size_t path_param_count;
    struct json_param query_params[QUERY_PARAMS_MAX];
    size_t query_param_count;

    struct principal principal;
    void *in;                /* the op's decoded input struct, or NULL when it has no shape */
    struct str idempotency_key; /* absent: none was sent */

    struct response res;

    /* failure, recorded once where it is known */
    enum err err;
    const char *detail;      /* sentence for people, or NULL for the error's own description */
    int64_t retry_after_us;
    struct violations violations;

    int64_t stage_us[STAGE_COUNT];
    int statements;
};

/* Value of a request header by its CGI name ("HTTP_IF_MATCH"), or absent. */
struct str request_header(const struct request *rq, const char *cgi_name);

/*
 * Record a failure and return it, so that `return fail(...)` is the idiom. `pointer` may be NULL; with a pointer a
 * violation of that member is recorded too. The first failure wins.
 */
enum err fail(struct request *rq, enum err e, const char *pointer, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* The same for a failed batch: what the constraint means. */
enum err fail_db(struct request *rq, const struct db_failure *f);

/* Text of the value must live as long as the request. */
void response_header(struct request *rq, const char *name, const char *value);

#endif
