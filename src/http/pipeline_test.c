/* Requests through all gates. */
#include "http/http_tests.h"

#include <stdio.h>
#include <stdlib.h>

#define ID   "0192f3a4-5b6c-7d8e-9f01-23456789abcd"
#define ECHO "/v1/echo/" ID
#define GOOD "{\"name\":\"x\"}"

static void setup(void)
{
    test_options_reset();
    test_options.cors_origins = "https://app.example, https://other.example";
    test_options.rate_login = (struct rate_limit){ 2, 60000000 };
    test_service_start();
    test_executions = 0;
}

static void expect(struct test_answer a, int status, const char *code)
{
    ck_assert_msg(a.status == status, "%d instead of %d: %s", a.status, status, a.body);
    if (code) {
        ck_assert_str_eq(test_member("code"), code);
    }
}

static const struct {
    const char *method, *target, *body;
    const char *extra; /* one more parameter, or NULL */
    int status;
    const char *code;
} cases[] = {
    { "GET", "/v1/hello", NULL, NULL, 200, NULL },
    { "GET", "/v1/hello?", NULL, NULL, 200, NULL },
    { "GET", "/v1/%68ello", NULL, NULL, 200, NULL },
    { "GET", "/v1/hello", NULL, "SERVER_PROTOCOL=HTTP/2.0", 200, NULL },
    { "GET", "/v1/hello", NULL, "HTTP_PROXY=http://evil", 200, NULL },
    { "GET", "/v1/hello", NULL, "HTTP_EXPECT=100-continue", 200, NULL },
    { "DELETE", "/v1/hello", NULL, NULL, 204, NULL },
    { "POST", ECHO, GOOD, NULL, 201, NULL },
    { "POST", ECHO "?page=3", GOOD, NULL, 201, NULL },
    { "POST", ECHO, GOOD, "HTTP_CONTENT_ENCODING=identity", 201, NULL },
    { "POST", ECHO, GOOD, "HTTP_TRANSFER_ENCODING=chunked", 201, NULL },
    { "GET", "/healthz", NULL, "HTTP_AUTHORIZATION=Basic x", 200, NULL },
    { "FOO_BAR", "/v1/hello", NULL, NULL, 501, "method_unknown" },
    { "get", "/v1/hello", NULL, NULL, 501, "method_unknown" },
    { "GET", "/v1/hello", NULL, "SERVER_PROTOCOL=HTTP/0.9", 400, "bad_request" },
    { "GET", "/v1/hello", NULL, "SERVER_PROTOCOL=", 400, "bad_request" },
    { "GET", "/v1/hello", NULL, "REQUEST_URI=", 400, "bad_request" },
    { "GET", "/v1/hell%2fo", NULL, NULL, 400, "bad_request" },
    { "GET", "/v1/hello%00", NULL, NULL, 400, "bad_request" },
    { "GET", "/v1/%ff", NULL, NULL, 400, "bad_request" },
    { "GET", "/v1/hello/", NULL, NULL, 404, "not_found" },
    { "GET", "/v1/./hello", NULL, NULL, 404, "not_found" },
    { "GET", "/v1/hello;x=1", NULL, NULL, 404, "not_found" },
    { "GET", "/nowhere", NULL, NULL, 404, "not_found" },
    { "PUT", "/v1/hello", "{}", NULL, 405, "method_not_allowed" },
    { "GET", "/v1/hello", NULL, "HTTP_ACCEPT=text/html", 406, "not_acceptable" },
    { "GET", "/v1/hello", NULL, "HTTP_EXPECT=magic", 400, "bad_request" },
    { "GET", "/v1/hello", "{}", NULL, 400, "bad_request" },
    { "DELETE", "/v1/hello", "{}", NULL, 400, "bad_request" },
    { "GET", "/v1/hello?x=1", NULL, NULL, 400, "bad_parameter" },
    { "GET", "/v1/hello?x=%zz", NULL, NULL, 400, "bad_parameter" },
    { "GET", "/v1/hello", NULL, "HTTP_IF_MATCH=nonsense", 400, "bad_request" },
    { "GET", "/v1/hello", NULL, "HTTP_IF_MATCH=\"6.0\"", 412, "precondition_failed" },
    { "POST", ECHO, GOOD, "CONTENT_TYPE=text/plain", 415, "unsupported_media_type" },
    { "POST", ECHO, GOOD, "CONTENT_TYPE=", 415, "unsupported_media_type" },
    { "POST", ECHO, GOOD, "HTTP_CONTENT_ENCODING=gzip", 415, "unsupported_media_type" },
    { "POST", ECHO, GOOD, "HTTP_TRANSFER_ENCODING=gzip, chunked", 400, "bad_request" },
    { "POST", ECHO, GOOD, "HTTP_IDEMPOTENCY_KEY=", 400, "bad_request" },
    { "POST", ECHO, GOOD, "HTTP_IDEMPOTENCY_KEY=a b", 400, "bad_request" },
    { "POST", ECHO, GOOD, "HTTP_IDEMPOTENCY_KEY=\xc3\xa9", 400, "bad_request" },
    { "POST", ECHO, GOOD, "HTTP_IDEMPOTENCY_KEY=\"open", 400, "bad_request" },
    { "POST", ECHO, GOOD, "HTTP_IDEMPOTENCY_KEY=\"a\"b\"", 400, "bad_request" },
    { "POST", ECHO, GOOD, "HTTP_IDEMPOTENCY_KEY=\"\"", 400, "bad_request" },
    { "POST", ECHO, GOOD, "HTTP_IDEMPOTENCY_KEY=\"a\\x\"", 400, "bad_request" },
    { "POST", ECHO, "", NULL, 422, "validation_failed" },
    { "POST", ECHO, "{", NULL, 400, "bad_json" },
    { "POST", ECHO, "[]", NULL, 422, "validation_failed" },
    { "POST", ECHO, "{\"name\":null}", NULL, 422, "validation_failed" },
    { "POST", ECHO, "{\"name\":\"\"}", NULL, 422, "validation_failed" },
    { "POST", "/v1/echo/1", GOOD, NULL, 400, "bad_parameter" },
    { "POST", ECHO "?page=0", GOOD, NULL, 400, "bad_parameter" },
    { "GET", "/v1/mine", NULL, NULL, 401, "unauthenticated" },
    { "GET", "/v1/hello", NULL, "HTTP_AUTHORIZATION=Bearer nonsense", 401, "unauthenticated" },
    { "GET", "/v1/hello", NULL, "HTTP_AUTHORIZATION=Basic QTpC", 401, "unauthenticated" },
    { "GET", "/v1/hello", NULL, "HTTP_AUTHORIZATION=Bearer", 401, "unauthenticated" },
    { "GET", "/v1/hello", NULL, "HTTP_AUTHORIZATION=", 401, "unauthenticated" },
    { "GET", "/v1/broken", NULL, NULL, 500, "internal" },
    { "GET", "/v1/away", NULL, NULL, 503, "unavailable" },
    { "GET", "/v1/taken", NULL, NULL, 409, "dates_unavailable" },
    { "GET", "/problems/not_found", NULL, NULL, 200, "not_found" },
    { "GET", "/problems/unheard_of", NULL, NULL, 404, "not_found" },
    { "GET", "/problems", NULL, NULL, 200, NULL },
};

