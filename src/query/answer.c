/* Binary rows -> JSON, straight into the response's buffer. */
#include "query/internal.h"
#include "query/record.h"

#include "base/log.h"
#include "json/write.h"

/* PostgreSQL counts days and microseconds from 2000-01-01. */
#define PG_EPOCH_DAYS 10957
#define PG_EPOCH_US   INT64_C(946684800000000)

/* Where the next cell comes from: the columns of a result's row, or those of a record within one. */
struct source {
    const PGresult *r; /* NULL: record */
    int row, column;
    struct record_reader record;
};

struct answer {
    struct json_writer w;
    struct request *rq;
    const struct selection *sel;
    bool bad; /* something in the rows is not as the plan says */
};

static struct cell next_cell(struct source *s)
{
    if (!s->r) {
        return record_next(&s->record);
    }
    int column = s->column++;
    if (PQgetisnull(s->r, s->row, column)) {
        return (struct cell){ 0 };
    }
    return (struct cell){ PQgetvalue(s->r, s->row, column), (size_t)PQgetlength(s->r, s->row, column), 0 };
}

/* --- values by type --- */

static void write_uuid(struct answer *a, const struct plan_column *column, struct cell c, struct source *s)
{
    struct uuid u = { { 0 } };
    if (c.n == sizeof(u.b)) {
        memcpy(u.b, c.p, sizeof(u.b));
    } else {
        a->bad = true;
    }
    json_write_uuid(&a->w, &u);
}

static void write_text(struct answer *a, const struct plan_column *column, struct cell c, struct source *s)
{
    json_write_str(&a->w, (struct str){ c.p, c.n });
}

static void write_int(struct answer *a, const struct plan_column *column, struct cell c, struct source *s)
{
    json_write_int(&a->w, cell_int(c, &a->bad));
}

static void write_number(struct answer *a, const struct plan_column *column, struct cell c, struct source *s)
{
    json_write_double(&a->w, cell_float8(c, &a->bad));
}

static void write_bool(struct answer *a, const struct plan_column *column, struct cell c, struct source *s)
{
    a->bad = a->bad || c.n != 1;
    json_write_bool(&a->w, c.n == 1 && c.p[0] != 0);
}

/* Dates and instants beyond every calendar ("infinity") have no text in JSON. */
static void write_date(struct answer *a, const struct plan_column *column, struct cell c, struct source *s)
{
    int32_t days = cell_int4(c, &a->bad);
    if (days > DATE_MAX - PG_EPOCH_DAYS || days < DATE_MIN - PG_EPOCH_DAYS) {
        json_write_null(&a->w);
    } else {
        json_write_date(&a->w, days + PG_EPOCH_DAYS);
    }
}

static void write_time(struct answer *a, const struct plan_column *column, struct cell c, struct source *s)
{
    int64_t us = cell_int8(c, &a->bad);
    if (us == INT64_MAX || us == INT64_MIN) {
        json_write_null(&a->w);
    } else {
        json_write_time(&a->w, us + PG_EPOCH_US);
    }
}

/* The currency is the next column. A null amount is null money. */
static void write_money(struct answer *a, const struct plan_column *column, struct cell c, struct source *s)
{
    struct cell currency = next_cell(s);
    if (!c.p) {
        json_write_null(&a->w);
        return;
    }
    json_write_object(&a->w);
    JSON_MEMBER(&a->w, "amount", int, cell_int(c, &a->bad));
    JSON_MEMBER(&a->w, "currency", str, ((struct str){ currency.p, currency.n }));
    json_write_object_end(&a->w);
}

static void write_point(struct answer *a, const struct plan_column *column, struct cell c, struct source *s)
{
    bool whole = c.n == 16;
    a->bad = a->bad || !whole;
    struct cell lng = { c.p, 8, 0 }, lat = { whole ? c.p + 8 : NULL, 8, 0 };
    json_write_object(&a->w);
    JSON_MEMBER(&a->w, "lat", double, cell_float8(lat, &a->bad));
    JSON_MEMBER(&a->w, "lng", double, whole ? cell_float8(lng, &a->bad) : 0);
    json_write_object_end(&a->w);
}

static void write_texts(struct answer *a, const struct plan_column *column, struct cell c, struct source *s)
{
    struct record_reader r = array_start(c);
    struct cell item;
    json_write_array(&a->w);
    while (array_next(&r, &item)) {
        json_write_str(&a->w, (struct str){ item.p, item.n });
    }
    json_write_array_end(&a->w);
    a->bad = a->bad || r.bad || r.p != r.end;
}

static void write_words(struct answer *a, const struct plan_column *column, struct cell c, struct source *s)
{
    struct record_reader r = array_start(c);
    struct cell item;
    json_write_array(&a->w);
    while (array_next(&r, &item)) {
        int64_t n = cell_int(item, &a->bad);
        if (n >= 1 && n <= (int64_t)column->word_count) {
            json_write_raw(&a->w, column->words[n - 1]);
        }
    }
    json_write_array_end(&a->w);
    a->bad = a->bad || r.bad || r.p != r.end;
}

/* jsonb: a version byte, then text. */
static void write_json(struct answer *a, const struct plan_column *column, struct cell c, struct source *s)
{
    if (c.n < 2 || c.p[0] != 1) {
        a->bad = true;
        json_write_null(&a->w);
        return;
    }
    json_write_raw(&a->w, (struct str){ c.p + 1, c.n - 1 });
}

