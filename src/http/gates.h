/*
 * The gates a request goes through, in order. A gate lets the request pass (ERR_NONE), refuses it (the
 * failure is recorded by fail) or answers it itself (rq->res.status is set). After a refusal or an answer
 * only gates marked `always` run. The last one, emit, writes whatever came out.
 */
#ifndef NEXUS_HTTP_GATES_H
#define NEXUS_HTTP_GATES_H

#include "http/request.h"

struct gate {
    const char *name;
    enum err (*run)(struct request *rq);
    enum stage stage; /* where its time is counted */
    bool always;
};

extern const struct gate gate_trace;        /* request id, trace context */
extern const struct gate gate_limits;       /* what is odd or too large, whatever the route */
extern const struct gate gate_cors;         /* Fetch standard: who may read the answer; preflight */
extern const struct gate gate_block;        /* addresses that are blocked */
extern const struct gate gate_route;        /* the op */
extern const struct gate gate_authenticate; /* the principal */
extern const struct gate gate_rate;         /* how often */
extern const struct gate gate_load;         /* what the principal may, when that is not known */
extern const struct gate gate_permit;       /* what for */
extern const struct gate gate_decode;       /* parameters and body into the op's struct */
extern const struct gate gate_idempotency;  /* the key and its fingerprint */
extern const struct gate gate_exec;         /* the op */
extern const struct gate gate_emit;         /* the answer */

/* Head of an answer: status line to blank line. */
void emit_head(struct request *rq);

/*
 * W3C Trace Context: true when `text` is a valid traceparent, of version 00 or a later one that begins alike;
 * the caller's trace id and sampled flag are then put into the request.
 */
bool trace_parse(struct request *rq, struct str text);
/* What the edge may call a request: 32 hexadecimal digits in lower case, or a UUID. */
bool trace_id_valid(struct str text);
/* It as the 16 bytes it stands for; false when it is neither. */
bool trace_id_read(struct str text, struct uuid *out);

/* Whether an Accept header lets an answer of this type through (RFC 9110, 12.5.1). */
bool accept_allows(struct str accept, const char *type);
/* That type, alone or with charset=utf-8. */
bool content_type_is(struct str type, const char *wanted);

/* Count a request whose token was bad as nobody's. */
enum err rate_refused_token(struct request *rq);
/* Count the request by the limits of its user's roles, which were not known when the rate gate ran. */
enum err rate_by_role(struct request *rq);
/* The network an address belongs to: IPv4 as it is, IPv6 by its first 64 bits. */
struct str rate_network(struct arena *a, struct str address);

#endif
