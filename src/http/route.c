/* The router: a tree of path segments. */
#include "http/route.h"

#include "base/log.h"

#include <stdlib.h>

#define ALLOW_SIZE 64

struct node {
    struct str segment; /* literal text, or the name of the parameter */
    bool parameter;
    struct node *children;
    struct node *next;
    const struct op *ops[METHOD_UNKNOWN];
    unsigned indexes[METHOD_UNKNOWN];
    char allow[ALLOW_SIZE]; /* empty: no op here */
};

struct router {
    struct arena *keep;
    struct node root;
};

const char *const method_names[METHOD_UNKNOWN] = {
    [METHOD_GET] = "GET",     [METHOD_HEAD] = "HEAD",     [METHOD_POST] = "POST",       [METHOD_PUT] = "PUT",
    [METHOD_PATCH] = "PATCH", [METHOD_DELETE] = "DELETE", [METHOD_OPTIONS] = "OPTIONS",
};

enum method method_parse(struct str name)
{
    enum method m = METHOD_GET;
    while (m < METHOD_UNKNOWN && !str_eqz(name, method_names[m])) {
        m++;
    }
    return m;
}

/* ---- compiling ---- */

static bool is_parameter(struct str segment)
{
    return segment.n > 2 && segment.p[0] == '{' && segment.p[segment.n - 1] == '}';
}

/* Literals come before parameters among siblings, so that the first match is the best. */
static void insert(struct node *parent, struct node *n)
{
    struct node **at = &parent->children;
    while (*at && (n->parameter || !(*at)->parameter)) {
        at = &(*at)->next;
    }
    n->next = *at;
    *at = n;
}

static struct node *child(struct router *r, struct node *parent, struct str segment)
{
    bool parameter = is_parameter(segment);
    if (parameter) {
        segment = (struct str){ segment.p + 1, segment.n - 2 };
    }
    for (struct node *n = parent->children; n; n = n->next) {
        if (n->parameter == parameter && str_eq(n->segment, segment)) {
            return n;
        }
    }
    struct node *n = ARENA_NEW(r->keep, struct node);
    n->segment = segment;
    n->parameter = parameter;
    insert(parent, n);
    return n;
}

static void bug(const struct op *op, const char *what)
{
    LOG(LOG_ERROR, "bad registry", LOG_TEXT("op", op->name), LOG_TEXT("reason", what));
    abort();
}

static void add_op(struct router *r, const struct op *op, unsigned index)
{
    struct node *n = &r->root;
    struct str rest = str_skip(str_from(op->path), 1);
    struct str segment;
    while (str_split(&rest, '/', &segment)) {
        n = child(r, n, segment);
    }
    if (op->method >= METHOD_UNKNOWN || n->ops[op->method]) {
        bug(op, "method and path are taken");
    }
    if (!op->exec) {
        bug(op, "no exec");
    }
    n->ops[op->method] = op;
    n->indexes[op->method] = index;
}

/* What the Allow header lists: HEAD comes with GET, OPTIONS with everything. */
static void write_allow(struct node *n)
{
    bool have[METHOD_UNKNOWN] = { false };
    bool some = false;
    for (enum method m = METHOD_GET; m < METHOD_UNKNOWN; m++) {
        have[m] = n->ops[m] != NULL;
        some = some || have[m];
    }
    if (!some) {
        return;
    }
    have[METHOD_HEAD] = have[METHOD_HEAD] || have[METHOD_GET];
    have[METHOD_OPTIONS] = true;
    size_t used = 0;
    for (enum method m = METHOD_GET; m < METHOD_UNKNOWN; m++) {
        if (have[m]) {
            size_t length = strlen(method_names[m]);
            if (used > 0) {
                memcpy(n->allow + used, ", ", 2);
                used += 2;
            }
            memcpy(n->allow + used, method_names[m], length);
            used += length;
        }
    }
}

static void write_allows(struct node *n)
{
    write_allow(n);
    for (struct node *c = n->children; c; c = c->next) {
        write_allows(c);
    }
}

struct router *router_create(struct arena *keep, const struct op *const *ops, struct scoreboard *board)
{
    struct router *r = ARENA_NEW(keep, struct router);
    r->keep = keep;
    for (const struct op *const *op = ops; *op; op++) {
        add_op(r, *op, scoreboard_op(board, (*op)->name));
    }
    write_allows(&r->root);
    return r;
}

/* ---- finding ---- */

static bool matches(const struct node *n, struct str segment)
{
    return n->parameter ? segment.n > 0 : str_eq(n->segment, segment);
}

/*
 * The node for segments[at..count), depth first: a literal that leads nowhere gives way to a parameter.
 * Values of the parameters on the way are put into out.
 */
static const struct node *find(const struct node *n, const struct str *segments, size_t count,
                               struct route_match *out)
{
    if (count == 0) {
        return n->allow[0] ? n : NULL;
    }
    for (const struct node *c = n->children; c; c = c->next) {
        if (!matches(c, segments[0]) || (c->parameter && out->param_count == PATH_PARAMS_MAX)) {
            continue;
        }
        if (c->parameter) {
            out->params[out->param_count++] = (struct json_param){ c->segment, segments[0] };
        }
        const struct node *found = find(c, segments + 1, count - 1, out);
        if (found) {
            return found;
        }
        out->param_count -= c->parameter;
    }
    return NULL;
}

struct route_match router_find(const struct router *r, enum method method, struct str path)
{
    struct route_match out = { 0 };
    struct str segments[ROUTE_SEGMENTS_MAX];
    size_t count = 0;
    if (path.n == 0 || path.p[0] != '/') {
        return out;
    }
    struct str rest = str_skip(path, 1);
    while (count < ROUTE_SEGMENTS_MAX && str_split(&rest, '/', &segments[count])) {
        count++;
    }
    const struct node *n = rest.p ? NULL : find(&r->root, segments, count, &out);
    if (n) {
        out.allow = n->allow;
        out.op = method < METHOD_UNKNOWN ? n->ops[method] : NULL;
        out.op_index = out.op ? n->indexes[method] : SCOREBOARD_OP_OTHER;
    }
    return out;
}
