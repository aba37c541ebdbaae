/*
 * The planner: selection -> one prepared statement -> binary rows -> JSON.
 *
 * A selection is what the client asked for; every value in it is a parameter, so that statements are cached
 * by the selection's shape. Nested to-many edges become array(select row(...)) columns, to-one edges row(...)
 * columns, decoded from record[] in binary format.
 *
 * The cache is of the process, bounded, and finds a plan by the hash of its shape without making SQL.
 */
#ifndef NEXUS_QUERY_PLAN_H
#define NEXUS_QUERY_PLAN_H

#include "base/buf.h"
#include "http/request.h"
#include "query/entity.h"

enum filter_op {
    FILTER_EQ,
    FILTER_NE,
    FILTER_LT,
    FILTER_LTE,
    FILTER_GT,
    FILTER_GTE,
    FILTER_IN,
    FILTER_NULL,
    FILTER_OPS
};

#define SELECTION_FILTERS_MAX 16
#define SELECTION_SORTS_MAX   4
#define SELECTION_EDGES_MAX   16 /* of the whole tree */
#define SELECTION_DEPTH_MAX   3  /* edges on the way from the root to a leaf */
#define SELECTION_EXTRA_MAX   24
#define SELECTION_IN_MAX      50 /* values of name[in]= */
#define LIST_LIMIT_DEFAULT    20
#define LIST_LIMIT_MAX        100

/* "eq", "ne", ...: as in name[op]=. */
extern const char *const filter_op_names[FILTER_OPS];
/* Whether the field takes the filter (its type, FIELD_FILTER and FIELD_NULLABLE decide); for documentation
 * too. */
bool filter_fits(const struct field *f, enum filter_op op);

/*
 * A condition or computed field the op itself adds. `sql` may use {t} and $1..$n, numbered from 1 within this
 * text; the planner renumbers. Everything from the client must be a parameter, because the text is part of
 * the plan's cache key.
 */
struct json_writer;
struct selection_extra {
    const struct field *field; /* the FIELD_COMPUTED field it supplies; NULL: a condition */
    const char *sql;
    const struct db_param *params; /* arena */
    int nparams;
    bool late;         /* a costly condition: asked in the order of the list until the page is full */
    const char *shown; /* of a computed field: what is read of it instead of `sql`, a text; NULL: `sql` */
    void (*show)(struct request *rq, struct json_writer *w, struct str shown, struct str currency);
};

struct selection {
    const struct entity *entity;
    uint64_t fields; /* bit per entity field */
    uint64_t named;  /* those of them the client named */
    bool included;   /* an edge named in include= */
    struct {
        const struct edge *edge;
        struct selection *child;
    } edges[SELECTION_EDGES_MAX];
    size_t edge_count;
    struct selection_filter {
        const struct field *field;
        enum filter_op op;
        struct db_param value;
        bool is_null; /* FILTER_NULL: null is wanted, or anything but */
    } filters[SELECTION_FILTERS_MAX];
    size_t filter_count;
    struct selection_sort {
        const struct field *field;
        bool descending;
    } sorts[SELECTION_SORTS_MAX + 1]; /* key last */
    size_t sort_count;
    struct selection_extra extra[SELECTION_EXTRA_MAX];
    size_t extra_count;
    /* Extra FROM items of the op, ahead of the conditions: "join calendar_nights {t}n on {t}n.property_id =
     * {t}.id". Constant text; NULL: none. */
    const char *from;
    int limit;         /* rows wanted; the plan asks for more to know has_more. 0: all, single */
    struct str cursor; /* as sent; absent: first page */
    bool single;       /* by key */
    bool open;         /* only rows that the entity calls open, in place of its scope */
    struct uuid key;
    const struct db_param *key_value; /* instead of `key`, for entities whose key is no uuid; NULL: `key` */
    const struct json_param *bound;   /* query parameters a cursor is bound to, as sent; arena */
    size_t bound_count;
};