/* What every problem has in common. */
static void check_problem(struct test_answer a)
{
    char type[256];
    ck_assert_str_eq(test_header("Content-Type"), "application/problem+json");
    ck_assert_str_eq(test_header("Cache-Control"), "no-store");
    ck_assert_int_eq(strtol(test_header("Status"), NULL, 10), a.status);
    ck_assert_str_ne(test_header("Status") + 4, "Other");
    ck_assert_int_eq(strtol(test_member("status"), NULL, 10), a.status);
    snprintf(type, sizeof type, "https://api.example/problems/%s", test_member("code"));
    ck_assert_str_eq(test_member("type"), type);
    ck_assert(strlen(test_member("title")) > 0 && strlen(test_member("detail")) > 0);
    ck_assert_str_eq(test_member("request_id"), test_header("X-Request-Id"));
    ck_assert(test_member("errors") && test_header("traceparent"));
    ck_assert_ptr_null(test_header("ETag"));
    ck_assert_ptr_null(test_header("Location"));
}

START_TEST(requests_are_answered)
{
    struct test_answer a =
        test_request(cases[_i].method, cases[_i].target, cases[_i].body, cases[_i].extra, NULL);
    ck_assert_msg(a.status == cases[_i].status, "%s %s: %d %s", cases[_i].method, cases[_i].target, a.status,
                  a.body);
    if (cases[_i].code) {
        ck_assert_str_eq(test_member("code"), cases[_i].code);
    }
    if (a.status >= 400) {
        check_problem(a);
    }
}
END_TEST

