/* The library the tests of src/query read from. */
#include "query/query_tests.h"

#include "http/op.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const genres[] = { "novel", "science", "travel", NULL };

static const struct field author_fields[] = {
    { "id", FIELD_UUID, "{t}.id", NULL, 0, NULL, PERM_PUBLIC, NULL, "Id." },
    { "name", FIELD_TEXT, "{t}.name", NULL, 0, NULL, PERM_PUBLIC, NULL, "Name." },
    { "email", FIELD_TEXT, "{t}.email", NULL, 0, NULL, PERM_USER_READ, NULL, "Address." },
};

static const struct edge author_edges[] = {
    { "books", EDGE_MANY, &entity_book, "{t}.author_id = {p}.id", "{t}.title, {t}.id", 10, false, "Books." },
};

const struct entity entity_author = {
    .name = "author",
    .type = "Author",
    .plural = "authors",
    .table = "authors",
    .key = "id",
    .fields = author_fields,
    .field_count = 3,
    .edges = author_edges,
    .edge_count = 1,
    .doc = "An author.",
};

static const struct field note_fields[] = {
    { "id", FIELD_UUID, "{t}.id", NULL, 0, NULL, PERM_PUBLIC, NULL, "Id." },
    { "said", FIELD_TEXT, "{t}.said", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL, "Text." },
    { "cost", FIELD_MONEY, "{t}.cost", "'EUR'", FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL, "Cost." },
};

static void note_scope(struct plan_builder *b, const struct principal *who, const char *alias)
{
    if (who->known) {
        int me = plan_param(b, db_uuid(&who->user));
        plan_sql(b, " and (%s.owner is null or %s.owner = $%d)", alias, alias, me);
    } else {
        plan_sql(b, " and %s.owner is null", alias);
    }
}

const struct entity entity_note = {
    .name = "note",
    .type = "Note",
    .plural = "notes",
    .table = "notes",
    .key = "id",
    .fields = note_fields,
    .field_count = 3,
    .scope = note_scope,
    .open = "{t}.owner is null",
    .doc = "A note.",
};

static const struct field book_fields[] = {
    { "id", FIELD_UUID, "{t}.id", NULL, FIELD_SORT, NULL, PERM_PUBLIC, NULL, "Id." },
    { "title", FIELD_TEXT, "{t}.title", NULL, FIELD_FILTER | FIELD_SORT, NULL, PERM_PUBLIC, NULL, "Title." },
    { "genre", FIELD_ENUM, "{t}.genre", NULL, FIELD_FILTER, genres, PERM_PUBLIC, NULL, "Genre." },
    { "pages", FIELD_INT, "{t}.pages", NULL, FIELD_FILTER | FIELD_SORT, NULL, PERM_PUBLIC, NULL, "Pages." },
    { "price", FIELD_MONEY, "{t}.price", "{t}.currency", FIELD_FILTER | FIELD_SORT, NULL, PERM_PUBLIC, NULL,
      "Price." },
    { "rating", FIELD_NUMBER, "{t}.rating", NULL, FIELD_FILTER | FIELD_SORT | FIELD_NULLABLE, NULL,
      PERM_PUBLIC, NULL, "Rating." },
    { "in_print", FIELD_BOOL, "{t}.in_print", NULL, FIELD_FILTER, NULL, PERM_PUBLIC, NULL, "In print." },
    { "published", FIELD_DATE, "{t}.published", NULL, FIELD_FILTER, NULL, PERM_PUBLIC, NULL, "Published." },
    { "added_at", FIELD_TIME, "{t}.added_at", NULL, FIELD_FILTER | FIELD_SORT, NULL, PERM_PUBLIC, NULL,
      "Added." },
    { "shelf", FIELD_POINT, "{t}.shelf", NULL, 0, NULL, PERM_PUBLIC, NULL, "Where it stands." },
    { "tags", FIELD_TEXTS, "{t}.tags", NULL, 0, NULL, PERM_PUBLIC, NULL, "Tags." },
    { "extra", FIELD_JSON, "{t}.extra", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL, "Anything." },
    { "labels", FIELD_WORDS, "{t}.labels", NULL, 0, genres, PERM_PUBLIC, NULL, "Numbers of genres." },
    { "author_id", FIELD_UUID, "{t}.author_id", NULL, FIELD_FILTER | FIELD_HIDDEN | FIELD_NULLABLE, NULL,
      PERM_PUBLIC, NULL, "Author." },
    { "distance", FIELD_NUMBER, "null", NULL, FIELD_COMPUTED | FIELD_SORT | FIELD_FILTER, NULL, PERM_PUBLIC,
      NULL, "How far." },
};

