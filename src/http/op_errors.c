/* Which failures an op can be answered with: what its flags, shape and method let the gates say, and its own.
 */
#include "http/op.h"

static bool always(const struct op *op)
{
    return true;
}

static bool has_rate(const struct op *op)
{
    return !(op->flags & OP_NO_RATE);
}

static bool is_limited(const struct op *op)
{
    return op->rate != RATE_NONE && has_rate(op);
}

static bool is_restricted(const struct op *op)
{
    return op->perm != PERM_PUBLIC;
}

static bool needs_factor(const struct op *op)
{
    return is_restricted(op) && !(op->flags & OP_ENROL);
}

static bool takes_body(const struct op *op)
{
    return op->method == METHOD_POST || op->method == METHOD_PUT || op->method == METHOD_PATCH;
}

static bool takes_json(const struct op *op)
{
    return takes_body(op) && !(op->flags & OP_FORM) && !op->upload;
}

static bool is_authenticated(const struct op *op)
{
    return has_rate(op) && !(op->flags & OP_OWN_AUTH);
}

static bool is_write(const struct op *op)
{
    return op->method != METHOD_GET;
}

static bool is_list(const struct op *op)
{
    return op->flags & OP_LIST;
}

static bool is_item(const struct op *op)
{
    return op->flags & OP_ITEM;
}

static bool is_conditional(const struct op *op)
{
    return (op->flags & OP_CONDITIONAL) || (op->method == METHOD_GET && has_rate(op));
}

static bool is_idempotent(const struct op *op)
{
    return op->flags & OP_IDEMPOTENT;
}

/* What the gates themselves and the database say. */
static const struct {
    enum err err;
    bool (*when)(const struct op *op);
} of_gates[] = {
    { ERR_BAD_REQUEST, always },
    { ERR_BAD_JSON, takes_json },
    { ERR_BAD_LENGTH, always },
    { ERR_BAD_CURSOR, is_list },
    { ERR_BAD_PARAMETER, always },
    { ERR_UNAUTHENTICATED, is_authenticated },
    { ERR_SESSION_ENDED, is_authenticated },
    { ERR_ACCOUNT_INACTIVE, is_authenticated },
    { ERR_FORBIDDEN, is_restricted },
    { ERR_SECOND_FACTOR_MISSING, needs_factor },
    { ERR_NOT_FOUND, is_item },
    { ERR_NOT_ACCEPTABLE, always },
    { ERR_REQUEST_TIMEOUT, always },
    { ERR_IDEMPOTENCY_RUNNING, is_idempotent },
    { ERR_PRECONDITION, is_conditional },
    { ERR_ADDRESS_BLOCKED, has_rate },
    { ERR_BODY_TOO_LARGE, always },
    { ERR_URI_TOO_LONG, always },
    { ERR_MEDIA_TYPE, always },
    { ERR_VALIDATION, takes_json },
    { ERR_IDEMPOTENCY_MISMATCH, is_idempotent },
    { ERR_RATE_LIMITED, is_limited },
    { ERR_HEADERS_TOO_LARGE, always },
    { ERR_INTERNAL, always },
    { ERR_BAD_GATEWAY, always },
    { ERR_UNAVAILABLE, always },
    { ERR_OUTCOME_UNKNOWN, is_write },
    { ERR_TIMEOUT, always },
};

static void mark(bool *set, const enum err *list)
{
    for (const enum err *e = list; e && *e != ERR_NONE; e++) {
        set[*e] = true;
    }
}

static size_t add_status(const bool *set, int status, enum err *out, size_t count)
{
    for (enum err e = ERR_NONE + 1; e < ERR_COUNT; e++) {
        if (set[e] && err_info(e)->status == status) {
            out[count++] = e;
        }
    }
    return count;
}

size_t op_errors(const struct op *op, enum err *out)
{
    bool set[ERR_COUNT] = { false };
    for (size_t i = 0; i < sizeof of_gates / sizeof of_gates[0]; i++) {
        set[of_gates[i].err] = of_gates[i].when(op);
    }
    mark(set, op->errors);
    size_t count = 0;
    for (int status = 400; status < 600; status++) {
        count = add_status(set, status, out, count);
    }
    return count;
}

bool op_can_be_tried(const struct op *op)
{
    return (op->flags & OP_IDEMPOTENT) && op->rate == RATE_WRITE &&
           !(op->flags & (OP_SECRET | OP_PAGE | OP_FORM | OP_OWN_AUTH | OP_RAW));
}
