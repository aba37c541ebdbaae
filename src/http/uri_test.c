/* Percent-decoding. */
#include "http/http_tests.h"
#include "http/uri.h"

static struct arena *arena;

static void setup(void)
{
    arena = arena_create(4096, 1 << 20);
}

static void teardown(void)
{
    arena_destroy(arena);
}

static const struct {
    const char *raw, *decoded; /* NULL: refused */
} paths[] = {
    { "/v1/things", "/v1/things" },
    { "/v1/%74hings", "/v1/things" },
    { "/v1/a%20b+c", "/v1/a b+c" },
    { "/v1/%c3%a9", "/v1/\xc3\xa9" },
    { "/v1/%C3%A9", "/v1/\xc3\xa9" },
    { "/v1/%252e", "/v1/%2e" }, /* once only */
    { "/v1/\xc3\xa9", "/v1/\xc3\xa9" },
    { "/v1/%2e%2e/x", "/v1/../x" }, /* a name like another, which leads nowhere */
    { "/v1/a%2fb", NULL },
    { "/v1/a%2Fb", NULL },
    { "/v1/a%5cb", NULL },
    { "/v1/a\\b", NULL },
    { "/v1/%00", NULL },
    { "/v1/%0a", NULL },
    { "/v1/%7f", NULL },
    { "/v1/\x01", NULL },
    { "/v1/%", NULL },
    { "/v1/%2", NULL },
    { "/v1/%2g", NULL },
    { "/v1/%g2", NULL },
    { "/v1/%ff", NULL },
    { "/v1/%c0%ae", NULL },    /* overlong */
    { "/v1/%ed%a0%80", NULL }, /* surrogate */
    { "/v1/\xff", NULL },
};

START_TEST(paths_are_decoded_once_and_strictly)
{
    struct str out;
    bool good = uri_decode_path(arena, str_from(paths[_i].raw), &out);
    ck_assert_msg(good == (paths[_i].decoded != NULL), "%s", paths[_i].raw);
    if (good) {
        ck_assert_msg(str_eqz(out, paths[_i].decoded), "%s", paths[_i].raw);
    }
}
END_TEST

static struct request *parse(const char *query)
{
    struct request *rq = ARENA_NEW(arena, struct request);
    rq->arena = arena;
    rq->violations.arena = arena;
    rq->query = str_from(query);
    uri_parse_query(rq);
    return rq;
}

START_TEST(a_query_becomes_parameters)
{
    struct request *rq = parse("a=1&price%5Blte%5D=2&c=x+y%2Bz&&empty=&bare&d=a=b");
    ck_assert_uint_eq(rq->violations.count, 0);
    ck_assert_uint_eq(rq->query_param_count, 6);
    ck_assert(str_eqz(rq->query_params[1].name, "price[lte]") && str_eqz(rq->query_params[1].value, "2"));
    ck_assert(str_eqz(rq->query_params[2].value, "x y+z"));
    ck_assert(rq->query_params[3].value.p && rq->query_params[3].value.n == 0);
    ck_assert(rq->query_params[4].value.p && rq->query_params[4].value.n == 0);
    ck_assert(str_eqz(rq->query_params[5].value, "a=b"));
    ck_assert_uint_eq(parse("")->query_param_count, 0);
}
END_TEST

START_TEST(what_is_wrong_with_a_query_is_named)
{
    struct request *rq = parse("a=1&a=2&b=%zz&%ff=1&c=%00&d=4&e=%c0%ae");
    ck_assert_uint_eq(rq->query_param_count, 2);
    ck_assert_uint_eq(rq->violations.count, 5);
    ck_assert_str_eq(rq->violations.list[0].pointer, "/a");
    ck_assert_str_eq(rq->violations.list[0].code, "duplicate");
    ck_assert_str_eq(rq->violations.list[1].pointer, "/b");
    ck_assert_str_eq(rq->violations.list[2].pointer, "");
}
END_TEST

START_TEST(parameters_are_bounded)
{
    char query[3000] = "";
    size_t n = 0;
    for (int i = 0; i < 200; i++) {
        n += (size_t)snprintf(query + n, sizeof query - n, "p%d=1&", i);
    }
    struct request *rq = parse(query);
    ck_assert_uint_eq(rq->query_param_count, QUERY_PARAMS_MAX);
    ck_assert_uint_eq(rq->violations.count, 1);
}
END_TEST

START_TEST(taken_parameters_are_gone)
{
    struct request *rq = parse("a=1&b=2&c=3");
    request_param_take(rq, 1);
    ck_assert_uint_eq(rq->query_param_count, 2);
    ck_assert(str_eqz(rq->query_params[1].name, "c"));
    request_param_take(rq, 1);
    request_param_take(rq, 0);
    ck_assert_uint_eq(rq->query_param_count, 0);
}
END_TEST

START_TEST(own_texts_come_back)
{
    static const char text[] = "a b&c=d%+/?\xc3\xa4~-._";
    struct json_params list;
    struct buf out;
    buf_init(&out, 1000);
    buf_addz(&out, "x=");
    uri_encode(&out, STR(text));
    buf_addz(&out, "&y=");
    ck_assert(str_eqz(buf_str(&out), "x=a%20b%26c%3Dd%25%2B%2F%3F%C3%A4~-._&y="));
    ck_assert(uri_parse_own(arena, buf_str(&out), &list));
    ck_assert(list.count == 2 && str_eqz(list.list[0].value, text) && str_eqz(list.list[1].name, "y"));
    ck_assert(!uri_parse_own(arena, STR("a=1&a=2"), &list));
    ck_assert(!uri_parse_own(arena, STR("a=%0"), &list));
    buf_free(&out);
}
END_TEST

Suite *uri_suite(void)
{
    Suite *s = suite_create("uri");
    TCase *t = tcase_create("uri");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, paths_are_decoded_once_and_strictly, 0, sizeof paths / sizeof paths[0]);
    tcase_add_test(t, a_query_becomes_parameters);
    tcase_add_test(t, what_is_wrong_with_a_query_is_named);
    tcase_add_test(t, parameters_are_bounded);
    tcase_add_test(t, taken_parameters_are_gone);
    tcase_add_test(t, own_texts_come_back);
    suite_add_tcase(s, t);
    return s;
}