static const struct edge book_edges[] = {
    { "author", EDGE_ONE, &entity_author, "{t}.id = {p}.author_id", NULL, 0, true, "Author." },
    { "notes", EDGE_MANY, &entity_note, "{t}.book_id = {p}.id", "{t}.id", 3, false, "Notes." },
};

const struct entity entity_book = {
    .name = "book",
    .type = "Book",
    .plural = "books",
    .table = "books",
    .key = "id",
    .version = "{t}.version",
    .fields = book_fields,
    .field_count = sizeof(book_fields) / sizeof(book_fields[0]),
    .edges = book_edges,
    .edge_count = 2,
    .default_sort = "-added_at",
    .doc = "A book.",
};

/* The same books, their keys found first. */
static const struct entity entity_paged = {
    .name = "paged",
    .type = "Paged",
    .plural = "paged",
    .table = "books",
    .key = "id",
    .from = "left join authors {t}a on {t}a.id = {t}.author_id",
    .fields = book_fields,
    .field_count = sizeof(book_fields) / sizeof(book_fields[0]),
    .default_sort = "-added_at",
    .page_first = true,
    .doc = "A book.",
};

struct books_in {
    struct shape_seen seen;
    struct str q;
    bool far;
};
static const struct shape_field in_fields[] = {
    { .name = "q",
      .type = SHAPE_STRING,
      .in = IN_QUERY,
      .offset = offsetof(struct books_in, q),
      .min = 1,
      .max = 100 },
    { .name = "far", .type = SHAPE_BOOL, .in = IN_QUERY, .offset = offsetof(struct books_in, far) },
};
static const struct shape books_in = {
    .name = "BookSearch", .fields = in_fields, .count = 2, .size = sizeof(struct books_in)
};

static enum err books_prepare(struct request *r, struct selection *sel)
{
    const struct books_in *in = r->in;
    struct db_param *p = ARENA_NEW(r->arena, struct db_param);
    if (SHAPE_HAS(in, 0)) {
        *p = db_text(in->q);
        selection_where(sel, " and {t}.title like '%' || $1 || '%'", p, 1);
    }
    if (in->far) {
        p = ARENA_NEW(r->arena, struct db_param);
        *p = db_float8(r->arena, 1);
        selection_compute(sel, "distance", "abs({t}.shelf[0] - $1)", p, 1);
    }
    return ERR_NONE;
}

const struct op op_books = { .name = "book_list",
                             .path = "/v1/books",
                             .flags = OP_LIST,
                             .in = &books_in,
                             .entity = &entity_book,
                             .prepare = books_prepare,
                             .exec = read_exec };

/* With q its condition comes after the sort. */
static enum err paged_prepare(struct request *r, struct selection *sel)
{
    const struct books_in *in = r->in;
    if (SHAPE_HAS(in, 0)) {
        struct db_param *p = ARENA_NEW(r->arena, struct db_param);
        *p = db_text(in->q);
        selection_where_late(sel, " and {t}.title <> $1", p, 1);
    }
    return ERR_NONE;
}

const struct op op_paged = { .name = "paged_list",
                             .path = "/v1/paged",
                             .flags = OP_LIST,
                             .in = &books_in,
                             .entity = &entity_paged,
                             .prepare = paged_prepare,
                             .exec = read_exec };

struct book_in {
    struct shape_seen seen;
    struct uuid id;
};
static const struct shape_field book_in_fields[] = {
    { .name = "id",
      .type = SHAPE_UUID,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct book_in, id) },
};
static const struct shape book_in = {
    .name = "BookRead", .fields = book_in_fields, .count = 1, .size = sizeof(struct book_in)
};
const struct op op_book = { .name = "book_read",
                            .path = "/v1/books/{id}",
                            .flags = OP_ITEM,
                            .in = &book_in,
                            .entity = &entity_book,
                            .exec = read_exec };
const struct op op_note = { .name = "note_read",
                            .path = "/v1/notes/{id}",
                            .flags = OP_ITEM,
                            .in = &book_in,
                            .entity = &entity_note,
                            .exec = read_exec };

/* --- requests --- */

struct request *rq;
static struct arena *arena;
static struct buf body;
static struct db *db;
static struct options *options;