START_TEST(all_violations_are_named_at_once)
{
    expect(test_request("POST", "/v1/echo/1?page=x&page=2&what=1", "{\"count\":99,\"extra\":1}", NULL), 422,
           "validation_failed");
    const char *errors = test_member("errors");
    static const char *const pointers[] = {
        "\\/id", "\\/page", "\\/what", "\\/name", "\\/count", "\\/extra"
    };
    for (size_t i = 0; i < 6; i++) {
        ck_assert_msg(strstr(errors, pointers[i]) != NULL, "%s in %s", pointers[i], errors);
    }
    ck_assert_uint_eq(test_executions, 0);
}
END_TEST

START_TEST(head_is_get_without_a_body)
{
    struct test_answer a = test_request("HEAD", "/v1/hello", NULL, NULL);
    expect(a, 200, NULL);
    ck_assert_str_eq(a.body, "");
    ck_assert_str_eq(test_header("Content-Length"), "14");
    ck_assert(test_header("ETag") != NULL);
    a = test_request("HEAD", "/nowhere", NULL, NULL);
    expect(a, 404, NULL);
    ck_assert_str_eq(a.body, "");
}
END_TEST

START_TEST(options_and_405_say_what_there_is)
{
    expect(test_request("OPTIONS", "/v1/hello", NULL, NULL), 204, NULL);
    ck_assert_str_eq(test_header("Allow"), "GET, HEAD, DELETE, OPTIONS");
    ck_assert_ptr_null(test_header("Content-Type"));
    expect(test_request("POST", "/v1/hello", "{}", NULL), 405, NULL);
    ck_assert_str_eq(test_header("Allow"), "GET, HEAD, DELETE, OPTIONS");
    expect(test_request("OPTIONS", "/nowhere", NULL, NULL), 404, NULL);
}
END_TEST

START_TEST(an_unchanged_resource_is_304)
{
    char condition[128];
    test_request("GET", "/v1/hello", NULL, NULL);
    snprintf(condition, sizeof condition, "HTTP_IF_NONE_MATCH=W/%s", test_header("ETag"));
    struct test_answer a = test_request("GET", "/v1/hello", NULL, condition, NULL);
    expect(a, 304, NULL);
    ck_assert_str_eq(a.body, "");
    ck_assert(test_header("ETag") && !test_header("Content-Length"));
    ck_assert_str_eq(test_header("Cache-Control"), "no-cache");
    expect(test_request("GET", "/v1/hello", NULL, "HTTP_IF_NONE_MATCH=\"other\"", NULL), 200, NULL);
}
END_TEST

