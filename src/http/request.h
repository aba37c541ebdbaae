/*
 * One request on its way through the gates. Everything in it lives in the request's arena and is gone after
 * the answer is written.
 */
#ifndef NEXUS_HTTP_REQUEST_H
#define NEXUS_HTTP_REQUEST_H

#include "auth/auth.h"
#include "auth/merchants.h"
#include "auth/providers.h"
#include "base/address.h"
#include "base/arena.h"
#include "base/buf.h"
#include "cache/cache.h"
#include "db/db.h"
#include "json/decode.h"

#include <stdbool.h>
#include <stdint.h>

enum method {
    METHOD_GET,
    METHOD_HEAD,
    METHOD_POST,
    METHOD_PUT,
    METHOD_PATCH,
    METHOD_DELETE,
    METHOD_OPTIONS,
    METHOD_UNKNOWN
};

struct op;
struct service;
struct json_writer;
struct upload;

#define QUERY_PARAMS_MAX     64
#define PATH_PARAMS_MAX      4
#define RESPONSE_HEADERS_MAX 24
#define ETAG_TEXT_SIZE       48 /* quotes, version, dot, 16 hexadecimal digits and NUL */
#define IF_MATCH_MAX         8

/* Where a request's time goes. STAGE_EXEC is all of the op, STAGE_DB the part of it spent waiting for
 * PostgreSQL. */
enum stage {
    STAGE_READ,
    STAGE_GATES,
    STAGE_CACHE,
    STAGE_LOAD, /* who a token's bearer is now */
    STAGE_DECODE,
    STAGE_EXEC,
    STAGE_DB,
    STAGE_EMIT,
    STAGE_COUNT
};

/* What the pipeline itself reads: FastCGI parameters of the server, and headers, each of which may be sent
 * only once. */
enum header {
    HEADER_METHOD,
    HEADER_URI,
    HEADER_PROTOCOL,
    HEADER_REMOTE_ADDR,
    HEADER_EDGE_ID,
    HEADER_ACCEPT,
    HEADER_AUTHORIZATION,
    HEADER_CONTENT_ENCODING,
    HEADER_CONTENT_LENGTH,
    HEADER_CONTENT_TYPE,
    HEADER_EXPECT,
    HEADER_IDEMPOTENCY_KEY,
    HEADER_IF_MATCH,
    HEADER_IF_NONE_MATCH,
    HEADER_ORIGIN,
    HEADER_PREFER,
    HEADER_PREFLIGHT_METHOD,
    HEADER_REQUEST_ID,
    HEADER_TRACEPARENT,
    HEADER_TRANSFER_ENCODING,
    HEADER_COUNT
};

/* If-Match as the versions it names (http/etag.h). */
struct if_match {
    bool given;
    bool any; /* "*" */
    size_t count;
    int64_t versions[IF_MATCH_MAX];
};

/* The running write; kept by http/idempotency.c. */
struct write {
    bool atomic;   /* one transaction for all batches also without a key */
    bool begins;   /* the batch in the making starts with BEGIN */
    bool open;     /* BEGIN was sent, COMMIT not yet */
    bool replayed; /* the answer is the stored one */
    bool again;    /* a serialization failure or deadlock: the op may run again from its start */
    unsigned char fingerprint[32];
};

/* Whose access the op is about to change; kept by http/access.c. */
#define CHANGES_MAX 8
struct changes {
    bool all, all_announced;
    size_t count, announced; /* the first so many of `user` were announced as pending */
    struct uuid user[CHANGES_MAX];
};

struct response {
    int status;       /* 0 until somebody has answered; the op's status once exec has succeeded */
    struct buf *body; /* JSON text; shared buffer of the process, reset per request */
    const char *content_type;
    uint64_t etag_version;     /* row version of the one resource shown; 0: the ETag is a hash of the body */
    char etag[ETAG_TEXT_SIZE]; /* empty: none */
    struct {
        const char *name, *value;
    } headers[RESPONSE_HEADERS_MAX];
    size_t header_count;
};

struct request {
    /* handles of the process */
    struct service *service;
    const struct options *options;
    struct db *db;
    struct cache *cache;
    struct auth *auth;
    const struct providers *providers; /* OpenID providers users may sign in with; NULL: none */
    const struct merchants *merchants; /* payment providers, and what they know us by */
    struct arena *arena;
    struct str secret; /* bytes of secret_file, for MACs; empty when it is not configured */

