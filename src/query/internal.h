/* What the files of src/query share. Nobody else includes this. */
#ifndef NEXUS_QUERY_INTERNAL_H
#define NEXUS_QUERY_INTERNAL_H

#include "query/plan.h"

/* How values of a field type travel. */
struct value_type {
    const char *cast; /* put behind selected expressions, so that the binary form is known */
    uint32_t oid;
    int size;                  /* bytes; -1: any */
    enum db_type param, array; /* of filters; 0: none */
};
extern const struct value_type value_types[];
/* What is put behind the field's expression in a select list: the cast of its type, or "". */
const char *value_cast(const struct field *f);

/* Text of a query parameter -> parameter of the field's type. False with a sentence in *why. */
bool value_parse(struct arena *a, const struct field *f, struct str text, struct db_param *out,
                 const char **why);
/* Comma-separated values -> array parameter. */
bool value_parse_list(struct arena *a, const struct field *f, struct str text, struct db_param *out,
                      const char **why);
/* RFC 3339 with offset or Z -> unix microseconds. */
bool value_parse_time(struct str text, int64_t *unix_us);

/* name[op]=value, or name=value with FILTER_EQ. Violations are recorded under the parameter's name. */
void filter_take(struct request *rq, struct selection *sel, const struct field *f, enum filter_op op,
                 const struct json_param *param);
/* The op of that name; FILTER_OPS when there is none. */
enum filter_op filter_op_find(struct str name);

/* Violation at the query parameter `name`. */
void param_violation(struct request *rq, struct str name, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* ---- plans */

struct plan_column {
    const struct field *field;
    struct str key;          /* "name": ready for the writer */
    int shown;               /* index of the selection's extra that writes it; -1: the field's type does */
    const struct str *words; /* of FIELD_WORDS: the values, each in quotes */
    size_t word_count;
};

struct plan_edge {
    const struct edge *edge;
    struct str key;
    const struct plan_node *node;
};

/* What a row holds: the fields' columns (money has two), then the edges'. */
struct plan_node {
    const struct entity *entity;
    struct plan_column *columns;
    struct plan_edge *edges;
    size_t column_count, edge_count;
};

struct plan {
    struct db_statement statement;
    struct plan_node node;
    int sort_column; /* first of sort_count columns with the values a cursor needs; -1: none */
    size_t sort_count;
    int version_column; /* -1: none */
    /* the cache's */
    struct str key;
    uint64_t hash;
    struct arena *memory;
    bool used; /* since the clock's hand passed */
};

/* Values of a decoded cursor, one per sort. */
struct cursor {
    size_t count;
    struct db_param values[SELECTION_SORTS_MAX + 1];
};

/* Statement text and parameters under construction. Without `sql` only parameters are gathered, in the same
 * order. */
struct plan_builder {
    struct arena *arena;
    struct buf *sql;
    const struct principal *who;
    struct db_param *params;
    int count, capacity;
    int aliases;
};

/* The shape of a selection as bytes: equal bytes, equal statement. Computed fields nobody supplies are gone
 * before. */
void shape_key(struct buf *key, const struct request *rq, const struct selection *sel,
               const struct cursor *c);
/* One walk over a selection: gathers parameters, and makes text, plan->node and columns when b->sql is not
 * NULL. */
void statement_walk(struct plan_builder *b, const struct selection *sel, const struct cursor *c,
                    struct plan *plan);
/* Rows asked for when `limit` are wanted: few different numbers, so that limits do not multiply plans, and at
 * least one more than wanted. */
int statement_rows(int limit);

/* Cursor text -> values. False unless it was made by cursor_make for the same list, parameters and order. */
bool cursor_read(struct request *rq, const struct selection *sel, struct cursor *out);
/* base64url text for the row after which the next page starts. */
struct str cursor_make(struct request *rq, const struct plan *p, const struct selection *sel,
                       const PGresult *r, int row);

#endif
