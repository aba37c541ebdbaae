/* Tests of select.c, filter.c and value.c: what query strings are taken for. */
#include "query/query_tests.h"

#include "http/op.h"

#include <stdlib.h>

START_TEST(bad_parameters_are_named)
{
    static const struct {
        const struct op *op;
        const char *query, *pointer, *detail;
    } cases[] = {
        { &op_books, "fields=titel", "/fields", "There is no field \"titel\". Did you mean title?" },
        { &op_books, "fields=", "/fields", "There is no field \"\"." },
        { &op_books, "fields=author.email", "/fields", "email is not shown to this account." },
        { &op_books, "include=autor", "/include", "There is no edge \"autor\". Did you mean author?" },
        { &op_books, "include=author.books.author.books", "/include",
          "At most 16 edges, each at most 3 deep, can be included." },
        { &op_books, "sort=published", "/sort", "There is no order \"published\"." },
        { &op_books, "sort=prise", "/sort", "There is no order \"prise\". Did you mean price?" },
        { &op_books, "sort=price,-price", "/sort", "price is named twice." },
        { &op_books, "sort=title,pages,price,rating,added_at", "/sort", "At most 4 fields order a list." },
        { &op_books, "limit=0", "/limit", "limit is a whole number from 1 to 100." },
        { &op_books, "limit=101", "/limit", "limit is a whole number from 1 to 100." },
        { &op_books, "limit=1e1", "/limit", "limit is a whole number from 1 to 100." },
        { &op_books, "pagez=3", "/pagez", "There is no parameter \"pagez\". Did you mean pages?" },
        { &op_books, "cursr=x", "/cursr", "There is no parameter \"cursr\". Did you mean cursor?" },
        { &op_books, "id=3", "/id", "The list cannot be filtered by id." },
        { &op_books, "pages=many", "/pages", "The value is a whole number." },
        { &op_books, "pages=99999999999999999999", "/pages", "The value is a whole number." },
        { &op_books, "pages[like]=3", "/pages[like]",
          "A filter is name[op] with eq, ne, lt, lte, gt, gte, in or null." },
        { &op_books, "pages[lt=3", "/pages[lt",
          "A filter is name[op] with eq, ne, lt, lte, gt, gte, in or null." },
        { &op_books, "pages[null]=true", "/pages[null]",
          "pages can be filtered with eq, ne, lt, lte, gt, gte, in." },
        { &op_books, "genre[lt]=novel", "/genre[lt]", "genre can be filtered with eq, ne, in." },
        { &op_books, "genre=poem", "/genre", "The value is one of novel, science, travel." },
        { &op_books, "genre[in]=novel,poem", "/genre[in]", "The value is one of novel, science, travel." },
        { &op_books, "price[lte]=9.99", "/price[lte]", "The value is a whole number of minor units." },
        { &op_books, "rating[gte]=nan", "/rating[gte]", "The value is a number." },
        { &op_books, "rating[gte]=0x10", "/rating[gte]", "The value is a number." },
        { &op_books, "rating[gte]=1e999", "/rating[gte]", "The value is a number." },
        { &op_books, "rating[null]=1", "/rating[null]", "The value is true or false." },
        { &op_books, "in_print=yes", "/in_print", "The value is true or false." },
        { &op_books, "published=2026-02-30", "/published", "The value is a date, YYYY-MM-DD." },
        { &op_books, "added_at[gt]=2026-01-02", "/added_at[gt]",
          "The value is a time as in RFC 3339, 2026-01-02T03:04:05Z." },
        { &op_books, "author_id=1", "/author_id", "The value is a UUID." },
        { &op_book, "limit=3", "/limit", "There is no parameter \"limit\"." },
        { &op_book, "include=notes.x", "/include", "There is no edge \"x\"." },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fixture_request(cases[i].op, cases[i].query);
        selection_from_query(rq, &entity_book, (cases[i].op->flags & OP_LIST) != 0);
        ck_assert_msg(rq->violations.count == 1, "%s: %zu violations", cases[i].query, rq->violations.count);
        ck_assert_str_eq(rq->violations.list[0].pointer, cases[i].pointer);
        ck_assert_str_eq(rq->violations.list[0].detail, cases[i].detail);
        ck_assert_uint_eq(rq->query_param_count, 0);
    }
}
END_TEST

START_TEST(all_violations_are_reported)
{
    fixture_request(&op_books, "limit=x&sort=x&wat=1&q=fine&pages=x");
    selection_from_query(rq, &entity_book, true);
    ck_assert_uint_eq(rq->violations.count, 4);
    ck_assert_uint_eq(rq->query_param_count, 1); /* q belongs to the op's shape */
    ck_assert_int_eq(request_decode(rq), ERR_BAD_PARAMETER);
}
END_TEST

