/* One pass over the FastCGI parameters: what the pipeline reads is found, counted and put in its place. */
#include "http/service.h"

static const struct {
    struct str name;
    enum header header;
} known[] = {
    { { "REQUEST_METHOD", 14 }, HEADER_METHOD },
    { { "REQUEST_URI", 11 }, HEADER_URI },
    { { "SERVER_PROTOCOL", 15 }, HEADER_PROTOCOL },
    { { "REMOTE_ADDR", 11 }, HEADER_REMOTE_ADDR },
    { { "REQUEST_ID", 10 }, HEADER_EDGE_ID },
    { { "CONTENT_LENGTH", 14 }, HEADER_CONTENT_LENGTH },
    { { "CONTENT_TYPE", 12 }, HEADER_CONTENT_TYPE },
    { { "HTTP_ACCEPT", 11 }, HEADER_ACCEPT },
    { { "HTTP_AUTHORIZATION", 18 }, HEADER_AUTHORIZATION },
    { { "HTTP_CONTENT_ENCODING", 21 }, HEADER_CONTENT_ENCODING },
    { { "HTTP_EXPECT", 11 }, HEADER_EXPECT },
    { { "HTTP_IDEMPOTENCY_KEY", 20 }, HEADER_IDEMPOTENCY_KEY },
    { { "HTTP_IF_MATCH", 13 }, HEADER_IF_MATCH },
    { { "HTTP_IF_NONE_MATCH", 18 }, HEADER_IF_NONE_MATCH },
    { { "HTTP_ORIGIN", 11 }, HEADER_ORIGIN },
    { { "HTTP_PREFER", 11 }, HEADER_PREFER },
    { { "HTTP_ACCESS_CONTROL_REQUEST_METHOD", 34 }, HEADER_PREFLIGHT_METHOD },
    { { "HTTP_X_REQUEST_ID", 17 }, HEADER_REQUEST_ID },
    { { "HTTP_TRACEPARENT", 16 }, HEADER_TRACEPARENT },
    { { "HTTP_TRANSFER_ENCODING", 22 }, HEADER_TRANSFER_ENCODING },
};

static void note(struct request *rq, struct str name, struct str value)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (!str_eq(known[i].name, name)) {
            continue;
        }
        struct str *at = &rq->headers[known[i].header];
        if (at->p) {
            rq->repeated = known[i].header;
        } else {
            *at = value;
        }
        return;
    }
}

void headers_scan(struct request *rq)
{
    rq->repeated = HEADER_COUNT;
    for (char *const *e = rq->env; e && *e; e++) {
        struct str value = str_from(*e);
        struct str name;
        if (!str_split(&value, '=', &name) || !value.p) {
            continue;
        }
        if (str_starts(name, STR("HTTP_"))) {
            rq->header_bytes += name.n - 5 + value.n;
        }
        note(rq, name, value);
    }
}
