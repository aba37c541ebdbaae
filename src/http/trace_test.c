/* W3C Trace Context and request ids. */
#include "http/gates.h"
#include "http/http_tests.h"

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN  "00f067aa0ba902b7"

static const struct {
    const char *text;
    bool valid, sampled;
} parents[] = {
    { "00-" TRACE "-" SPAN "-01", true, true },
    { "00-" TRACE "-" SPAN "-00", true, false },
    { "00-" TRACE "-" SPAN "-ff", true, true },
    { "01-" TRACE "-" SPAN "-01", true, true },
    { "cc-" TRACE "-" SPAN "-01-what-comes", true, true }, /* a later version may go on */
    { "00-" TRACE "-" SPAN "-01-more", false, false },
    { "cc-" TRACE "-" SPAN "-01x", false, false },
    { "ff-" TRACE "-" SPAN "-01", false, false },
    { "00-00000000000000000000000000000000-" SPAN "-01", false, false },
    { "00-" TRACE "-0000000000000000-01", false, false },
    { "00-4BF92F3577B34DA6A3CE929D0E0E4736-" SPAN "-01", false, false },
    { "00-" TRACE "-00F067AA0BA902B7-01", false, false },
    { "00-" TRACE "-" SPAN "-0", false, false },
    { "00-" TRACE "-" SPAN "-0g", false, false },
    { "00-" TRACE "-" SPAN, false, false },
    { "0-" TRACE "-" SPAN "-01", false, false },
    { "00_" TRACE "-" SPAN "-01", false, false },
    { " 00-" TRACE "-" SPAN "-01", false, false },
    { "", false, false },
    { "00", false, false },
};

START_TEST(traceparent_is_read_strictly)
{
    struct request rq = { 0 };
    ck_assert_msg(trace_parse(&rq, str_from(parents[_i].text)) == parents[_i].valid, "%s", parents[_i].text);
    ck_assert(!parents[_i].valid || (strcmp(rq.trace_id, TRACE) == 0 && rq.sampled == parents[_i].sampled));
}
END_TEST

START_TEST(ids_of_the_edge_have_two_forms)
{
    ck_assert(trace_id_valid(STR("7f3c1a9be27d4c0d8f6e5a4b3c2d1e0f")));
    ck_assert(trace_id_valid(STR("0192f3a4-5b6c-7d8e-9f01-23456789abcd")));
    ck_assert(!trace_id_valid(STR("7F3C1A9BE27D4C0D8F6E5A4B3C2D1E0F")));
    ck_assert(!trace_id_valid(STR("7f3c1a9be27d4c0d8f6e5a4b3c2d1e0")));
    ck_assert(!trace_id_valid(STR("\"><script>alert(1)</script>------")));
    ck_assert(!trace_id_valid(STR("")));
}
END_TEST

START_TEST(the_trace_goes_on)
{
    test_request("GET", "/v1/hello", NULL, "HTTP_TRACEPARENT=00-" TRACE "-" SPAN "-01",
                 "REQUEST_ID=7f3c1a9be27d4c0d8f6e5a4b3c2d1e0f", NULL);
    ck_assert_str_eq(test_header("X-Request-Id"), "7f3c1a9be27d4c0d8f6e5a4b3c2d1e0f");
    const char *t = test_header("traceparent");
    ck_assert(strlen(t) == 55 && strncmp(t, "00-" TRACE "-", 36) == 0 && strcmp(t + 52, "-01") == 0);
    ck_assert(strncmp(t + 36, SPAN, 16) != 0);
}
END_TEST

START_TEST(a_bad_trace_is_replaced_without_complaint)
{
    struct test_answer a = test_request("GET", "/v1/hello", NULL, "HTTP_TRACEPARENT=00-zz-" SPAN "-01",
                                        "REQUEST_ID=7f3c1a9be27d4c0d8f6e5a4b3c2d1e0f", NULL);
    ck_assert_int_eq(a.status, 200);
    ck_assert(strncmp(test_header("traceparent"), "00-7f3c1a9be27d4c0d8f6e5a4b3c2d1e0f-", 36) == 0);
    a = test_request("GET", "/v1/hello", NULL, "HTTP_TRACEPARENT=00-" TRACE "-" SPAN "-01",
                     "HTTP_TRACEPARENT=00-" TRACE "-" SPAN "-01", NULL);
    ck_assert_int_eq(a.status, 200);
    ck_assert_ptr_null(strstr(test_header("traceparent"), TRACE));
}
END_TEST

START_TEST(without_an_edge_ids_are_made)
{
    struct uuid id;
    test_request("GET", "/v1/hello", NULL, "HTTP_X_REQUEST_ID=evil\"", NULL);
    ck_assert(uuid_parse(str_from(test_header("X-Request-Id")), &id) && (id.b[6] >> 4) == 7);
}
END_TEST

static void setup(void)
{
    test_options_reset();
    test_service_start();
}

Suite *trace_suite(void)
{
    Suite *s = suite_create("trace");
    TCase *t = tcase_create("trace");
    tcase_add_checked_fixture(t, setup, test_service_stop);
    tcase_add_loop_test(t, traceparent_is_read_strictly, 0, sizeof parents / sizeof parents[0]);
    tcase_add_test(t, ids_of_the_edge_have_two_forms);
    tcase_add_test(t, the_trace_goes_on);
    tcase_add_test(t, a_bad_trace_is_replaced_without_complaint);
    tcase_add_test(t, without_an_edge_ids_are_made);
    suite_add_tcase(s, t);
    return s;
}
