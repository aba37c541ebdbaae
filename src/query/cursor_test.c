/* Tests of cursor.c: what it made it reads, and nothing else. */
#include "query/query_tests.h"

#include "http/op.h"

/* The cursor of the first page of the two books. */
static char *make(const char *query)
{
    static char text[512];
    fixture_request(&op_books, query);
    ck_assert_int_eq(read_exec(rq), ERR_NONE);
    struct str body = fixture_body();
    static const char mark[] = "\"next_cursor\":\"";
    const char *at = memmem(body.p, body.n, mark, sizeof(mark) - 1);
    ck_assert_ptr_nonnull(at);
    at += sizeof(mark) - 1;
    size_t n = (size_t)((const char *)memchr(at, '"', (size_t)(body.p + body.n - at)) - at);
    ck_assert_uint_lt(n, sizeof(text));
    memcpy(text, at, n);
    text[n] = '\0';
    return text;
}

static enum err use(const char *query, const char *cursor)
{
    char whole[1024];
    snprintf(whole, sizeof(whole), "%s&cursor=%s", query, cursor);
    fixture_request(&op_books, whole);
    return read_exec(rq);
}

START_TEST(a_cursor_goes_on)
{
    char *cursor = make("limit=1&sort=title&fields=title");
    ck_assert_int_eq(use("limit=1&sort=title&fields=title", cursor), ERR_NONE);
    ck_assert(str_eqz(fixture_body(),
                      "{\"data\":[{\"title\":\"Two\"}],\"page\":{\"next_cursor\":null,\"has_more\":false}}"));
    /* What is shown may change from page to page. */
    ck_assert_int_eq(use("limit=50&sort=title&fields=pages&include=notes", cursor), ERR_NONE);
}
END_TEST

START_TEST(a_cursor_of_another_list_is_refused)
{
    static const char *const others[] = {
        "limit=1&sort=-title",      "limit=1",
        "limit=1&sort=title,pages", "limit=1&sort=title&pages=3",
        "limit=1&sort=title&q=o",   "limit=1&sort=pages",
    };
    char *cursor = make("limit=1&sort=title");
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        ck_assert_int_eq(use(others[i], cursor), ERR_BAD_CURSOR);
    }
}
END_TEST

START_TEST(the_order_of_parameters_is_no_matter)
{
    char *cursor = make("limit=1&sort=title&pages=3&price[gt]=1");
    ck_assert_int_eq(use("price[gt]=1&pages=3&sort=title", cursor), ERR_NONE);
    ck_assert_int_eq(use("price[gt]=2&pages=3&sort=title", cursor), ERR_BAD_CURSOR);
}
END_TEST

START_TEST(every_changed_character_is_noticed)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char *cursor = make("limit=1&sort=title"), copy[512];
    size_t n = strlen(cursor);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < 64; k += 7) {
            memcpy(copy, cursor, n + 1);
            copy[i] = alphabet[k];
            ck_assert_int_eq(use("limit=1&sort=title", copy),
                             copy[i] == cursor[i] ? ERR_NONE : ERR_BAD_CURSOR);
        }
        memcpy(copy, cursor, n + 1);
        copy[i] = '\0';
        ck_assert_int_eq(use("limit=1&sort=title", copy), ERR_BAD_CURSOR);
    }
    static const char *const odd[] = { "", "=", "A", "AA==", "....", "%00", "null" };
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        ck_assert_int_eq(use("limit=1&sort=title", odd[i]), ERR_BAD_CURSOR);
    }
    snprintf(copy, sizeof(copy), "%sA", cursor);
    ck_assert_int_eq(use("limit=1&sort=title", copy), ERR_BAD_CURSOR);
}
END_TEST

START_TEST(another_secret_and_another_path_refuse)
{
    char whole[1024];
    snprintf(whole, sizeof(whole), "limit=1&sort=title&cursor=%s", make("limit=1&sort=title"));
    fixture_request(&op_books, whole);
    rq->secret = STR("another secret of some thirty bytes");
    ck_assert_int_eq(read_exec(rq), ERR_BAD_CURSOR);
    fixture_request(&op_books, whole);
    rq->path = STR("/v1/other");
    ck_assert_int_eq(read_exec(rq), ERR_BAD_CURSOR);
}
END_TEST

void cursor_tests(Suite *s)
{
    TCase *c = tcase_create("cursor");
    tcase_add_checked_fixture(c, fixture_tables, fixture_end);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, a_cursor_goes_on);
    tcase_add_test(c, a_cursor_of_another_list_is_refused);
    tcase_add_test(c, the_order_of_parameters_is_no_matter);
    tcase_add_test(c, every_changed_character_is_noticed);
    tcase_add_test(c, another_secret_and_another_path_refuse);
    suite_add_tcase(s, c);
}
