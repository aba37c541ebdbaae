/*
 * One walk over a selection makes the statement's text, the layout of its rows and its parameters. When the
 * plan is cached the same walk only gathers parameters: whoever adds a parameter must do it whether there is
 * text or not, and in the same order.
 */
#include "query/internal.h"

#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define ALIAS_SIZE 12
#define PARAMS_MIN 16
#define PARAMS_MAX 250

/* One scan of an entity. */
struct scan {
    const struct selection *sel;
    char alias[ALIAS_SIZE];
    const char *parent;                  /* alias; NULL at the root */
    int extra_base[SELECTION_EXTRA_MAX]; /* what is added to $n of each extra */
};

/* --- text and values --- */

static bool makes_text(const struct plan_builder *b)
{
    return b->sql != NULL;
}

static void text(struct plan_builder *b, const char *z)
{
    if (b->sql) {
        buf_addz(b->sql, z);
    }
}

void plan_sql(struct plan_builder *b, const char *fmt, ...)
{
    if (!b->sql) {
        return;
    }
    va_list ap;
    va_start(ap, fmt);
    buf_addz(b->sql, arena_vprintf(b->arena, fmt, ap));
    va_end(ap);
}

int plan_param(struct plan_builder *b, struct db_param p)
{
    if (b->count == b->capacity) {
        if (b->count >= PARAMS_MAX) {
            log_msg(LOG_ERROR, "too many parameters in one statement");
            abort();
        }
        int capacity = b->capacity ? b->capacity * 2 : PARAMS_MIN;
        struct db_param *more = ARENA_ARRAY(b->arena, struct db_param, (size_t)capacity);
        if (b->count) {
            memcpy(more, b->params, (size_t)b->count * sizeof(*more));
        }
        b->params = more;
        b->capacity = capacity;
    }
    b->params[b->count++] = p;
    return b->count;
}

struct arena *plan_arena(struct plan_builder *b)
{
    return b->arena;
}

/* "$12" in an extra's text: the number is relative to the extra's first parameter. */
static const char *renumber(struct plan_builder *b, const char *c, int base)
{
    int n = 0;
    for (c++; *c >= '0' && *c <= '9'; c++) {
        n = n * 10 + (*c - '0');
    }
    buf_addc(b->sql, '$');
    buf_addi(b->sql, n + base);
    return c;
}

/* {t} is the scan's alias and {p} its parent's. */
static void expand(struct plan_builder *b, const char *sql, const struct scan *s, int base)
{
    if (!b->sql) {
        return;
    }
    while (*sql) {
        if (strncmp(sql, "{t}", 3) == 0) {
            buf_addz(b->sql, s->alias);
            sql += 3;
        } else if (strncmp(sql, "{p}", 3) == 0 && s->parent) {
            buf_addz(b->sql, s->parent);
            sql += 3;
        } else if (*sql == '$' && sql[1] >= '0' && sql[1] <= '9') {
            sql = renumber(b, sql, base);
        } else {
            buf_addc(b->sql, *sql++);
        }
    }
}

static void scan_start(struct plan_builder *b, struct scan *s, const struct selection *sel,
                       const char *parent)
{
    s->sel = sel;
    s->parent = parent;
    snprintf(s->alias, sizeof(s->alias), "t%d", b->aliases++);
}

/* Values of all extras come first, so that a computed field may be mentioned any number of times. */
static void extra_params(struct plan_builder *b, struct scan *s)
{
    for (size_t i = 0; i < s->sel->extra_count; i++) {
        const struct selection_extra *x = &s->sel->extra[i];
        s->extra_base[i] = b->count;
        for (int n = 0; n < x->nparams; n++) {
            plan_param(b, x->params[n]);
        }
    }
}

/* The expression of a field, without cast. */
static void expression(struct plan_builder *b, const struct scan *s, const struct field *f)
{
    if (!(f->flags & FIELD_COMPUTED)) {
        expand(b, f->sql, s, 0);
        return;
    }
    for (size_t i = 0; i < s->sel->extra_count; i++) {
        if (s->sel->extra[i].field == f) {
            expand(b, s->sel->extra[i].sql, s, s->extra_base[i]);
            return;
        }
    }
}

/* --- select list --- */

static struct str ready_key(struct arena *a, const char *name)
{
    return str_from(arena_printf(a, "\"%s\":", name));
}

/* The vocabulary of FIELD_WORDS, ready for the writer. */
static void add_words(struct arena *a, struct plan_column *column)
{
    const char *const *values = column->field->values;
    size_t n = 0;
    while (values[n]) {
        n++;
    }
    struct str *words = ARENA_ARRAY(a, struct str, n);
    for (size_t i = 0; i < n; i++) {
        words[i] = str_from(arena_printf(a, "\"%s\"", values[i]));
    }
    column->words = words;
    column->word_count = n;
}