/* Add a condition (" and ..."). Text and params must outlive the request. */
void selection_where(struct selection *sel, const char *sql, const struct db_param *params, int nparams);
/* The same for a condition that costs much and refuses little. In lists of a page_first entity it is put to
 * the candidates after they are sorted, one by one until the page is full; it may only mention columns of the
 * entity's table. */
void selection_where_late(struct selection *sel, const char *sql, const struct db_param *params, int nparams);
/* Supply a computed field. */
void selection_compute(struct selection *sel, const char *field, const char *sql,
                       const struct db_param *params, int nparams);
/*
 * Supply a computed field that is put together by C: `sql` is what filters and sorts compare, `shown` a text
 * expression of the same parameters that is read for the rows of the page, and `show` writes the value.
 * currency is that of a FIELD_MONEY, else absent.
 */
void selection_compute_shown(struct selection *sel, const char *field, const char *sql, const char *shown,
                             const struct db_param *params, int nparams,
                             void (*show)(struct request *rq, struct json_writer *w, struct str shown,
                                          struct str currency));
/* Whether the client sorts or filters by the field, so that the op may insist on what it needs for that. */
bool selection_uses(const struct selection *sel, const char *field);

/*
 * From the query string: fields, include; for lists also sort, limit, cursor, name[op]=value and name=value.
 * Takes what it understands out of rq->query_params; the rest belongs to the op's shape. Parameters neither
 * knows are violations with the nearest known name. Violations are recorded in the request, and
 * request_decode fails with all of them.
 */
struct selection *selection_from_query(struct request *rq, const struct entity *e, bool list);
/* All default fields of the entity, no edges; used by writes to answer with the changed entity. */
struct selection *selection_default(struct request *rq, const struct entity *e, const struct uuid *key);

/* The plan's statement with its parameters, to be put into a batch at once. `plan` is cached in the process
 * and valid until the end of the request. Fails on a cursor that is not ours (ERR_BAD_CURSOR) and on computed
 * fields nobody supplies. */
struct plan;
enum err plan_make(struct request *rq, struct selection *sel, const struct plan **plan,
                   struct db_param **params, int *nparams) MUST_CHECK;
const struct db_statement *plan_statement(const struct plan *p);

/* Rows -> JSON into rq->res.body: {"data":[...],"page":{...}} or the plain item, whose version is put into
 * rq->res.etag_version. ERR_NOT_FOUND, recorded, for an absent item. */
enum err plan_write(struct request *rq, const struct plan *p, const struct selection *sel,
                    const PGresult *r) MUST_CHECK;

/* Add the plan for one entity by key to a batch; after db_run: plan_write(rq, plan, sel, db_result(b,
 * index)). */
enum err plan_add_item(struct request *rq, struct db_batch *b, const struct entity *e, const struct uuid *key,
                       int *index, const struct plan **plan, struct selection **sel) MUST_CHECK;

/*
 * Answer a write with the entity, read in a round trip of its own once the write has succeeded. For writes
 * that are refused often: a read in the write's batch (plan_add_item) is executed for refused ones too, and
 * although it finds nothing its start costs PostgreSQL as much as the refusal itself; so does a read that is
 * part of the writing statement. Where nearly all succeed plan_add_item saves the round trip.
 *
 * After write_run. Without a transaction the write is committed by now, so a read that fails does not say
 * that nothing happened: ERR_OUTCOME_UNKNOWN. A connection lost in between is opened anew by db_run.
 */
enum err plan_answer(struct request *rq, const struct entity *e, const struct uuid *key) MUST_CHECK;

/*
 * Conditions inside scope(): append text (with the alias given) and parameters. The text may depend on the
 * principal's `known`, `perms` and `ceiling` only; its other properties must be parameters. Text is not
 * looked at when the plan is cached, but plan_param must be called in the same order.
 */
void plan_sql(struct plan_builder *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int plan_param(struct plan_builder *b, struct db_param p); /* returns n of $n */
struct arena *plan_arena(struct plan_builder *b);

/* Exec of every op flagged OP_ITEM or OP_LIST. An item's key is the path parameter {id}. */
enum err read_exec(struct request *rq) MUST_CHECK;

#endif
