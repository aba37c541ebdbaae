/*
 * What is odd or too large whatever the route. Nginx lets more through than one thinks: unknown methods,
 * HTTP/0.9, repeated headers (libfcgi shows the first only), any Content-Length.
 */
#include "http/gates.h"

#include "http/route.h"
#include "http/service.h"
#include "http/uri.h"

static enum err run(struct request *rq);

const struct gate gate_limits = { .name = "limits", .run = run, .stage = STAGE_GATES };

static enum err check_protocol(struct request *rq)
{
    static const char *const known[] = { "HTTP/1.1", "HTTP/2.0", "HTTP/1.0", "HTTP/3.0" };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (str_eqz(rq->headers[HEADER_PROTOCOL], known[i])) {
            return ERR_NONE;
        }
    }
    return fail(rq, ERR_BAD_REQUEST, NULL, "The protocol version is not one this server speaks.");
}

static enum err check_method(struct request *rq)
{
    rq->method = method_parse(rq->headers[HEADER_METHOD]);
    if (rq->method == METHOD_UNKNOWN) {
        return fail(rq, ERR_NOT_IMPLEMENTED, NULL, NULL);
    }
    rq->head = rq->method == METHOD_HEAD;
    rq->method = rq->head ? METHOD_GET : rq->method;
    return ERR_NONE;
}

static enum err check_headers(struct request *rq)
{
    if (rq->header_bytes > (size_t)rq->options->header_limit) {
        return fail(rq, ERR_HEADERS_TOO_LARGE, NULL, NULL);
    }
    /* A repeated traceparent only starts a new trace; Accept is a list and may come in pieces. */
    if (rq->repeated != HEADER_COUNT && rq->repeated != HEADER_TRACEPARENT && rq->repeated != HEADER_ACCEPT) {
        return fail(rq, ERR_BAD_REQUEST, NULL, "A header that may be sent once was sent twice.");
    }
    struct str expect = rq->headers[HEADER_EXPECT];
    if (expect.n > 0 && !str_eq_nocase(expect, STR("100-continue"))) {
        return fail(rq, ERR_BAD_REQUEST, NULL, "The expectation in Expect cannot be met.");
    }
    struct str transfer = rq->headers[HEADER_TRANSFER_ENCODING];
    if (transfer.n > 0 && !str_eq_nocase(transfer, STR("chunked"))) {
        return fail(rq, ERR_BAD_REQUEST, NULL, "The transfer coding is not understood.");
    }
    return ERR_NONE;
}

static enum err check_uri(struct request *rq)
{
    struct str rest = rq->headers[HEADER_URI];
    struct str path;
    size_t limit = (size_t)rq->options->query_limit;
    if (rest.n == 0 || !str_split(&rest, '?', &path)) {
        return fail(rq, ERR_BAD_REQUEST, NULL, "There is no path.");
    }
    rq->query = rest.p ? rest : STR("");
    if (rq->query.n > limit || path.n > limit) {
        return fail(rq, ERR_URI_TOO_LONG, NULL, NULL);
    }
    if (!uri_decode_path(rq->arena, path, &rq->path)) {
        return fail(rq, ERR_BAD_REQUEST, NULL,
                    "The path has a bad escape, an encoded slash, a control character or is not UTF-8.");
    }
    return ERR_NONE;
}

static bool takes_body(enum method m)
{
    return m == METHOD_POST || m == METHOD_PUT || m == METHOD_PATCH;
}

static enum err check_body(struct request *rq)
{
    if (rq->intake != ERR_NONE) {
        return fail(rq, rq->intake, NULL, NULL);
    }
    struct str coding = rq->headers[HEADER_CONTENT_ENCODING];
    if (coding.n > 0 && !str_eq_nocase(coding, STR("identity"))) {
        return fail(rq, ERR_MEDIA_TYPE, NULL, "Bodies are taken without a content coding.");
    }
    if (rq->body.n == 0 && !rq->upload) {
        return ERR_NONE;
    }
    /* RFC 9110, 9.3.1: such a body has no meaning, and a way to smuggle requests. */
    if (!takes_body(rq->method)) {
        return fail(rq, ERR_BAD_REQUEST, NULL, "A request with this method has no body.");
    }
    return ERR_NONE;
}

static enum err run(struct request *rq)
{
    static enum err (*const checks[])(struct request *) = { check_protocol, check_method, check_uri,
                                                            check_headers, check_body };
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        if (checks[i](rq) != ERR_NONE) {
            return rq->err;
        }
    }
    return ERR_NONE;
}