/* The extra that reads another expression than the field's; -1: none. */
static int shown_by(const struct scan *s, const struct field *f)
{
    for (size_t i = 0; i < s->sel->extra_count; i++) {
        if (s->sel->extra[i].field == f && s->sel->extra[i].shown) {
            return (int)i;
        }
    }
    return -1;
}

static void column_cast(struct plan_builder *b, const struct scan *s, const struct field *f, int shown,
                        bool first)
{
    text(b, first ? "(" : ",(");
    if (shown >= 0) {
        expand(b, s->sel->extra[shown].shown, s, s->extra_base[shown]);
        text(b, ")::text");
    } else {
        expression(b, s, f);
        text(b, ")");
        text(b, value_cast(f));
    }
    if (f->type == FIELD_MONEY) {
        text(b, ",(");
        expand(b, f->sql2, s, 0);
        text(b, ")::text");
    }
}

/* Returns the number of columns. */
static int field_columns(struct plan_builder *b, const struct scan *s, struct plan *plan,
                         struct plan_node *node)
{
    const struct entity *e = s->sel->entity;
    int columns = 0;
    node->columns = ARENA_ARRAY(plan->memory, struct plan_column, e->field_count);
    for (size_t i = 0; i < e->field_count; i++) {
        if (!((s->sel->fields >> i) & 1)) {
            continue;
        }
        const struct field *f = &e->fields[i];
        int shown = shown_by(s, f);
        struct plan_column *column = &node->columns[node->column_count++];
        *column = (struct plan_column){ .field = f, .key = ready_key(plan->memory, f->name), .shown = shown };
        if (f->type == FIELD_WORDS) {
            add_words(plan->memory, column);
        }
        column_cast(b, s, f, shown, columns == 0);
        columns += f->type == FIELD_MONEY ? 2 : 1;
    }
    return columns;
}

static void edge_column(struct plan_builder *b, const struct scan *parent, size_t i, struct plan *plan,
                        struct plan_node *node);

static int node_columns(struct plan_builder *b, const struct scan *s, struct plan *plan,
                        struct plan_node *node)
{
    int columns = 0;
    if (makes_text(b)) {
        node->entity = s->sel->entity;
        node->edges = ARENA_ARRAY(plan->memory, struct plan_edge, s->sel->edge_count);
        columns = field_columns(b, s, plan, node);
    }
    for (size_t i = 0; i < s->sel->edge_count; i++) {
        text(b, columns > 0 ? "," : "");
        edge_column(b, s, i, plan, node);
        columns++;
    }
    return columns;
}

static void scope(struct plan_builder *b, const struct scan *s)
{
    if (s->sel->open) {
        text(b, " and ");
        expand(b, s->sel->entity->open, s, 0);
    } else if (s->sel->entity->scope) {
        s->sel->entity->scope(b, b->who, s->alias);
    }
}

/* The joins every scan of the entity needs, and those of the op. */
static void joins(struct plan_builder *b, const struct scan *s)
{
    if (s->sel->entity->from) {
        text(b, " ");
        expand(b, s->sel->entity->from, s, 0);
    }
    if (s->sel->from) {
        text(b, " ");
        expand(b, s->sel->from, s, 0);
    }
}

static void from(struct plan_builder *b, const struct scan *s)
{
    plan_sql(b, " from %s %s", s->sel->entity->table, s->alias);
    joins(b, s);
}

/* (select row(...) from child where join and scope), for to-many edges in array(...). */
static void edge_column(struct plan_builder *b, const struct scan *parent, size_t i, struct plan *plan,
                        struct plan_node *node)
{
    const struct edge *edge = parent->sel->edges[i].edge;
    struct plan_node *child = NULL;
    struct scan s;
    scan_start(b, &s, parent->sel->edges[i].child, parent->alias);
    if (makes_text(b)) {
        child = ARENA_NEW(plan->memory, struct plan_node);
        node->edges[node->edge_count++] =
            (struct plan_edge){ edge, ready_key(plan->memory, edge->name), child };
    }
    text(b, edge->kind == EDGE_MANY ? "array(select row(" : "(select row(");
    node_columns(b, &s, plan, child);
    text(b, ")");
    from(b, &s);
    text(b, " where ");
    expand(b, edge->join, &s, 0);
    scope(b, &s);
    if (edge->kind == EDGE_MANY) {
        text(b, " order by ");
        expand(b, edge->order, &s, 0);
        plan_sql(b, " limit %d", edge->limit);
    } else {
        text(b, " limit 1");
    }
    text(b, ")");
}

/* --- conditions --- */

