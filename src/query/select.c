/* From a query string to a selection. */
#include "query/internal.h"

#include "base/log.h"
#include "base/near.h"
#include "http/op.h"
#include "json/pointer.h"

#include <stdarg.h>
#include <stdlib.h>

/* Parameters the reader knows by name. */
struct known_param {
    const char *name;
    bool lists_only;
    void (*take)(struct request *rq, struct selection *sel, struct str value);
};

static void take_include(struct request *rq, struct selection *sel, struct str value);
static void take_fields(struct request *rq, struct selection *sel, struct str value);
static void take_sort(struct request *rq, struct selection *sel, struct str value);
static void take_limit(struct request *rq, struct selection *sel, struct str value);
static void take_cursor(struct request *rq, struct selection *sel, struct str value);

static const struct known_param known_params[] = {
    { "include", false, take_include }, { "fields", false, take_fields }, { "sort", true, take_sort },
    { "limit", true, take_limit },      { "cursor", true, take_cursor },
};
#define KNOWN_PARAMS (sizeof(known_params) / sizeof(known_params[0]))

/* --- for those who write ops --- */

static void extra_add(struct selection *sel, struct selection_extra extra)
{
    if (sel->extra_count == SELECTION_EXTRA_MAX) {
        LOG(LOG_ERROR, "too many conditions of an op", LOG_TEXT("entity", sel->entity->name));
        abort();
    }
    sel->extra[sel->extra_count++] = extra;
}

void selection_where(struct selection *sel, const char *sql, const struct db_param *params, int nparams)
{
    extra_add(sel, (struct selection_extra){ .sql = sql, .params = params, .nparams = nparams });
}

void selection_where_late(struct selection *sel, const char *sql, const struct db_param *params, int nparams)
{
    extra_add(sel,
              (struct selection_extra){ .sql = sql, .params = params, .nparams = nparams, .late = true });
}

static const struct field *computed(const struct selection *sel, const char *field)
{
    const struct field *f = entity_field(sel->entity, str_from(field));
    if (!f || !(f->flags & FIELD_COMPUTED)) {
        LOG(LOG_ERROR, "no such computed field", LOG_TEXT("entity", sel->entity->name),
            LOG_TEXT("field", field));
        abort();
    }
    return f;
}

void selection_compute(struct selection *sel, const char *field, const char *sql,
                       const struct db_param *params, int nparams)
{
    extra_add(sel, (struct selection_extra){
                       .field = computed(sel, field), .sql = sql, .params = params, .nparams = nparams });
}

void selection_compute_shown(struct selection *sel, const char *field, const char *sql, const char *shown,
                             const struct db_param *params, int nparams,
                             void (*show)(struct request *rq, struct json_writer *w, struct str shown,
                                          struct str currency))
{
    extra_add(sel, (struct selection_extra){ .field = computed(sel, field),
                                             .sql = sql,
                                             .params = params,
                                             .nparams = nparams,
                                             .shown = shown,
                                             .show = show });
}

bool selection_uses(const struct selection *sel, const char *field)
{
    for (size_t i = 0; i < sel->sort_count; i++) {
        if (str_eqz(str_from(sel->sorts[i].field->name), field)) {
            return true;
        }
    }
    for (size_t i = 0; i < sel->filter_count; i++) {
        if (str_eqz(str_from(sel->filters[i].field->name), field)) {
            return true;
        }
    }
    return false;
}

/* --- violations --- */

void param_violation(struct request *rq, struct str name, const char *code, const char *fmt, ...)
{
    struct json_path root = JSON_PATH_ROOT, path = JSON_PATH_MEMBER(&root, name);
    va_list ap;
    va_start(ap, fmt);
    violations_add(&rq->violations, json_pointer(rq->arena, &path), code, "%s",
                   arena_vprintf(rq->arena, fmt, ap));
    va_end(ap);
}

/* "There is no X. Did you mean Y?" What the client wrote is shown cut. */
static void unknown(struct request *rq, struct str param, const char *what, struct near *near)
{
    const char *best = near_best(near);
    int n = near->given.n > 64 ? 64 : (int)near->given.n;
    param_violation(rq, param, "unknown", "There is no %s \"%.*s\".%s%s%s", what, n, near->given.p,
                    best ? " Did you mean " : "", best ? best : "", best ? "?" : "");
}