static void add_params(const char *query)
{
    struct str rest = str_from(arena_strdup(arena, str_from(query))), item, name;
    while (rest.n > 0 && str_split(&rest, '&', &item)) {
        if (item.n == 0 || !str_split(&item, '=', &name)) {
            continue;
        }
        rq->query_params[rq->query_param_count++] = (struct json_param){ name, item.p ? item : STR("") };
    }
}

void fixture_request(const struct op *op, const char *query)
{
    if (!arena) {
        char error[256];
        options = options_load(NULL, error, sizeof(error));
        ck_assert_msg(options != NULL, "%s", error);
        arena = arena_create(32768, 1 << 24);
        buf_init(&body, 1 << 20);
        db = db_create(options, DB_ROLE_API); /* connects on first use */
    }
    arena_reset(arena);
    buf_reset(&body);
    rq = ARENA_NEW(arena, struct request);
    rq->arena = arena;
    rq->violations.arena = arena;
    rq->res.body = &body;
    rq->op = op;
    rq->db = db;
    rq->options = options;
    rq->path = STR("/v1/books");
    rq->secret = STR("0123456789abcdef0123456789abcdef");
    add_params(query);
}

void fixture_end(void)
{
    db_close(db);
    buf_free(&body);
    arena_destroy(arena);
    options_free(options);
    arena = NULL;
}

struct str fixture_body(void)
{
    return buf_str(&body);
}

void fixture_super(const char *sql)
{
    FILE *psql = popen(
        "PGOPTIONS='-c client_min_messages=warning' psql -X -q -v ON_ERROR_STOP=1 \"$NEXUS_TEST_SUPERUSER\" "
        ">/dev/null",
        "w");
    ck_assert_ptr_nonnull(psql);
    fputs(sql, psql);
    ck_assert_int_eq(pclose(psql), 0);
}

void fixture_tables(void)
{
    fixture_super(
        "drop table if exists notes, books, authors;"
        "create table authors (id uuid primary key, name text, email text);"
        "create table books (id uuid primary key, title text not null, genre text not null default 'novel',"
        " pages smallint not null default 100, price bigint not null default 999, currency text not null "
        "default 'EUR',"
        " rating float8, in_print bool not null default true, published date not null default '2001-02-03',"
        " added_at timestamptz not null default '2026-01-02 03:04:05.5Z', shelf point not null default "
        "'(1.5,-2)',"
        " tags text[] not null default '{}', extra jsonb, labels smallint[] not null default '{2,9,1,0,-1}', "
        "author_id uuid references authors, version bigint "
        "not null default 7);"
        "create table notes (id uuid primary key, book_id uuid references books, owner uuid, said text, cost "
        "bigint);"
        "insert into authors values ('00000000-0000-0000-0000-0000000000a1', 'Ann \"A\"', 'ann@example.org');"
        "insert into books (id, title, tags, extra, author_id, rating, pages) values"
        " ('00000000-0000-0000-0000-0000000000b1', 'One', '{x,\"y z\",null}', '{\"a\":[1]}',"
        " '00000000-0000-0000-0000-0000000000a1', 4.5, 3),"
        " ('00000000-0000-0000-0000-0000000000b2', 'Two', '{}', null, null, null, 3);"
        "insert into notes values ('00000000-0000-0000-0000-0000000000c1', "
        "'00000000-0000-0000-0000-0000000000b1', null, 'hm', 5),"
        " ('00000000-0000-0000-0000-0000000000c2', '00000000-0000-0000-0000-0000000000b1',"
        " '00000000-0000-0000-0000-0000000000d1', 'secret', null),"
        " ('00000000-0000-0000-0000-0000000000c3', '00000000-0000-0000-0000-0000000000b1', null, null, null);"
        "grant select on authors, books, notes to nexus_api;");
}

const char *fixture_sql(const struct op *op, const char *query)
{
    const struct plan *plan;
    struct db_param *params;
    int n;
    fixture_request(op, query);
    struct selection *sel = selection_from_query(rq, op->entity, (op->flags & OP_LIST) != 0);
    sel->single = (op->flags & OP_ITEM) != 0;
    ck_assert_msg(rq->violations.count == 0, "%s", rq->violations.count ? rq->violations.list[0].detail : "");
    if (op->flags & OP_LIST) {
        ck_assert_int_eq(request_decode(rq), ERR_NONE);
        ck_assert_int_eq(op->prepare(rq, sel), ERR_NONE);
    }
    ck_assert_int_eq(plan_make(rq, sel, &plan, &params, &n), ERR_NONE);
    return plan_statement(plan)->sql;
}