static void filter(struct plan_builder *b, const struct scan *s, const struct selection_filter *f)
{
    static const char *const operators[FILTER_OPS] = { " = ", " <> ", " < ",     " <= ",
                                                       " > ", " >= ", " = any(", "" };
    bool nullable = (f->field->flags & FIELD_NULLABLE) != 0;
    text(b, " and (");
    expression(b, s, f->field);
    text(b, ")");
    if (f->op == FILTER_NULL) {
        text(b, f->is_null ? " is null" : " is not null");
        return;
    }
    int n = plan_param(b, f->value);
    text(b, f->op == FILTER_NE && nullable ? " is distinct from " : operators[f->op]);
    plan_sql(b, "$%d%s", n, f->op == FILTER_IN ? ")" : "");
}

static bool nullable(const struct selection_sort *sort)
{
    return (sort->field->flags & FIELD_NULLABLE) != 0;
}

/* How many sorts from `i` on are one row comparison: never null, and in one direction. */
static size_t run_length(const struct selection *sel, size_t i)
{
    size_t end = i + 1;
    while (end < sel->sort_count && !nullable(&sel->sorts[end]) &&
           sel->sorts[end].descending == sel->sorts[i].descending) {
        end++;
    }
    return end - i;
}

static void row_of(struct plan_builder *b, const struct scan *s, size_t i, size_t n)
{
    text(b, "(");
    for (size_t k = i; k < i + n; k++) {
        text(b, k > i ? ", " : "");
        expression(b, s, s->sel->sorts[k].field);
    }
    text(b, ")");
}

static void row_of_params(struct plan_builder *b, const int *numbers, size_t i, size_t n)
{
    text(b, "(");
    for (size_t k = i; k < i + n; k++) {
        plan_sql(b, "%s$%d", k > i ? ", " : "", numbers[k]);
    }
    text(b, ")");
}

static void compare(struct plan_builder *b, const struct scan *s, const int *numbers, size_t i, size_t n,
                    const char *op)
{
    row_of(b, s, i, n);
    text(b, op);
    row_of_params(b, numbers, i, n);
}

static void after(struct plan_builder *b, const struct scan *s, const struct cursor *c, const int *numbers,
                  size_t i);

/* Nulls come last in either direction. */
static void after_nullable(struct plan_builder *b, const struct scan *s, const struct cursor *c,
                           const int *numbers, size_t i)
{
    if (!c->values[i].data) {
        row_of(b, s, i, 1);
        text(b, " is null and ");
        after(b, s, c, numbers, i + 1);
        return;
    }
    text(b, "(");
    compare(b, s, numbers, i, 1, s->sel->sorts[i].descending ? " < " : " > ");
    text(b, " or ");
    row_of(b, s, i, 1);
    text(b, " is null or ");
    compare(b, s, numbers, i, 1, " = ");
    text(b, " and ");
    after(b, s, c, numbers, i + 1);
    text(b, ")");
}

/* The first comparison alone is what an index can start from; the rest sorts out the rows equal in it. */
static void after_run(struct plan_builder *b, const struct scan *s, const struct cursor *c,
                      const int *numbers, size_t i, size_t n)
{
    bool descending = s->sel->sorts[i].descending;
    compare(b, s, numbers, i, n, descending ? " <= " : " >= ");
    text(b, " and (");
    compare(b, s, numbers, i, n, descending ? " < " : " > ");
    text(b, " or ");
    after(b, s, c, numbers, i + n);
    text(b, ")");
}

/* Rows that come after the cursor's in the order of sorts i..., as a row comparison where one will do (the
 * form with OR is slow on deep pages). The last sort is the key, which is never null. */
static void after(struct plan_builder *b, const struct scan *s, const struct cursor *c, const int *numbers,
                  size_t i)
{
    const struct selection *sel = s->sel;
    if (nullable(&sel->sorts[i])) {
        after_nullable(b, s, c, numbers, i);
        return;
    }
    size_t n = run_length(sel, i);
    if (i + n == sel->sort_count) {
        compare(b, s, numbers, i, n, sel->sorts[i].descending ? " < " : " > ");
    } else {
        after_run(b, s, c, numbers, i, n);
    }
}

static void page_start(struct plan_builder *b, const struct scan *s, const struct cursor *c)
{
    int numbers[SELECTION_SORTS_MAX + 1];
    if (c->count == 0) {
        return;
    }
    for (size_t i = 0; i < c->count; i++) {
        /* A null has no place in a comparison, so it has no parameter either. */
        numbers[i] = c->values[i].data ? plan_param(b, c->values[i]) : 0;
    }
    if (makes_text(b)) {
        text(b, " and ");
        after(b, s, c, numbers, 0);
    }
}

static void extra_conditions(struct plan_builder *b, const struct scan *s, bool late)
{
    for (size_t i = 0; i < s->sel->extra_count; i++) {
        const struct selection_extra *x = &s->sel->extra[i];
        if (!x->field && x->late == late) {
            expand(b, x->sql, s, s->extra_base[i]);
        }
    }
}

