/* Parameters, preconditions and body into the op's struct. The last gate before PostgreSQL may be asked. */
#include "http/gates.h"

#include "http/etag.h"
#include "http/idempotency.h"
#include "http/op.h"
#include "http/uri.h"

static enum err decode(struct request *rq);
static enum err idempotency(struct request *rq);

const struct gate gate_decode = { .name = "decode", .run = decode, .stage = STAGE_DECODE };
const struct gate gate_idempotency = { .name = "idempotency", .run = idempotency, .stage = STAGE_DECODE };

static enum err read_if_match(struct request *rq)
{
    struct str header = rq->headers[HEADER_IF_MATCH];
    if (header.p && !if_match_parse(header, &rq->if_match)) {
        return fail(rq, ERR_BAD_REQUEST, NULL, "If-Match is a list of quoted entity tags, or *.");
    }
    return ERR_NONE;
}

static enum err decode(struct request *rq)
{
    if (read_if_match(rq) != ERR_NONE) {
        return rq->err;
    }
    uri_parse_query(rq);
    if (rq->op->flags & (OP_ITEM | OP_LIST)) {
        return ERR_NONE; /* the generic reader takes its own parameters first, then calls request_decode */
    }
    return request_decode(rq);
}

/* RFC 7240: comma-separated preferences, of which this is the one that is known. */
static bool prefers_dry_run(struct str header)
{
    struct str item;
    while (str_split(&header, ',', &item)) {
        if (str_eq_nocase(str_trim(item), STR("dry-run"))) {
            return true;
        }
    }
    return false;
}

/*
 * Whoever asks to try must not get the effect, so where it cannot be tried it is refused. What cannot be
 * taken back by a transaction: credentials that are tried count, and an answer with a secret would be worth
 * something.
 */
static enum err dry_run(struct request *rq)
{
    const struct op *op = rq->op;
    if (rq->method == METHOD_GET || !rq->headers[HEADER_PREFER].p ||
        !prefers_dry_run(rq->headers[HEADER_PREFER])) {
        return ERR_NONE;
    }
    if (!op_can_be_tried(op)) {
        return fail(rq, ERR_BAD_REQUEST, NULL,
                    "This operation cannot be tried: it does not take Prefer: dry-run.");
    }
    rq->dry_run = true;
    return ERR_NONE;
}

static enum err idempotency(struct request *rq)
{
    if (dry_run(rq) != ERR_NONE) {
        return rq->err;
    }
    return (rq->op->flags & OP_IDEMPOTENT) ? write_prepare(rq) : ERR_NONE;
}
