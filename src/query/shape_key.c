/*
 * The shape of a request's selection as bytes: selections with the same key have the same statement, and only
 * their parameters differ.
 */
#include "query/internal.h"

static void put(struct buf *key, uint64_t v)
{
    buf_add(key, &v, sizeof(v));
}

static void put_text(struct buf *key, const char *z)
{
    put(key, z ? strlen(z) + 1 : 0);
    buf_addz(key, z ? z : "");
}

/* Of computed fields only the text matters, whose length goes before it. */
static void put_extra(struct buf *key, const struct selection_extra *x)
{
    put(key, (uint64_t)(uintptr_t)x->field);
    put_text(key, x->sql);
    put_text(key, x->shown);
    put(key, x->late);
    put(key, (uint64_t)x->nparams);
    for (int i = 0; i < x->nparams; i++) {
        put(key, (uint64_t)x->params[i].type);
    }
}

static void put_selection(struct buf *key, const struct selection *sel)
{
    put(key, (uint64_t)(uintptr_t)sel->entity);
    put(key, sel->fields);
    put(key, sel->edge_count);
    for (size_t i = 0; i < sel->edge_count; i++) {
        put(key, (uint64_t)(uintptr_t)sel->edges[i].edge);
        put_selection(key, sel->edges[i].child);
    }
}

static void put_conditions(struct buf *key, const struct selection *sel)
{
    put(key, sel->filter_count);
    for (size_t i = 0; i < sel->filter_count; i++) {
        const struct selection_filter *f = &sel->filters[i];
        put(key, (uint64_t)(uintptr_t)f->field);
        put(key, (uint64_t)f->op << 1 | f->is_null);
    }
    put(key, sel->sort_count);
    for (size_t i = 0; i < sel->sort_count; i++) {
        put(key, (uint64_t)(uintptr_t)sel->sorts[i].field | sel->sorts[i].descending);
    }
    put(key, sel->extra_count);
    for (size_t i = 0; i < sel->extra_count; i++) {
        put_extra(key, &sel->extra[i]);
    }
}

void shape_key(struct buf *key, const struct request *rq, const struct selection *sel, const struct cursor *c)
{
    put(key, (uint64_t)sel->open << 9 | (uint64_t)sel->single << 8 | (uint64_t)rq->principal.known);
    put(key, rq->principal.perms);
    put(key, rq->principal.ceiling);
    put(key, sel->limit > 0 ? (uint64_t)statement_rows(sel->limit) : 0);
    put_selection(key, sel);
    put_conditions(key, sel);
    put_text(key, sel->from);
    put(key, c->count);
    for (size_t i = 0; i < c->count; i++) {
        put(key, c->values[i].data != NULL);
    }
}