    /* as received */
    enum method method; /* HEAD is handled as GET and its body dropped at the end */
    bool head;
    struct str path;  /* percent-decoded, no query; an encoded slash is refused */
    struct str query; /* raw */
    struct str body;
    struct upload *upload; /* a body that is read later (http/upload.h); NULL: `body` is all there is */
    char *const *env;      /* FastCGI parameters "NAME=value", NULL-terminated */
    struct str headers[HEADER_COUNT]; /* absent: not sent */
    struct address address;           /* of the client; :: when it is not known */
    size_t header_bytes;              /* names and values of all client headers */
    enum header repeated;             /* a header that came twice; HEADER_COUNT: none */
    enum err intake;                  /* why the body could not be read */
    int64_t start_us;                 /* monotonic */
    int64_t now_us;                   /* wall time, unix; the one "now" of this request */

    /* trace gate */
    char id[UUID_TEXT_SIZE]; /* request id: UUIDv7, or the one the edge sent */
    char trace_id[33];       /* W3C trace context: of the caller, or new */
    char span_id[17];        /* of this request */
    bool sampled;

    /* route gate */
    const struct op *op; /* NULL: no such route */
    unsigned op_index;   /* in the scoreboard */
    struct json_param path_params[PATH_PARAMS_MAX];
    size_t path_param_count;

    /* decode gate. Who understands a parameter without the op's shape (fields, sort, ...) takes it out of the
     * array: request_param_take. What is left belongs to the shape. */
    struct json_param query_params[QUERY_PARAMS_MAX];
    size_t query_param_count;

    struct token_seen *token; /* NULL: none was sent */
    struct principal principal;
    struct cache_versions versions; /* of the token's bearer, now */
    bool by_role;                   /* to be counted by what the bearer's roles allow, once they are known */
    bool limited;                   /* `remaining` is said in the headers */
    int64_t remaining;              /* of the tightest quota */
    const char *violated_policy;    /* with ERR_RATE_LIMITED: the quota that is used up */
    struct changes changes;
    void *in;                   /* the op's decoded input struct, or NULL when it has no shape */
    struct str idempotency_key; /* absent: none was sent, or the op takes none */
    struct if_match if_match;
    bool dry_run; /* the op runs whole, and then its transaction is rolled back: nothing outside of it may be
                     touched */
    struct write write;

    /*
     * What the op wants done when its effect is committed and the answer made: calls to servers of others,
     * which must not be made inside a transaction. Its own batches are write_batch, write_run and
     * write_finish again. It may make the answer anew; a failure of its own changes nothing of what has been
     * done. Not called for a replay.
     */
    void (*after)(struct request *rq);
    const void *after_data;

    struct response res;

    /* failure, recorded once where it is known */
    enum err err;
    const char *detail; /* sentence for people, or NULL for the error's own description */
    int64_t retry_after_us;
    struct violations violations;
    void (*problem_more)(struct request *rq,
                         struct json_writer *w); /* adds members to the document; or NULL */
    const void *problem_data;                    /* for it */

    int64_t stage_us[STAGE_COUNT];
    int statements;
};

/* Value of a request header by its CGI name ("HTTP_IF_MATCH"), or absent. */
struct str request_header(const struct request *rq, const char *cgi_name);

/*
 * Record a failure and return it, so that `return fail(...)` is the idiom. `pointer` may be NULL; with a
 * pointer a violation of that member is recorded too. The first failure wins.
 */
enum err fail(struct request *rq, enum err e, const char *pointer, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* The same for a failed batch: what the constraint means. */
enum err fail_db(struct request *rq, const struct db_failure *f);

/*
 * Decode path parameters, what is left of query_params, and the body by op->in into rq->in. Called by the
 * decode gate for every op but OP_ITEM and OP_LIST; the generic reader calls it for those, after it has taken
 * its own parameters. Violations found before the call count too: the failure names them all.
 */
enum err request_decode(struct request *rq) MUST_CHECK;
/* Remove query parameter i; later ones move up. */
void request_param_take(struct request *rq, size_t i);

/* Text of the value must live as long as the request; name is a literal. */
void response_header(struct request *rq, const char *name, const char *value);
/* Instead of what the header said before. */
void response_header_set(struct request *rq, const char *name, const char *value);

/*
 * For ops that limit by something of the body, an account's address say: also count the request against the
 * limit of the class for this subject, which is stored as an HMAC only. ERR_RATE_LIMITED is recorded in the
 * request. One more round trip to Redis.
 */
enum err rate_also(struct request *rq, enum rate_class class, struct str subject) MUST_CHECK;

#endif