START_TEST(selections_are_understood)
{
    fixture_request(
        &op_books,
        "fields=title,author.name&include=notes&sort=-price,title&limit=7&rating[null]=false&pages=3");
    struct selection *sel = selection_from_query(rq, &entity_book, true);
    ck_assert_uint_eq(rq->violations.count, 0);
    ck_assert_uint_eq(sel->fields, 2);
    ck_assert_uint_eq(sel->edge_count, 2);
    ck_assert_uint_eq(sel->edges[0].child->fields, 2);
    ck_assert_uint_eq(sel->edges[1].child->fields, 7);
    ck_assert_int_eq(sel->limit, 7);
    ck_assert_uint_eq(sel->sort_count, 3);
    ck_assert(sel->sorts[0].descending && !sel->sorts[1].descending && !sel->sorts[2].descending);
    ck_assert_str_eq(sel->sorts[2].field->name, "id");
    ck_assert_uint_eq(sel->filter_count, 2);
    ck_assert(selection_uses(sel, "price") && selection_uses(sel, "pages") &&
              !selection_uses(sel, "in_print"));
}
END_TEST

START_TEST(fields_of_an_edge_alone_show_only_it)
{
    fixture_request(&op_book, "fields=author.name");
    struct selection *sel = selection_from_query(rq, &entity_book, false);
    ck_assert_uint_eq(sel->fields, 0);
    ck_assert_uint_eq(sel->edges[0].child->fields, 2);
}
END_TEST

START_TEST(levels_on_the_way_show_nothing_of_their_own)
{
    fixture_request(&op_book, "fields=author.books.title");
    struct selection *sel = selection_from_query(rq, &entity_book, false);
    ck_assert_uint_eq(sel->edges[0].child->fields, 0);
    ck_assert_uint_eq(sel->edges[0].child->edges[0].child->fields, 2);
    fixture_request(&op_book, "fields=author.books.title&include=author");
    sel = selection_from_query(rq, &entity_book, false);
    ck_assert_uint_eq(sel->edges[0].child->fields, 3);
}
END_TEST

/* Whatever is put together of such pieces is taken, or refused with a violation. */
START_TEST(odd_query_strings_are_survived)
{
    static const char *const pieces[] = {
        "fields=",    "include=", "sort=",     "limit=", "cursor=", "title",  "author",   "notes",
        "books",      ".",        ",",         "-",      "[",       "]",      "[in]=",    "[null]",
        "=",          "&",        "rating",    "price",  "pages",   "true",   "1",        "100",
        "2026-01-02", "\xc3\xa9", "999999999", "genre",  "novel",   "[gte]=", "distance", "far=true&",
        "~",          "/",        "%",         "AAAA",
    };
    srand(7);
    for (int round = 0; round < 30000; round++) {
        char query[400] = "";
        for (int n = rand() % 14; n >= 0; n--) {
            strncat(query, pieces[(size_t)rand() % (sizeof(pieces) / sizeof(pieces[0]))], 20);
        }
        bool list = rand() % 3 > 0;
        fixture_request(list ? &op_books : &op_book, query);
        struct selection *sel = selection_from_query(rq, &entity_book, list);
        sel->single = !list;
        const struct plan *plan;
        struct db_param *params;
        int n;
        if (rq->violations.count == 0 && plan_make(rq, sel, &plan, &params, &n) == ERR_NONE) {
            ck_assert_int_eq(n, plan_statement(plan)->nparams);
        } else {
            ck_assert(rq->violations.count > 0 || rq->err == ERR_BAD_CURSOR);
        }
    }
}
END_TEST

START_TEST(times_are_parsed)
{
    static const struct {
        const char *text;
        int64_t us; /* -1: refused */
    } cases[] = {
        { "1970-01-01T00:00:01Z", 1000000 },
        { "1970-01-01T00:00:01.5Z", 1500000 },
        { "1970-01-01T02:00:01+02:00", 1000000 },
        { "1970-01-01T02:00:01 02:00", 1000000 },
        { "1969-12-31T23:00:01-01:00", 1000000 },
        { "1970-01-01T00:00:00.000001z", 1 },
        { "1970-01-01T00:00:01", -1 },
        { "1970-01-01T24:00:00Z", -1 },
        { "1970-01-01T00:60:00Z", -1 },
        { "1970-01-01T00:00:60Z", -1 },
        { "1970-01-01T00:00:00.Z", -1 },
        { "1970-01-01T00:00:00.1234567Z", -1 },
        { "1970-01-01 00:00:00Z", -1 },
        { "1970-01-01T00:00:00+24:00", -1 },
        { "1970-01-01T00:00:00Zx", -1 },
        { "1970-02-30T00:00:00Z", -1 },
        { "", -1 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t us = -1;
        bool ok = value_parse_time(str_from(cases[i].text), &us);
        ck_assert_msg(ok == (cases[i].us >= 0) && (!ok || us == cases[i].us), "%s", cases[i].text);
    }
}
END_TEST

void select_tests(Suite *s)
{
    TCase *c = tcase_create("select");
    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, NULL, fixture_end);
    tcase_add_test(c, bad_parameters_are_named);
    tcase_add_test(c, all_violations_are_reported);
    tcase_add_test(c, selections_are_understood);
    tcase_add_test(c, fields_of_an_edge_alone_show_only_it);
    tcase_add_test(c, levels_on_the_way_show_nothing_of_their_own);
    tcase_add_test(c, odd_query_strings_are_survived);
    tcase_add_test(c, times_are_parsed);
    suite_add_tcase(s, c);
}