/* --- fields and edges --- */

static bool allowed(const struct request *rq, const struct field *f)
{
    return f->perm == PERM_PUBLIC || perm_has(rq->principal.perms, f->perm);
}

static uint64_t bit_of(const struct entity *e, const struct field *f)
{
    return UINT64_C(1) << (f - e->fields);
}

static uint64_t default_fields(const struct request *rq, const struct entity *e)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < e->field_count; i++) {
        const struct field *f = &e->fields[i];
        if (!(f->flags & FIELD_HIDDEN) && allowed(rq, f)) {
            bits |= UINT64_C(1) << i;
        }
    }
    return bits;
}

static struct selection *selection_new(struct request *rq, const struct entity *e)
{
    struct selection *sel = ARENA_NEW(rq->arena, struct selection);
    sel->entity = e;
    return sel;
}

static size_t count_edges(const struct selection *sel)
{
    size_t n = sel->edge_count;
    for (size_t i = 0; i < sel->edge_count; i++) {
        n += count_edges(sel->edges[i].child);
    }
    return n;
}

static struct selection *child_of(const struct selection *sel, const struct edge *edge)
{
    for (size_t i = 0; i < sel->edge_count; i++) {
        if (sel->edges[i].edge == edge) {
            return sel->edges[i].child;
        }
    }
    return NULL;
}

/* What the walk along "a.b.c" needs to know. */
struct walk {
    struct request *rq;
    struct str param; /* name of the parameter, for violations */
    struct selection *root;
    bool failed;
};

static struct selection *fail_walk(struct walk *w)
{
    w->failed = true;
    return NULL;
}

/* The child along `name`, made when it is not there. */
static struct selection *step(struct walk *w, struct selection *sel, struct str name, int depth)
{
    const struct edge *edge = entity_edge(sel->entity, name);
    if (!edge) {
        struct near near = near_start(name);
        for (size_t i = 0; i < sel->entity->edge_count; i++) {
            near_offer(&near, sel->entity->edges[i].name);
        }
        unknown(w->rq, w->param, "edge", &near);
        return fail_walk(w);
    }
    struct selection *child = child_of(sel, edge);
    if (child) {
        return child;
    }
    if (depth >= SELECTION_DEPTH_MAX || count_edges(w->root) >= SELECTION_EDGES_MAX) {
        param_violation(w->rq, w->param, "max", "At most %d edges, each at most %d deep, can be included.",
                        SELECTION_EDGES_MAX, SELECTION_DEPTH_MAX);
        return fail_walk(w);
    }
    child = selection_new(w->rq, edge->target);
    sel->edges[sel->edge_count].edge = edge;
    sel->edges[sel->edge_count++].child = child;
    return child;
}

static void take_include(struct request *rq, struct selection *sel, struct str value)
{
    struct walk w = { rq, STR("include"), sel, false };
    struct str rest = value, path, name;
    while (!w.failed && str_split(&rest, ',', &path)) {
        struct selection *at = sel;
        for (int depth = 0; at && str_split(&path, '.', &name); depth++) {
            at = step(&w, at, name, depth);
            if (at) {
                at->included = true;
            }
        }
    }
}

static void name_field(struct walk *w, struct selection *sel, struct str name)
{
    const struct field *f = entity_field(sel->entity, name);
    if (f && !allowed(w->rq, f)) {
        param_violation(w->rq, w->param, "forbidden", "%s is not shown to this account.", f->name);
    } else if (f) {
        sel->named |= bit_of(sel->entity, f);
    } else {
        struct near near = near_start(name);
        for (size_t i = 0; i < sel->entity->field_count; i++) {
            near_offer(&near, sel->entity->fields[i].name);
        }
        unknown(w->rq, w->param, "field", &near);
    }
    w->failed = w->failed || !f;
}

static void take_fields(struct request *rq, struct selection *sel, struct str value)
{
    struct walk w = { rq, STR("fields"), sel, false };
    struct str rest = value, path, name;
    while (!w.failed && str_split(&rest, ',', &path)) {
        struct selection *at = sel;
        int depth = 0;
        while (at && str_split(&path, '.', &name)) {
            if (path.p) {
                at = step(&w, at, name, depth++);
            } else {
                name_field(&w, at, name);
            }
        }
    }
}

