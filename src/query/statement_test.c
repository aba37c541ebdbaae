/* Snapshots of the text the planner makes, by shape. */
#include "query/query_tests.h"

#include "http/op.h"

#define SHOWN " from books t0 where true"

START_TEST(texts_are_as_expected)
{
    static const struct {
        const struct op *op;
        const char *query, *sql;
    } cases[] = {
        { &op_book, "fields=id,price",
          "select (t0.id)::uuid,(t0.price),(t0.currency)::text,(t0.version)::int8"
          " from books t0 where t0.id = $1" },
        { &op_books, "fields=title",
          "select (t0.title)::text,(t0.added_at)::timestamptz,(t0.id)::uuid" SHOWN
          " order by t0.added_at desc, t0.id desc limit 21" },
        { &op_books, "fields=title&sort=pages&limit=21",
          "select (t0.title)::text,(t0.pages)::int8,(t0.id)::uuid" SHOWN
          " order by t0.pages, t0.id limit 51" },
        { &op_books, "fields=title&sort=-rating&limit=1",
          "select (t0.title)::text,(t0.rating)::float8,(t0.id)::uuid" SHOWN
          " order by t0.rating desc nulls last, t0.id desc limit 2" },
        { &op_books,
          "fields=title&sort=title&pages[gte]=3&genre[in]=novel,travel&rating[ne]=2&rating[null]=true&price["
          "lt]=5",
          "select (t0.title)::text,(t0.title)::text,(t0.id)::uuid" SHOWN
          " and (t0.pages) >= $1 and (t0.genre) = any($2) and (t0.rating) is distinct from $3 and "
          "(t0.rating) is null"
          " and (t0.price) < $4 order by t0.title, t0.id limit 21" },
        { &op_book, "fields=author.name,notes.said",
          "select (select row((t1.name)::text) from authors t1 where t1.id = t0.author_id limit 1),"
          "array(select row((t2.said)::text) from notes t2 where t2.book_id = t0.id and t2.owner is null"
          " order by t2.id limit 3),(t0.version)::int8 from books t0 where t0.id = $1" },
        { &op_books, "fields=title,distance&sort=distance&far=true&q=x",
          "select (t0.title)::text,(abs(t0.shelf[0] - $2))::float8,(abs(t0.shelf[0] - "
          "$2))::float8,(t0.id)::uuid" SHOWN
          " and t0.title like '%' || $1 || '%' order by abs(t0.shelf[0] - $2), t0.id limit 21" },
        { &op_paged, "fields=title&sort=pages&pages[lt]=9",
          "select (t0.title)::text,(t0.pages)::int8,(t0.id)::uuid from (select t0.id as key from books t0"
          " left join authors t0a on t0a.id = t0.author_id where true and (t0.pages) < $1 order by t0.pages, "
          "t0.id limit 21)"
          " page join books t0 on t0.id = page.key left join authors t0a on t0a.id = t0.author_id"
          " order by t0.pages, t0.id" },
        { &op_paged, "fields=title&sort=id&q=x",
          "select (t0.title)::text,(t0.id)::uuid from (select t0.id as key from (select t0.* from books t0"
          " left join authors t0a on t0a.id = t0.author_id where true order by t0.id offset 0) t0 where true"
          " and t0.title <> $1 limit 21) page join books t0 on t0.id = page.key"
          " left join authors t0a on t0a.id = t0.author_id order by t0.id" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_str_eq(fixture_sql(cases[i].op, cases[i].query), cases[i].sql);
    }
}
END_TEST

START_TEST(equal_shapes_share_a_plan)
{
    static const char *const same[] = { "pages=3&limit=19", "pages=900&limit=20", "limit=11&pages=-1" };
    static const char *const other[] = { "pages[ne]=3",       "pages=3&limit=5",        "pages=3&sort=-pages",
                                         "pages=3&fields=id", "pages=3&include=author", "pages=3&q=x",
                                         "pages=3&far=true" };
    const char *sql = fixture_sql(&op_books, same[0]);
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        ck_assert_ptr_eq(fixture_sql(&op_books, same[i]), sql);
    }
    for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
        ck_assert_ptr_ne(fixture_sql(&op_books, other[i]), sql);
    }
    ck_assert_ptr_eq(fixture_sql(&op_books, same[1]), sql);
}
END_TEST

START_TEST(the_cache_is_bounded)
{
    char query[64];
    for (int round = 0; round < 2; round++) {
        for (unsigned bits = 1; bits < 1500; bits++) {
            size_t n = (size_t)snprintf(query, sizeof(query), "fields=id");
            static const char *const names[] = { "title",  "genre",     "pages",    "price",
                                                 "rating", "in_print",  "tags",     "extra",
                                                 "shelf",  "author_id", "published" };
            for (unsigned i = 0; i < 4; i++) {
                const char *name = names[(bits >> (2 * i)) % 11];
                n += (size_t)snprintf(query + n, sizeof(query) - n, ",%s", name);
            }
            ck_assert_ptr_nonnull(strstr(fixture_sql(&op_books, query), "select (t0.id)::uuid"));
        }
    }
}
END_TEST

START_TEST(computed_fields_need_an_op_that_supplies_them)
{
    static const struct {
        const char *query, *pointer;
    } cases[] = { { "fields=distance", "/fields" },
                  { "sort=distance", "/sort" },
                  { "distance[lt]=3", "/distance" } };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fixture_request(&op_books, cases[i].query);
        ck_assert_int_eq(read_exec(rq), ERR_BAD_PARAMETER);
        ck_assert_str_eq(rq->violations.list[0].pointer, cases[i].pointer);
    }
    ck_assert_ptr_null(strstr(fixture_sql(&op_books, ""), "abs("));
    ck_assert_ptr_nonnull(strstr(fixture_sql(&op_books, "far=true"), "abs("));
}
END_TEST

START_TEST(a_scope_differs_by_principal)
{
    const char *nobody = fixture_sql(&op_book, "include=notes");
    fixture_request(&op_book, "include=notes");
    rq->principal.known = true;
    struct selection *sel = selection_from_query(rq, &entity_book, false);
    sel->single = true;
    const struct plan *plan;
    struct db_param *params;
    int n;
    ck_assert_int_eq(plan_make(rq, sel, &plan, &params, &n), ERR_NONE);
    ck_assert_int_eq(n, 2);
    ck_assert_ptr_eq(params[0].data, rq->principal.user.b);
    ck_assert_ptr_nonnull(strstr(plan_statement(plan)->sql, "(t1.owner is null or t1.owner = $1)"));
    ck_assert_str_ne(plan_statement(plan)->sql, nobody);
}
END_TEST

START_TEST(rows_asked_for)
{
    for (int limit = 1; limit <= LIST_LIMIT_MAX; limit++) {
        ck_assert_int_gt(statement_rows(limit), limit);
    }
    ck_assert_int_eq(statement_rows(1), 2);
    ck_assert_int_eq(statement_rows(20), 21);
    ck_assert_int_eq(statement_rows(100), 101);
}
END_TEST

void statement_tests(Suite *s)
{
    TCase *c = tcase_create("statement");
    tcase_add_checked_fixture(c, NULL, fixture_end);
    tcase_add_test(c, texts_are_as_expected);
    tcase_add_test(c, equal_shapes_share_a_plan);
    tcase_add_test(c, the_cache_is_bounded);
    tcase_add_test(c, computed_fields_need_an_op_that_supplies_them);
    tcase_add_test(c, a_scope_differs_by_principal);
    tcase_add_test(c, rows_asked_for);
    suite_add_tcase(s, c);
}
