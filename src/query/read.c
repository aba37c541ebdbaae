/* The generic reader: one item by its key, or a list. */
#include "query/internal.h"

#include "http/op.h"

static struct str path_param(const struct request *rq, const char *name)
{
    for (size_t i = 0; i < rq->path_param_count; i++) {
        if (str_eqz(rq->path_params[i].name, name)) {
            return rq->path_params[i].value;
        }
    }
    return STR_NONE;
}

/*
 * What cannot be a key is no resource either: 404 as for one that does not exist. A path without {id} means
 * one item that only the op's prepare() knows: the caller's own account.
 */
static enum err take_key(struct request *rq, struct selection *sel)
{
    struct str id = path_param(rq, "id");
    sel->single = true;
    if (id.p && !uuid_parse(id, &sel->key)) {
        return fail(rq, ERR_NOT_FOUND, NULL, NULL);
    }
    return ERR_NONE;
}

static enum err find(struct request *rq, struct selection *sel, const struct plan **plan,
                     const PGresult **rows)
{
    struct db_param *params;
    struct db_failure failure;
    int nparams;
    if (plan_make(rq, sel, plan, &params, &nparams) != ERR_NONE) {
        return rq->err;
    }
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int i = db_add(b, plan_statement(*plan), params, nparams);
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    *rows = db_result(b, i);
    return ERR_NONE;
}

/* Whom no user is known of has a scope that costs nothing. */
static enum err run(struct request *rq, struct selection *sel)
{
    const struct plan *plan;
    const PGresult *rows;
    sel->open = sel->single && sel->entity->open && rq->principal.known;
    if (find(rq, sel, &plan, &rows) != ERR_NONE) {
        return rq->err;
    }
    if (sel->open && PQntuples(rows) == 0) {
        sel->open = false;
        if (find(rq, sel, &plan, &rows) != ERR_NONE) {
            return rq->err;
        }
    }
    return plan_write(rq, plan, sel, rows);
}

enum err read_exec(struct request *rq)
{
    const struct op *op = rq->op;
    bool list = (op->flags & OP_LIST) != 0;
    struct selection *sel = selection_from_query(rq, op->entity, list);
    if (!list && take_key(rq, sel) != ERR_NONE) {
        return rq->err;
    }
    if (request_decode(rq) != ERR_NONE) {
        return rq->err;
    }
    if (op->prepare && op->prepare(rq, sel) != ERR_NONE) {
        return rq->err;
    }
    return run(rq, sel);
}
