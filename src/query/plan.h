/*
 * The planner: selection -> one prepared statement -> binary rows -> JSON.
 *
 * A selection is what the client asked for; every value in it is a parameter, so that statements are cached by the
 * selection's shape. Nested to-many edges become array(select row(...)) columns, to-one edges row(...) columns, decoded
 * from record[] in binary format.
 */
#ifndef NEXUS_QUERY_PLAN_H
#define NEXUS_QUERY_PLAN_H

#include "base/buf.h"
#include "http/request.h"
#include "query/entity.h"

enum filter_op { FILTER_EQ, FILTER_NE, FILTER_LT, FILTER_LTE, FILTER_GT, FILTER_GTE, FILTER_IN, FILTER_NULL };

#define SELECTION_FILTERS_MAX 16
#define SELECTION_SORTS_MAX   4
#define SELECTION_EDGES_MAX   16
#define SELECTION_EXTRA_MAX   24
#define LIST_LIMIT_DEFAULT    20
#define LIST_LIMIT_MAX        100

/*
 * A condition or computed field the op itself adds. `sql` may use {t} and $1..$n, numbered from 1 within this text; the
 * planner renumbers. The text must be constant for a given shape: it is part of the plan's cache key.
 */
struct selection_extra {
    const char *field;             /* name of the FIELD_COMPUTED field it supplies; NULL: a condition */
    const char *sql;
    const struct db_param *params; /* arena */
    int nparams;
};

struct selection {
    const struct entity *entity;
    uint64_t fields;               /* bit per entity field */
    struct { const struct edge *edge; struct selection *child; } edges[SELECTION_EDGES_MAX];
    size_t edge_count;
    struct { const struct field *field; enum filter_op op; struct str value; } filters[SELECTION_FILTERS_MAX];
    size_t filter_count;
    struct { const struct field *field; bool descending; } sorts[SELECTION_SORTS_MAX]; /* key is appended */
    size_t sort_count;
    struct selection_extra extra[SELECTION_EXTRA_MAX];
    size_t extra_count;
    /* Extra FROM items of the op, ahead of the conditions: "join property_search {t}s on {t}s.property_id = {t}.id".
     * Constant text; NULL: none. */
    const char *from;
    int limit;                     /* rows wanted; the plan asks for one more to know has_more */
    struct str cursor;             /* as sent; absent: first page */
    bool single;                   /* by key */
    struct uuid key;
    bool exact_text;               /* unused by REST */
};

/* Add a condition. Text and params must outlive the request's plan. */
void selection_where(struct selection *sel, const char *sql, const struct db_param *params, int nparams);
/* Supply a computed field. */
void selection_compute(struct selection *sel, const char *field, const char *sql, const struct db_param *params,
                       int nparams);

/*
 * From the query string (fields, include, sort, limit, cursor, name[op]=value): fills the selection and takes note of
 * which parameters it consumed; the others belong to the op's shape. Violations are recorded in the request.
 */
enum err selection_from_query(struct request *rq, const struct entity *e, struct selection *sel, bool list) MUST_CHECK;
/* All default fields of the entity, no edges; used by writes to answer with the changed entity. */
struct selection *selection_default(struct request *rq, const struct entity *e, const struct uuid *key);

/* The plan's statement with its parameters, to be put into a batch; `plan` is cached in the process. */
struct plan;
enum err plan_make(struct request *rq, struct selection *sel, const struct plan **plan, struct db_param **params,
                   int *nparams) MUST_CHECK;
const struct db_statement *plan_statement(const struct plan *p);

/* Rows -> JSON into rq->res.body: {"data":[...],"page":{...}} or the plain item. ERR_NOT_FOUND for an absent item. */
enum err plan_write(struct request *rq, const struct plan *p, const struct selection *sel, const PGresult *r) MUST_CHECK;

/* Add the plan for one entity by key to a running batch, and after db_run write it as the answer. */
enum err plan_add_item(struct request *rq, struct db_batch *b, const struct entity *e, const struct uuid *key,
                       int *index, const struct plan **plan, struct selection **sel) MUST_CHECK;

/* Conditions inside scope(): append text (with {t} already known as alias) and parameters. */
void plan_sql(struct plan_builder *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int plan_param(struct plan_builder *b, struct db_param p); /* returns n of $n */
struct arena *plan_arena(struct plan_builder *b);

/* The generic reader behind OP_ITEM and OP_LIST. */
enum err read_exec(struct request *rq) MUST_CHECK;

#endif
