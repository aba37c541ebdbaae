/* Reading through a real server: every type, edges, paging in every order. */
#include "query/query_tests.h"

#include "http/op.h"

#include <stdlib.h>

static const char *get(const struct op *op, const char *query)
{
    fixture_request(op, query);
    rq->path_params[0] = (struct json_param){ STR("id"), STR("00000000-0000-0000-0000-0000000000b1") };
    rq->path_param_count = op == &op_book ? 1 : 0;
    enum err e = read_exec(rq);
    ck_assert_msg(e == ERR_NONE, "%s: %s %s", query, err_info(e)->code, db_error(rq->db));
    return arena_strdup(rq->arena, fixture_body());
}

START_TEST(every_type_is_written)
{
    ck_assert_str_eq(
        get(&op_book, ""),
        "{\"id\":\"00000000-0000-0000-0000-0000000000b1\",\"title\":\"One\",\"genre\":\"novel\",\"pages\":3,"
        "\"price\":{\"amount\":999,\"currency\":\"EUR\"},\"rating\":4.5,\"in_print\":true,\"published\":"
        "\"2001-02-03\","
        "\"added_at\":\"2026-01-02T03:04:05.500000Z\",\"shelf\":{\"lat\":-2,\"lng\":1.5},\"tags\":[\"x\",\"y "
        "z\",null],"
        "\"extra\":{\"a\": [1]},\"labels\":[\"science\",\"novel\"]}");
    ck_assert_uint_eq(rq->res.etag_version, 7);
}
END_TEST

START_TEST(edges_nest_three_deep)
{
    ck_assert_str_eq(
        get(&op_book, "fields=title,author.name,author.books.title,author.books.notes.cost"),
        "{\"title\":\"One\",\"author\":{\"name\":\"Ann \\\"A\\\"\",\"books\":[{\"title\":\"One\",\"notes\":["
        "{\"cost\":{\"amount\":5,\"currency\":\"EUR\"}},{\"cost\":null}]}]}}");
}
END_TEST

START_TEST(missing_edges_are_null_or_empty)
{
    ck_assert_ptr_nonnull(strstr(get(&op_books, "sort=-title&limit=1&fields=title&include=author,notes"),
                                 "{\"title\":\"Two\",\"author\":null,\"notes\":[]}"));
}
END_TEST

START_TEST(scopes_reach_nested_edges)
{
    ck_assert_ptr_null(strstr(get(&op_book, "include=notes"), "secret"));
    fixture_request(&op_book, "include=notes");
    rq->path_params[rq->path_param_count++] =
        (struct json_param){ STR("id"), STR("00000000-0000-0000-0000-0000000000b1") };
    rq->principal.known = true;
    ck_assert(uuid_parse(STR("00000000-0000-0000-0000-0000000000d1"), &rq->principal.user));
    ck_assert_int_eq(read_exec(rq), ERR_NONE);
    ck_assert_ptr_nonnull(memmem(fixture_body().p, fixture_body().n, "secret", 6));
}
END_TEST

static enum err read_note(const char *id, const char *user)
{
    fixture_request(&op_note, "fields=id");
    rq->path_params[rq->path_param_count++] = (struct json_param){ STR("id"), str_from(id) };
    rq->principal.known = true;
    ck_assert(uuid_parse(str_from(user), &rq->principal.user));
    return read_exec(rq);
}

START_TEST(what_is_not_open_is_looked_for_in_the_scope)
{
    static const char open[] = "00000000-0000-0000-0000-0000000000c1";
    static const char owned[] = "00000000-0000-0000-0000-0000000000c2";
    static const char owner[] = "00000000-0000-0000-0000-0000000000d1";
    static const char other[] = "00000000-0000-0000-0000-0000000000d2";
    ck_assert_int_eq(read_note(open, other), ERR_NONE);
    ck_assert_int_eq(read_note(owned, owner), ERR_NONE);
    ck_assert_int_eq(read_note(owned, other), ERR_NOT_FOUND);
    ck_assert_int_eq(read_note(owner, owner), ERR_NOT_FOUND);
}
END_TEST

START_TEST(what_is_not_there_is_404)
{
    static const char *const ids[] = { "00000000-0000-0000-0000-0000000000bf", "b1", "" };
    for (size_t i = 0; i < 3; i++) {
        fixture_request(&op_book, "");
        rq->path_params[rq->path_param_count++] = (struct json_param){ STR("id"), str_from(ids[i]) };
        ck_assert_int_eq(read_exec(rq), ERR_NOT_FOUND);
    }
}
END_TEST