START_TEST(other_origins_are_told_who_may_read)
{
    test_request("GET", "/nowhere", NULL, "HTTP_ORIGIN=https://app.example", NULL);
    ck_assert_str_eq(test_header("Access-Control-Allow-Origin"), "https://app.example");
    ck_assert_str_eq(test_header("Vary"), "Origin");
    test_request("GET", "/v1/hello", NULL, "HTTP_ORIGIN=https://evil.example", NULL);
    ck_assert_ptr_null(test_header("Access-Control-Allow-Origin"));
    ck_assert_str_eq(test_header("Vary"), "Origin");
    expect(test_request("OPTIONS", ECHO, NULL, "HTTP_ORIGIN=https://other.example",
                        "HTTP_ACCESS_CONTROL_REQUEST_METHOD=POST", NULL),
           204, NULL);
    ck_assert_str_eq(test_header("Access-Control-Max-Age"), "7200");
    ck_assert(strstr(test_header("Access-Control-Allow-Methods"), "POST") != NULL);
    expect(test_request("GET", "/v1/hello", NULL, "SERVER_PROTOCOL=HTTP/0.9",
                        "HTTP_ORIGIN=https://app.example", NULL),
           400, NULL);
    ck_assert_str_eq(test_header("Access-Control-Allow-Origin"), "https://app.example");
}
END_TEST

/* The token is good, but nobody can say what it is good for: nothing is done in its name, public or not. */
START_TEST(tokens_are_nothing_without_the_database)
{
    char *token = test_token();
    expect(test_request("GET", "/v1/mine", NULL, token, NULL), 503, "unavailable");
    expect(test_request("GET", "/v1/hello", NULL, token, NULL), 503, "unavailable");
    expect(test_request("GET", "/v1/mine", NULL, token, token, NULL), 400, "bad_request");
    expect(test_request("GET", "/healthz", NULL, token, NULL), 200, NULL);
    free(token);
    expect(test_request("GET", "/v1/hello", NULL, "HTTP_AUTHORIZATION=Bearer a.b.c", NULL), 401,
           "unauthenticated");
    ck_assert(strstr(test_header("WWW-Authenticate"), "invalid_token") != NULL);
    ck_assert_uint_eq(test_executions, 0);
}
END_TEST

START_TEST(limits_count_by_network)
{
    test_service->options = NULL;
    test_options.rate_read = (struct rate_limit){ 3, 60000000 };
    test_service->options = &test_options;
    expect(test_request("GET", "/v1/hello", NULL, NULL), 200, NULL);
    ck_assert_str_eq(test_header("RateLimit-Policy"), "\"read\";q=3;w=60");
    ck_assert(strncmp(test_header("RateLimit"), "\"read\";r=", 9) == 0);
    int refused = 0;
    for (int i = 0; i < 10; i++) {
        refused += test_request("GET", "/v1/hello", NULL, NULL).status == 429;
    }
    ck_assert_int_ge(refused, 7);
    expect(test_request("GET", "/v1/hello", NULL, NULL), 429, "rate_limited");
    ck_assert_int_ge(strtol(test_header("Retry-After"), NULL, 10), 1);
    expect(test_request("GET", "/v1/hello", NULL, "REMOTE_ADDR=192.0.2.2", NULL), 200, NULL);
    expect(test_request("GET", "/healthz", NULL, NULL), 200, NULL);
}
END_TEST

START_TEST(sizes_are_bounded)
{
    char *text = malloc(100000);
    int n = snprintf(text, 100000, "HTTP_X_LONG=");
    memset(text + n, 'a', 90000);
    text[n + 90000] = 0;
    expect(test_request("GET", "/v1/hello", NULL, text, NULL), 431, "headers_too_large");
    n = snprintf(text, 100000, "/v1/hello?q=");
    memset(text + n, 'a', 9000);
    text[n + 9000] = 0;
    expect(test_request("GET", text, NULL, NULL), 414, "uri_too_long");
    free(text);
}
END_TEST

