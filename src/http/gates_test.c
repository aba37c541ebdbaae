/* Tables of what single gates let through. */
#include "http/gates.h"
#include "http/http_tests.h"
#include "http/probe.h"

static const struct {
    const char *accept;
    bool json;
} accepts[] = {
    { "", true },
    { "*/*", true },
    { "application/json", true },
    { "Application/JSON", true },
    { "application/*", true },
    { "text/html, application/json;q=0.1", true },
    { "text/html,application/xhtml+xml,*/*;q=0.8", true },
    { "application/json;q=0, */*", false },
    { "*/*;q=0", false },
    { "*/*;q=0.000, application/json;q=0.001", true },
    { "text/html", false },
    { "application/xml, text/*", false },
    { "application/jsonx", false },
    { "application/json;q=0.0", false },
};

START_TEST(accept_decides_by_the_most_exact_range)
{
    ck_assert_msg(accept_allows(str_from(accepts[_i].accept), "application/json") == accepts[_i].json, "%s",
                  accepts[_i].accept);
}
END_TEST

static const struct {
    const char *type;
    bool good;
} types[] = {
    { "application/json", true },
    { "APPLICATION/JSON", true },
    { "application/json; charset=utf-8", true },
    { "application/json;charset=\"UTF-8\"", true },
    { "application/json;", true },
    { "application/json; charset=utf-16", false },
    { "application/json; charset=iso-8859-1", false },
    { "application/json; profile=x", false },
    { "text/plain", false },
    { "application/jsonp", false },
    { "multipart/form-data; boundary=x", false },
    { "", false },
};

START_TEST(bodies_are_json_in_utf8)
{
    ck_assert_msg(content_type_is(str_from(types[_i].type), "application/json") == types[_i].good, "%s",
                  types[_i].type);
}
END_TEST

START_TEST(pages_are_asked_for_as_html)
{
    ck_assert(accept_allows(STR("text/html,application/xhtml+xml;q=0.9"), "text/html"));
    ck_assert(accept_allows(STR("text/*"), "text/html"));
    ck_assert(!accept_allows(STR("application/json, application/*"), "text/html"));
    ck_assert(!accept_allows(STR("text/*, text/html;q=0"), "text/html"));
    ck_assert(!accept_allows(STR("textual/*, text/"), "text/html"));
}
END_TEST

static const struct {
    const char *address, *network;
} networks[] = {
    { "192.0.2.7", "192.0.2.7" },
    { "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64" },
    { "2001:db8:1:2:ffff::", "2001:db8:1:2::/64" },
    { "::1", "::/64" },
    { "::ffff:192.0.2.7", "192.0.2.7" },
    { "unix:", "unknown" },
    { "", "unknown" },
    { "192.0.2.7, 10.0.0.1", "unknown" },
};

START_TEST(addresses_belong_to_networks)
{
    struct arena *a = arena_create(4096, 1 << 20);
    ck_assert_msg(str_eqz(rate_network(a, str_from(networks[_i].address)), networks[_i].network), "%s",
                  networks[_i].address);
    arena_destroy(a);
}
END_TEST

START_TEST(states_flip_after_equal_results)
{
    struct probe p = { 0 };
    probe_note(&p, true);
    ck_assert(p.known && p.up); /* the first one counts at once */
    probe_note(&p, false);
    ck_assert(p.up);
    probe_note(&p, true);
    probe_note(&p, false);
    ck_assert(p.up);
    probe_note(&p, false);
    ck_assert(!p.up);
    probe_note(&p, true);
    ck_assert(!p.up);
    probe_note(&p, true);
    ck_assert(p.up);
}
END_TEST

START_TEST(errors_of_an_op_follow_from_its_entry)
{
    static const enum err own[] = { ERR_DATES_UNAVAILABLE, ERR_NONE };
    const struct op write = {
        .method = METHOD_POST, .perm = PERM_ACCOUNT, .rate = RATE_WRITE, .flags = OP_IDEMPOTENT, .errors = own
    };
    enum err list[ERR_COUNT];
    bool has[ERR_COUNT] = { false };
    size_t n = op_errors(&write, list);
    for (size_t i = 0; i < n; i++) {
        ck_assert(!has[list[i]]);
        has[list[i]] = true;
        ck_assert(i == 0 || err_info(list[i])->status >= err_info(list[i - 1])->status);
    }
    ck_assert(has[ERR_DATES_UNAVAILABLE] && has[ERR_FORBIDDEN] && has[ERR_VALIDATION]);
    ck_assert(has[ERR_IDEMPOTENCY_RUNNING] && has[ERR_RATE_LIMITED] && has[ERR_OUTCOME_UNKNOWN]);
    ck_assert(!has[ERR_BAD_CURSOR] && !has[ERR_EMAIL_TAKEN]);
}
END_TEST

Suite *gates_suite(void)
{
    Suite *s = suite_create("gates");
    TCase *t = tcase_create("gates");
    tcase_add_test(t, pages_are_asked_for_as_html);
    tcase_add_loop_test(t, accept_decides_by_the_most_exact_range, 0, sizeof accepts / sizeof accepts[0]);
    tcase_add_loop_test(t, bodies_are_json_in_utf8, 0, sizeof types / sizeof types[0]);
    tcase_add_loop_test(t, addresses_belong_to_networks, 0, sizeof networks / sizeof networks[0]);
    tcase_add_test(t, states_flip_after_equal_results);
    tcase_add_test(t, errors_of_an_op_follow_from_its_entry);
    suite_add_tcase(s, t);
    return s;
}