START_TEST(filters_choose)
{
    static const struct {
        const char *query;
        const char *titles;
    } cases[] = {
        { "title=One", "One " },
        { "title[in]=One,Two,Three", "One Two " },
        { "title[gt]=One", "Two " },
        { "rating[null]=true", "Two " },
        { "rating[null]=false", "One " },
        { "rating[ne]=4.5", "Two " },
        { "rating[gte]=4.5", "One " },
        { "pages[in]=3,4", "One Two " },
        { "price[lt]=999", "" },
        { "price[lte]=999", "One Two " },
        { "in_print=false", "" },
        { "published[gte]=2001-02-03", "One Two " },
        { "published[in]=2001-02-03", "One Two " },
        { "added_at[lt]=2026-01-02T03:04:05.5Z", "" },
        { "added_at[lte]=2026-01-02T04:04:05.5+01:00", "One Two " },
        { "author_id=00000000-0000-0000-0000-0000000000a1", "One " },
        { "genre[ne]=novel", "" },
        { "far=true&distance[lt]=0.4", "" },
        { "far=true&distance[lte]=0.5", "One Two " },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char query[128], found[64] = "";
        snprintf(query, sizeof(query), "%s&sort=title&fields=title", cases[i].query);
        const char *body = get(&op_books, query);
        snprintf(found, sizeof(found), "%s%s", strstr(body, "\"One\"") ? "One " : "",
                 strstr(body, "\"Two\"") ? "Two " : "");
        ck_assert_msg(strcmp(found, cases[i].titles) == 0, "%s: %s", cases[i].query, body);
    }
}
END_TEST

/* All ids of a list, page by page. */
static size_t walk(const struct op *op, const char *query, int limit, char (*ids)[37], size_t max)
{
    char whole[1024], cursor[600] = "";
    size_t n = 0;
    for (;;) {
        snprintf(whole, sizeof(whole), "fields=id&limit=%d&%s%s%s", limit, query, *cursor ? "&cursor=" : "",
                 cursor);
        const char *body = get(op, whole);
        for (const char *at = body; (at = strstr(at, "{\"id\":\"")) != NULL; at += 44) {
            ck_assert_uint_lt(n, max);
            memcpy(ids[n], at + 7, 36);
            ids[n++][36] = '\0';
        }
        const char *next = strstr(body, "\"next_cursor\":\"");
        if (!next) {
            ck_assert_ptr_nonnull(strstr(body, "\"has_more\":false"));
            return n;
        }
        snprintf(cursor, sizeof(cursor), "%.*s", (int)strcspn(next + 15, "\""), next + 15);
    }
}

START_TEST(pages_hold_every_row_once_and_in_order)
{
    static const struct {
        const struct op *op;
        const char *query, *order;
    } cases[] = {
        { &op_books, "", "added_at desc, id desc" },
        { &op_books, "sort=id", "id" },
        { &op_books, "sort=-id", "id desc" },
        { &op_books, "sort=pages", "pages, id" },
        { &op_books, "sort=-pages", "pages desc, id desc" },
        { &op_books, "sort=rating", "rating nulls last, id" },
        { &op_books, "sort=-rating", "rating desc nulls last, id desc" },
        { &op_books, "sort=-pages,title", "pages desc, title, id" },
        { &op_books, "sort=pages,-price", "pages, price desc, id desc" },
        { &op_books, "sort=pages,-rating,title", "pages, rating desc nulls last, title, id" },
        { &op_books, "sort=-rating,pages,-price,title",
          "rating desc nulls last, pages, price desc, title, id" },
        { &op_books, "sort=rating,-pages,-price", "rating nulls last, pages desc, price desc, id desc" },
        { &op_books, "sort=-price&pages[lt]=3", "price desc, id desc" },
        { &op_paged, "sort=-rating,pages", "rating desc nulls last, pages, id" },
        { &op_paged, "sort=title,-pages&q=t1&pages[lt]=3", "title, pages desc, id desc" },
    };
    fixture_super("delete from notes; delete from books;"
                  "insert into books (id, title, pages, price, rating, added_at) select gen_random_uuid(), "
                  "'t' || i % 3, i % 5,"
                  " i % 4, nullif(i % 7, 0) / 2.0, timestamptz '2026-01-01Z' + (i % 11) * interval '1 us'"
                  " from generate_series(1, 180) i;");
    static char ids[200][37];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        static const int limits[] = { 1, 7, 100 };
        for (size_t k = i % 3 ? 1 : 0; k < 3; k++) {
            size_t n = walk(cases[i].op, cases[i].query, limits[k], ids, 200);
            const char *where = !strstr(cases[i].query, "[lt]")  ? "true"
                                : strstr(cases[i].query, "q=t1") ? "pages < 3 and title <> 't1'"
                                                                 : "pages < 3";
            struct db_statement all = { arena_printf(rq->arena, "all_%zu_%zu", i, k),
                                        arena_printf(rq->arena,
                                                     "select id::text from books where %s order by %s", where,
                                                     cases[i].order),
                                        0, true };
            struct db_failure failure;
            struct db_batch *b = db_batch(rq->db, rq->arena);
            int r = db_add(b, &all, NULL, 0);
            ck_assert_int_eq(db_run(b, &failure), ERR_NONE);
            db_forget(rq->db, &all);
            ck_assert_int_eq((int)n, PQntuples(db_result(b, r)));
            for (int row = 0; row < (int)n; row++) {
                ck_assert_msg(str_eqz(db_get_text(db_result(b, r), row, 0), ids[row]), "%s limit %d row %d",
                              cases[i].query, limits[k], row);
            }
        }
    }
}
END_TEST