static void (*const writers[])(struct answer *a, const struct plan_column *column, struct cell c,
                               struct source *s) = {
    [FIELD_UUID] = write_uuid,   [FIELD_TEXT] = write_text,     [FIELD_ENUM] = write_text,
    [FIELD_INT] = write_int,     [FIELD_NUMBER] = write_number, [FIELD_BOOL] = write_bool,
    [FIELD_DATE] = write_date,   [FIELD_TIME] = write_time,     [FIELD_MONEY] = write_money,
    [FIELD_POINT] = write_point, [FIELD_TEXTS] = write_texts,   [FIELD_WORDS] = write_words,
    [FIELD_JSON] = write_json,
};

/* --- rows --- */

static void write_node(struct answer *a, const struct plan_node *node, struct source *s);

/* A text and, of money, the currency, put together by the op. Only selections with extras have such: the
 * root. */
static void write_shown(struct answer *a, const struct plan_column *column, struct source *s)
{
    struct cell c = next_cell(s);
    struct cell currency = column->field->type == FIELD_MONEY ? next_cell(s) : (struct cell){ 0 };
    if (!c.p) {
        json_write_null(&a->w);
        return;
    }
    a->sel->extra[column->shown].show(a->rq, &a->w, (struct str){ c.p, c.n },
                                      (struct str){ currency.p, currency.n });
}

/* Within records PostgreSQL says what it sends. Integers may be narrower: columns are read as they are
 * stored. */
static bool is_sent_as(uint32_t oid, enum field_type type)
{
    bool narrow = oid == INT2_OID || oid == INT4_OID;
    return oid == value_types[type].oid || (narrow && (type == FIELD_INT || type == FIELD_MONEY));
}

static void write_column(struct answer *a, const struct plan_column *column, struct source *s)
{
    enum field_type type = column->field->type;
    json_write_key_ready(&a->w, column->key);
    if (column->shown >= 0) {
        write_shown(a, column, s);
        return;
    }
    struct cell c = next_cell(s);
    a->bad = a->bad || (c.oid != 0 && !is_sent_as(c.oid, type));
    if (!c.p && type != FIELD_MONEY) {
        json_write_null(&a->w);
    } else {
        writers[type](a, column, c, s);
    }
}

static void write_record(struct answer *a, const struct plan_node *node, struct cell c)
{
    struct source s = { .record = record_start(c) };
    write_node(a, node, &s);
    a->bad = a->bad || s.record.bad || s.record.left != 0 || s.record.p != s.record.end;
}

static void write_records(struct answer *a, const struct plan_node *node, struct cell c)
{
    struct record_reader r = array_start(c);
    struct cell item;
    a->bad = a->bad || r.oid != RECORD_OID;
    json_write_array(&a->w);
    while (!a->bad && array_next(&r, &item)) {
        write_record(a, node, item);
    }
    json_write_array_end(&a->w);
    a->bad = a->bad || r.bad || r.p != r.end;
}

static void write_edge(struct answer *a, const struct plan_edge *e, struct source *s)
{
    json_write_key_ready(&a->w, e->key);
    struct cell c = next_cell(s);
    if (e->edge->kind == EDGE_MANY) {
        write_records(a, e->node, c);
    } else if (c.p) {
        write_record(a, e->node, c);
    } else {
        json_write_null(&a->w);
    }
}

static void write_node(struct answer *a, const struct plan_node *node, struct source *s)
{
    json_write_object(&a->w);
    for (size_t i = 0; i < node->column_count; i++) {
        write_column(a, &node->columns[i], s);
    }
    for (size_t i = 0; i < node->edge_count; i++) {
        write_edge(a, &node->edges[i], s);
    }
    json_write_object_end(&a->w);
}

static void write_row(struct answer *a, const struct plan *p, const PGresult *r, int row)
{
    struct source s = { .r = r, .row = row };
    write_node(a, &p->node, &s);
}

static void write_page(struct answer *a, struct request *rq, const struct plan *p,
                       const struct selection *sel, const PGresult *r, bool more)
{
    json_write_object(&a->w);
    json_write_key(&a->w, STR("next_cursor"));
    json_write_str(&a->w, more ? cursor_make(rq, p, sel, r, sel->limit - 1) : STR_NONE);
    JSON_MEMBER(&a->w, "has_more", bool, more);
    json_write_object_end(&a->w);
}

static void write_list(struct answer *a, struct request *rq, const struct plan *p,
                       const struct selection *sel, const PGresult *r)
{
    int rows = PQntuples(r);
    bool more = rows > sel->limit;
    json_write_object(&a->w);
    json_write_key(&a->w, STR("data"));
    json_write_array(&a->w);
    for (int row = 0; row < rows && row < sel->limit; row++) {
        write_row(a, p, r, row);
    }
    json_write_array_end(&a->w);
    json_write_key(&a->w, STR("page"));
    write_page(a, rq, p, sel, r, more);
    json_write_object_end(&a->w);
}

enum err plan_write(struct request *rq, const struct plan *p, const struct selection *sel, const PGresult *r)
{
    struct answer a = { .w = json_write_start(rq->res.body), .rq = rq, .sel = sel };
    if (!sel->single) {
        write_list(&a, rq, p, sel, r);
    } else if (PQntuples(r) == 0) {
        return fail(rq, ERR_NOT_FOUND, NULL, NULL);
    } else {
        write_row(&a, p, r, 0);
        if (p->version_column >= 0) {
            rq->res.etag_version = (uint64_t)db_get_int8(r, 0, p->version_column);
        }
    }
    if (a.bad) {
        LOG(LOG_ERROR, "rows are not as the plan says", LOG_TEXT("statement", p->statement.name));
        return fail(rq, ERR_INTERNAL, NULL, NULL);
    }
    return ERR_NONE;
}