static bool names_below(const struct selection *sel)
{
    for (size_t i = 0; i < sel->edge_count; i++) {
        if (sel->edges[i].child->named || names_below(sel->edges[i].child)) {
            return true;
        }
    }
    return false;
}

/* What was named, or the default. A level that only leads to named fields below it shows nothing of its own.
 */
static void settle_fields(struct request *rq, struct selection *sel)
{
    bool passage = names_below(sel) && !sel->included;
    sel->fields = sel->named || passage ? sel->named : default_fields(rq, sel->entity);
    for (size_t i = 0; i < sel->edge_count; i++) {
        settle_fields(rq, sel->edges[i].child);
    }
}

/* --- order and pages --- */

static bool sorted_by(const struct selection *sel, const struct field *f)
{
    for (size_t i = 0; i < sel->sort_count; i++) {
        if (sel->sorts[i].field == f) {
            return true;
        }
    }
    return false;
}

static void unknown_sort(struct request *rq, const struct entity *e, struct str name)
{
    struct near near = near_start(name);
    for (size_t i = 0; i < e->field_count; i++) {
        if (e->fields[i].flags & FIELD_SORT) {
            near_offer(&near, e->fields[i].name);
        }
    }
    unknown(rq, STR("sort"), "order", &near);
}

static void add_sort(struct request *rq, struct selection *sel, struct str item)
{
    bool descending = item.n > 0 && item.p[0] == '-';
    struct str name = str_skip(item, descending);
    const struct field *f = entity_field(sel->entity, name);
    if (!f || !(f->flags & FIELD_SORT) || !allowed(rq, f)) {
        unknown_sort(rq, sel->entity, name);
    } else if (sorted_by(sel, f)) {
        param_violation(rq, STR("sort"), "duplicate", "%s is named twice.", f->name);
    } else if (sel->sort_count == SELECTION_SORTS_MAX) {
        param_violation(rq, STR("sort"), "max", "At most %d fields order a list.", SELECTION_SORTS_MAX);
    } else {
        sel->sorts[sel->sort_count++] = (struct selection_sort){ f, descending };
    }
}

static void take_sort(struct request *rq, struct selection *sel, struct str value)
{
    struct str rest = value, item;
    size_t before = rq->violations.count;
    while (rq->violations.count == before && str_split(&rest, ',', &item)) {
        add_sort(rq, sel, item);
    }
}

/* The key makes the order total. In the direction of the last field, so that one index serves both. */
static void settle_sort(struct request *rq, struct selection *sel)
{
    const struct entity *e = sel->entity;
    if (sel->sort_count == 0 && e->default_sort) {
        struct str rest = str_from(e->default_sort), item;
        while (sel->sort_count < SELECTION_SORTS_MAX && str_split(&rest, ',', &item)) {
            bool descending = item.n > 0 && item.p[0] == '-';
            const struct field *f = entity_field(e, str_skip(item, descending));
            if (!f) {
                LOG(LOG_ERROR, "entity with an unknown default order", LOG_TEXT("entity", e->name));
                abort();
            }
            sel->sorts[sel->sort_count++] = (struct selection_sort){ f, descending };
        }
    }
    const struct field *key = entity_key(e);
    if (!sorted_by(sel, key)) {
        bool descending = sel->sort_count > 0 && sel->sorts[sel->sort_count - 1].descending;
        sel->sorts[sel->sort_count++] = (struct selection_sort){ key, descending };
    }
}

static void take_limit(struct request *rq, struct selection *sel, struct str value)
{
    int64_t n;
    if (str_int64(value, &n) && n >= 1 && n <= LIST_LIMIT_MAX) {
        sel->limit = (int)n;
    } else {
        param_violation(rq, STR("limit"), "max", "limit is a whole number from 1 to %d.", LIST_LIMIT_MAX);
    }
}

static void take_cursor(struct request *rq, struct selection *sel, struct str value)
{
    sel->cursor = value;
}

/* --- parameters --- */

static bool shape_knows(const struct op *op, struct str name)
{
    for (size_t i = 0; op->in && i < op->in->count; i++) {
        const struct shape_field *f = &op->in->fields[i];
        if (f->in == IN_QUERY && str_eqz(name, f->name)) {
            return true;
        }
    }
    return false;
}

