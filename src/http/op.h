/*
 * What the outside can reach is one const entry: an op. Router, gates, OpenAPI, metrics and rate limits all
 * read it.
 *
 * A read op names an entity and has no exec: the generic reader serves it (OP_ITEM by key, OP_LIST with
 * filters, sort and cursor). A write op has an input shape and an exec; when it succeeds it answers with
 * `rq->res` filled, usually by reading the changed entity with the same planner.
 */
#ifndef NEXUS_HTTP_OP_H
#define NEXUS_HTTP_OP_H

#include "http/request.h"

struct entity;
struct op_upload;
struct selection;
struct json_writer;

enum op_flag {
    OP_IDEMPOTENT =
        1,       /* takes Idempotency-Key; exec runs inside the key's transaction (http/idempotency.h) */
    OP_ITEM = 2, /* read one entity by its key: path parameter {id}, or what prepare() gives */
    OP_LIST = 4, /* read a list of the entity */
    OP_CONDITIONAL = 8, /* change: If-Match is understood (http/etag.h) */
    OP_NO_RATE = 16,    /* probes: neither rate nor authentication */
    OP_RAW = 32,        /* exec sets its own content type; the body is no entity */
    OP_SECRET = 64,     /* the answer holds a secret: never cached, never stored */
    OP_ON_PROPERTY =
        128,       /* `perm` is asked for on the property in {id}: its host has it by a role, a co-host by
                      what the host gave; the statement that reads the property decides (property/property.h) */
    OP_FORM = 256, /* the body is application/x-www-form-urlencoded */
    OP_PAGE = 512, /* answers are HTML pages, or 303 to another place */
    OP_OWN_AUTH = 1024, /* the Authorization header is the op's own business */
    OP_ACTING = 4096,   /* with PERM_ACCOUNT: also for staff who act as the user */
    OP_ENROL = 8192,    /* open to those who have to set up a second factor first */
    OP_BYTES = 65536,   /* the body is the op's own business, as it came: a signature is over it */
    OP_LENIENT = 2048,  /* exec is called in spite of violations, which it looks at itself */
};

/* How an op's failures look when they are no problem documents. */
struct op_refusal {
    const char *media;
    const char *schema; /* its OpenAPI schema and an example, JSON text */
    const char *example;
    /* rq->err is set, rq->detail and rq->violations may be; begins with problem_start (http/problem.h). */
    void (*write)(struct request *rq);
};

struct op {
    const char *name; /* operationId, metric label, file stem: booking_create */
    enum method method;
    const char *path;    /* "/v1/bookings/{id}/cancel" */
    const char *tag;     /* group in the documentation */
    const char *summary; /* a few words */
    const char *doc;     /* what it does, for users */
    enum perm perm;      /* PERM_PUBLIC must be said */
    enum rate_class rate;
    unsigned flags;
    int status;                       /* of success; 0 means 200 */
    const struct shape *in;           /* path, query and body; NULL: none */
    const struct entity *entity;      /* what it answers with; NULL: see out */
    const struct shape *out;          /* answer that is no entity; printed in OpenAPI */
    const enum err *errors;           /* ERR_NONE-terminated: those beyond the gates' own */
    const struct op_upload *upload;   /* the body is a form with this file (http/upload.h); NULL: none */
    const struct op_refusal *refusal; /* NULL: problem documents */
    const char *security;             /* of OP_OWN_AUTH: OpenAPI's, JSON text */
    const char *media, *example;      /* an OP_RAW that does not answer with JSON: its type, to which
                                         it adds "; charset=utf-8", and an answer */
    /* Reads: put conditions, computed fields and scope of the path into the selection. May be NULL. */
    enum err (*prepare)(struct request *rq, struct selection *sel);
    /* Never NULL. Item and list ops name read_exec (query/plan.h). */
    enum err (*exec)(struct request *rq);
};

/*
 * Errors the gates may answer this op with, its own and those of the database, each once, by status and code.
 * Returns how many; `out` has room for ERR_COUNT.
 */
size_t op_errors(const struct op *op, enum err *out);

/* Whether the op takes Prefer: dry-run: all it does is in its transaction, and its answer is worth nothing by
 * itself. */
bool op_can_be_tried(const struct op *op);

/* Ops of the pipeline itself. */
extern const struct op op_healthz, op_readyz, op_problem_get, op_problem_list;

/* All ops of the program, NULL-terminated; defined by the program (api/registry.c) and by tests. */
extern const struct op *const op_registry[];

#endif