/* More shapes than the cache holds, with the server's statements going along. */
START_TEST(evicted_plans_are_deallocated)
{
    static const char *const names[] = { "title",    "genre", "pages", "price", "rating",
                                         "in_print", "tags",  "extra", "shelf" };
    char query[128];
    for (unsigned bits = 1; bits < 512; bits++) {
        size_t n = (size_t)snprintf(query, sizeof(query), "fields=id");
        for (unsigned i = 0; i < 9; i++) {
            if ((bits >> i) & 1) {
                n += (size_t)snprintf(query + n, sizeof(query) - n, ",%s", names[i]);
            }
        }
        get(&op_books, query);
    }
    static const struct db_statement count = { "count_prepared",
                                               "select count(*) from pg_prepared_statements", 0, true };
    struct db_failure failure;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int r = db_add(b, &count, NULL, 0);
    ck_assert_int_eq(db_run(b, &failure), ERR_NONE);
    ck_assert_int_le(db_get_int8(db_result(b, r), 0, 0), 258);
}
END_TEST

/* A request that has written a book answers with it. */
static enum err answer(const char *id)
{
    struct uuid key;
    fixture_request(&op_book, "");
    ck_assert(uuid_parse(str_from(id), &key));
    return plan_answer(rq, &entity_book, &key);
}

START_TEST(a_write_answers_in_a_round_trip_of_its_own)
{
    const char *one = get(&op_book, "");
    char *expected = strdup(one);
    ck_assert_int_eq(answer("00000000-0000-0000-0000-0000000000b1"), ERR_NONE);
    ck_assert(str_eqz(fixture_body(), expected));
    ck_assert_uint_eq(rq->res.etag_version, 7);
    free(expected);
}
END_TEST

START_TEST(a_connection_lost_after_the_write_is_opened_anew)
{
    ck_assert_int_eq(answer("00000000-0000-0000-0000-0000000000b1"), ERR_NONE);
    fixture_super(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'nexus-api'");
    ck_assert_int_eq(answer("00000000-0000-0000-0000-0000000000b1"), ERR_NONE);
}
END_TEST

START_TEST(a_write_that_cannot_be_read_may_have_happened)
{
    fixture_super("alter table books rename to lost");
    ck_assert_int_eq(answer("00000000-0000-0000-0000-0000000000b1"), ERR_OUTCOME_UNKNOWN);
    ck_assert_int_eq(rq->err, ERR_OUTCOME_UNKNOWN);
    ck_assert_uint_eq(fixture_body().n, 0);
    fixture_super("alter table lost rename to books");
}
END_TEST

void read_tests(Suite *s)
{
    TCase *c = tcase_create("server");
    tcase_add_checked_fixture(c, fixture_tables, fixture_end);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, every_type_is_written);
    tcase_add_test(c, edges_nest_three_deep);
    tcase_add_test(c, missing_edges_are_null_or_empty);
    tcase_add_test(c, scopes_reach_nested_edges);
    tcase_add_test(c, what_is_not_open_is_looked_for_in_the_scope);
    tcase_add_test(c, what_is_not_there_is_404);
    tcase_add_test(c, filters_choose);
    tcase_add_test(c, pages_hold_every_row_once_and_in_order);
    tcase_add_test(c, evicted_plans_are_deallocated);
    tcase_add_test(c, a_write_answers_in_a_round_trip_of_its_own);
    tcase_add_test(c, a_connection_lost_after_the_write_is_opened_anew);
    tcase_add_test(c, a_write_that_cannot_be_read_may_have_happened);
    suite_add_tcase(s, c);
}