/* Whether conditions wait until the candidates are sorted. */
static bool has_late(const struct selection *sel)
{
    bool late = false;
    for (size_t i = 0; i < sel->extra_count; i++) {
        late |= sel->extra[i].late;
    }
    return late && sel->entity->page_first && !sel->single;
}

static void conditions(struct plan_builder *b, const struct scan *s, const struct cursor *c)
{
    const struct selection *sel = s->sel;
    text(b, " where ");
    if (sel->single) {
        int n = plan_param(b, sel->key_value ? *sel->key_value : db_uuid(&sel->key));
        expression(b, s, entity_key(sel->entity));
        plan_sql(b, " = $%d", n);
    } else {
        text(b, "true");
    }
    scope(b, s);
    extra_conditions(b, s, false);
    if (!has_late(sel)) {
        extra_conditions(b, s, true);
    }
    for (size_t i = 0; i < sel->filter_count; i++) {
        filter(b, s, &sel->filters[i]);
    }
    page_start(b, s, c);
}

static void order(struct plan_builder *b, const struct scan *s)
{
    for (size_t i = 0; i < s->sel->sort_count; i++) {
        const struct selection_sort *sort = &s->sel->sorts[i];
        text(b, i == 0 ? " order by " : ", ");
        expression(b, s, sort->field);
        text(b, sort->descending ? " desc" : "");
        text(b, nullable(sort) ? " nulls last" : "");
    }
}

/* --- whole statements --- */

int statement_rows(int limit)
{
    static const int steps[] = { 1, 5, 10, 20, 50, LIST_LIMIT_MAX };
    size_t i = 0;
    while (steps[i] < limit) {
        i++;
    }
    return steps[i] + 1;
}

/* Behind the visible columns: what the next cursor is made of, and the version. */
static void hidden_columns(struct plan_builder *b, const struct scan *s, int columns, struct plan *plan)
{
    const struct selection *sel = s->sel;
    plan->sort_column = plan->version_column = -1;
    if (!makes_text(b)) {
        return;
    }
    if (!sel->single && sel->sort_count > 0) {
        plan->sort_column = columns;
        plan->sort_count = sel->sort_count;
    }
    for (size_t i = 0; i < plan->sort_count; i++, columns++) {
        text(b, columns > 0 ? ",(" : "(");
        expression(b, s, sel->sorts[i].field);
        text(b, ")");
        text(b, value_types[sel->sorts[i].field->type].cast);
    }
    if (sel->single && sel->entity->version) {
        plan->version_column = columns;
        text(b, columns > 0 ? ",(" : "(");
        expand(b, sel->entity->version, s, 0);
        text(b, ")::int8");
    }
}

static void limit(struct plan_builder *b, const struct selection *sel)
{
    if (!sel->single && sel->limit > 0) {
        plan_sql(b, " limit %d", statement_rows(sel->limit));
    }
}

static void rows(struct plan_builder *b, const struct scan *s, const struct cursor *c)
{
    from(b, s);
    conditions(b, s, c);
    order(b, s);
}

/* The candidates in order, under the scan's own alias; the offset keeps the late conditions out of the sort.
 */
static void sorted_rows(struct plan_builder *b, const struct scan *s, const struct cursor *c)
{
    plan_sql(b, " from (select %s.*", s->alias);
    rows(b, s, c);
    plan_sql(b, " offset 0) %s where true", s->alias);
    extra_conditions(b, s, true);
}

/* The page's keys as a subquery with an alias of its own, then its rows; see page_first in entity.h. */
static void page_rows(struct plan_builder *b, const struct scan *s, const struct cursor *c)
{
    const struct field *key = entity_key(s->sel->entity);
    text(b, " from (select ");
    expression(b, s, key);
    text(b, " as key");
    if (has_late(s->sel)) {
        sorted_rows(b, s, c);
    } else {
        rows(b, s, c);
    }
    limit(b, s->sel);
    plan_sql(b, ") page join %s %s on ", s->sel->entity->table, s->alias);
    expression(b, s, key);
    text(b, " = page.key");
    joins(b, s);
    order(b, s);
}

void statement_walk(struct plan_builder *b, const struct selection *sel, const struct cursor *c,
                    struct plan *plan)
{
    struct scan s;
    struct plan unused;
    struct plan *p = plan ? plan : &unused;
    scan_start(b, &s, sel, NULL);
    extra_params(b, &s);
    text(b, "select ");
    hidden_columns(b, &s, node_columns(b, &s, p, &p->node), p);
    if (sel->entity->page_first && !sel->single) {
        page_rows(b, &s, c);
    } else {
        rows(b, &s, c);
        limit(b, sel);
    }
}