static void unknown_param(struct request *rq, const struct entity *e, bool list, struct str name)
{
    struct near near = near_start(name);
    for (size_t i = 0; i < KNOWN_PARAMS; i++) {
        if (list || !known_params[i].lists_only) {
            near_offer(&near, known_params[i].name);
        }
    }
    for (size_t i = 0; list && i < e->field_count; i++) {
        if (e->fields[i].flags & FIELD_FILTER) {
            near_offer(&near, e->fields[i].name);
        }
    }
    for (size_t i = 0; rq->op->in && i < rq->op->in->count; i++) {
        if (rq->op->in->fields[i].in == IN_QUERY) {
            near_offer(&near, rq->op->in->fields[i].name);
        }
    }
    unknown(rq, name, "parameter", &near);
}

static const struct known_param *known_param(struct str name, bool list)
{
    for (size_t i = 0; i < KNOWN_PARAMS; i++) {
        if ((list || !known_params[i].lists_only) && str_eqz(name, known_params[i].name)) {
            return &known_params[i];
        }
    }
    return NULL;
}

/* name[op]: splits it. A name without brackets has the op eq. */
static bool split_filter(struct str param, struct str *name, enum filter_op *op)
{
    struct str rest = param;
    *op = FILTER_EQ;
    if (!str_split(&rest, '[', name) || !rest.p) {
        return true;
    }
    if (rest.n == 0 || rest.p[rest.n - 1] != ']') {
        return false;
    }
    *op = filter_op_find((struct str){ rest.p, rest.n - 1 });
    return *op != FILTER_OPS;
}

static void take_filter(struct request *rq, struct selection *sel, const struct json_param *p)
{
    struct str name;
    enum filter_op op;
    bool well_formed = split_filter(p->name, &name, &op);
    const struct field *f = entity_field(sel->entity, name);
    if (!f || !allowed(rq, f)) {
        unknown_param(rq, sel->entity, true, name);
    } else if (!well_formed) {
        param_violation(rq, p->name, "unknown",
                        "A filter is name[op] with eq, ne, lt, lte, gt, gte, in or null.");
    } else {
        filter_take(rq, sel, f, op, p);
    }
}

/* True when the parameter was the reader's (or nobody's) and is to be taken out. */
static bool take_param(struct request *rq, struct selection *sel, bool list, const struct json_param *p)
{
    const struct known_param *known = known_param(p->name, list);
    if (known) {
        known->take(rq, sel, p->value);
    } else if (shape_knows(rq->op, p->name)) {
        return false;
    } else if (list) {
        take_filter(rq, sel, p);
    } else {
        unknown_param(rq, sel->entity, false, p->name);
    }
    return true;
}

/* What decides which rows a list has and how they are ordered; the rest may change from page to page. */
static bool binds_cursor(struct str name)
{
    return !str_eqz(name, "cursor") && !str_eqz(name, "limit") && !str_eqz(name, "fields") &&
           !str_eqz(name, "include");
}

static void remember_bound(struct request *rq, struct selection *sel)
{
    struct json_param *bound = ARENA_ARRAY(rq->arena, struct json_param, rq->query_param_count);
    for (size_t i = 0; i < rq->query_param_count; i++) {
        if (binds_cursor(rq->query_params[i].name)) {
            bound[sel->bound_count++] = rq->query_params[i];
        }
    }
    sel->bound = bound;
}

struct selection *selection_from_query(struct request *rq, const struct entity *e, bool list)
{
    struct selection *sel = selection_new(rq, e);
    if (list) {
        sel->limit = LIST_LIMIT_DEFAULT;
        remember_bound(rq, sel);
    }
    for (size_t i = 0; i < rq->query_param_count;) {
        if (take_param(rq, sel, list, &rq->query_params[i])) {
            request_param_take(rq, i);
        } else {
            i++;
        }
    }
    settle_fields(rq, sel);
    if (list) {
        settle_sort(rq, sel);
    }
    return sel;
}

struct selection *selection_default(struct request *rq, const struct entity *e, const struct uuid *key)
{
    struct selection *sel = selection_new(rq, e);
    sel->fields = default_fields(rq, e);
    sel->single = true;
    sel->key = *key;
    return sel;
}