START_TEST(headers_that_count_come_once)
{
    expect(test_request("POST", ECHO, GOOD, "HTTP_IDEMPOTENCY_KEY=a", "HTTP_IDEMPOTENCY_KEY=b", NULL), 400,
           NULL);
    expect(test_request("POST", ECHO, GOOD, "CONTENT_TYPE=application/json", "CONTENT_TYPE=text/plain", NULL),
           400, NULL);
    expect(test_request("GET", "/v1/hello", NULL, "HTTP_ACCEPT=text/html", "HTTP_ACCEPT=*/*", NULL), 200,
           NULL);
    expect(test_request("GET", "/v1/hello", NULL, "HTTP_X_ID=1", "HTTP_X_ID=2", NULL), 200, NULL);
}
END_TEST

START_TEST(keys_have_two_forms)
{
    expect(test_request("POST", ECHO, GOOD, "HTTP_IDEMPOTENCY_KEY= 8e03978e ", NULL), 201, NULL);
    ck_assert_str_eq(test_seen_key, "8e03978e");
    expect(test_request("POST", ECHO, GOOD, "HTTP_IDEMPOTENCY_KEY=\"8e\\\"\\\\3\"", NULL), 201, NULL);
    ck_assert_str_eq(test_seen_key, "8e\"\\3");
    char key[400] = "HTTP_IDEMPOTENCY_KEY=";
    memset(key + 21, 'k', 256);
    expect(test_request("POST", ECHO, GOOD, key, NULL), 400, NULL);
    key[21 + 255] = 0;
    expect(test_request("POST", ECHO, GOOD, key, NULL), 201, NULL);
    ck_assert_str_eq(test_header("Location"), "/v1/echo/1");
    ck_assert(strncmp(test_header("ETag"), "\"3.", 3) == 0);
}
END_TEST

START_TEST(failures_say_when_to_come_back)
{
    expect(test_request("GET", "/v1/away", NULL, NULL), 503, NULL);
    ck_assert_str_eq(test_header("Retry-After"), "1");
    test_request("GET", "/v1/taken", NULL, NULL);
    ck_assert_ptr_null(test_header("Retry-After"));
    ck_assert(strstr(test_member("errors"), "\\/check_in") != NULL);
    ck_assert_str_eq(test_member("detail"), "The nights from 2027-01-01 are taken.");
}
END_TEST

START_TEST(headers_cannot_be_split)
{
    struct request *rq = request_start(test_service, (char *[]){ NULL });
    rq->res.status = 204;
    response_header(rq, "X-Test", "a\r\nSet-Cookie: b");
    pipeline_run(rq);
    struct str head = buf_str(&test_service->head);
    ck_assert_ptr_null(memmem(head.p, head.n, "\r\nSet-Cookie", 12));
    request_end(rq);
}
END_TEST

Suite *pipeline_suite(void)
{
    Suite *s = suite_create("pipeline");
    TCase *t = tcase_create("pipeline");
    tcase_add_checked_fixture(t, setup, test_service_stop);
    tcase_add_loop_test(t, requests_are_answered, 0, sizeof cases / sizeof cases[0]);
    tcase_add_test(t, all_violations_are_named_at_once);
    tcase_add_test(t, head_is_get_without_a_body);
    tcase_add_test(t, options_and_405_say_what_there_is);
    tcase_add_test(t, an_unchanged_resource_is_304);
    tcase_add_test(t, other_origins_are_told_who_may_read);
    tcase_add_test(t, tokens_are_nothing_without_the_database);
    tcase_add_test(t, limits_count_by_network);
    tcase_add_test(t, sizes_are_bounded);
    tcase_add_test(t, headers_that_count_come_once);
    tcase_add_test(t, keys_have_two_forms);
    tcase_add_test(t, failures_say_when_to_come_back);
    tcase_add_test(t, headers_cannot_be_split);
    suite_add_tcase(s, t);
    return s;
}
