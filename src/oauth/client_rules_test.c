/* Where users may be sent. */
#include "oauth/client_rules.h"
#include "oauth/oauth_tests.h"

static const struct {
    const char *uri;
    bool good;
} uris[] = {
    { "https://app.example.com/done", true },
    { "https://app.example.com", true },
    { "https://app.example.com:8443/done?x=1&y=%20", true },
    { "https://localhost/done", true },
    { "http://127.0.0.1/done", true },
    { "http://127.0.0.1:5000/done", true },
    { "http://[::1]:5000/done", true },
    { "http://localhost:3000/done", true },
    { "com.example.app:/done", true },
    { "com.example.app://done", true },
    { "", false },
    { "/done", false },
    { "done", false },
    { "http://app.example.com/done", false },
    { "http://127.0.0.1.example.com/done", false },
    { "http://127.0.0.1@example.com/done", false },
    { "http://localhost.example.com/", false },
    { "http://[::2]/", false },
    { "https://user@app.example.com/", false },
    { "https://user:word@app.example.com/", false },
    { "https:///done", false },
    { "https:app.example.com", false },
    { "https://app.example.com/#fragment", false },
    { "https://app.example.com/#", false },
    { "https://app.example.com/\\", false },
    { "https://app.example.com\\@evil.example/", false },
    { "https://*.example.com/", false },
    { "https://app.example.com/a b", false },
    { "https://app.example.com/\xc3\xa4", false },
    { "https://app.example.com/<", false },
    { "https://APP.example.com/", false },
    { "https://.example.com/", false },
    { "https://example.com./", false },
    { "https://example.com:/", false },
    { "https://example.com:x/", false },
    { "https://example.com:123456/", false },
    { "HTTPS://app.example.com/", false },
    { "javascript:alert(1)", false },
    { "data:text/html,x", false },
    { "app:/done", false },
    { "com.example.app:done", false },
    { "file:///etc/passwd", false },
};

START_TEST(redirects)
{
    const char *fault = redirect_uri_fault(str_from(uris[_i].uri));
    ck_assert_msg((fault == NULL) == uris[_i].good, "%s: %s", uris[_i].uri, fault);
}
END_TEST

static const struct {
    const char *registered, *given;
    bool is_public, same;
} pairs[] = {
    { "https://a.example/x", "https://a.example/x", false, true },
    { "https://a.example/x", "https://a.example/x/", true, false },
    { "https://a.example/x", "https://a.example/X", true, false },
    { "https://a.example/x", "https://a.example:443/x", true, false },
    { "https://a.example/x", "https://a.example/x?y", true, false },
    { "https://a.example/x", "https://a.example/%78", true, false },
    { "https://a.example/x", "https://a.example./x", true, false },
    { "https://a.example/x", "http://a.example/x", true, false },
    { "http://127.0.0.1/x", "http://127.0.0.1:5000/x", true, true },
    { "http://127.0.0.1:1/x", "http://127.0.0.1/x", true, true },
    { "http://[::1]/x", "http://[::1]:5000/x", true, true },
    { "http://127.0.0.1/x", "http://127.0.0.1:5000/x", false, false },
    { "http://127.0.0.1/x", "http://127.0.0.1:5000/y", true, false },
    { "http://127.0.0.1/x", "http://[::1]:5000/x", true, false },
    { "http://127.0.0.1/x", "http://127.0.0.1:5000@evil.example/x", true, false },
    { "http://127.0.0.1/x", "http://127.0.0.1:/x", true, false },
    { "http://localhost/x", "http://localhost:5000/x", true, false },
    { "https://127.0.0.1/x", "https://127.0.0.1:5000/x", true, false },
};

START_TEST(matches)
{
    bool same =
        redirect_uri_matches(str_from(pairs[_i].registered), str_from(pairs[_i].given), pairs[_i].is_public);
    ck_assert_msg(same == pairs[_i].same, "%s %s", pairs[_i].registered, pairs[_i].given);
}
END_TEST

START_TEST(resources)
{
    ck_assert(resource_is_valid(STR("https://api.example.com/")));
    ck_assert(resource_is_valid(STR("urn:example:api")));
    ck_assert(!resource_is_valid(STR("https://api.example.com/#x")));
    ck_assert(!resource_is_valid(STR("/relative")));
    ck_assert(!resource_is_valid(STR("https://api.example.com/ x")));
    ck_assert(!resource_is_valid(STR("")));
}
END_TEST

Suite *client_rules_suite(void)
{
    Suite *s = suite_create("client_rules");
    TCase *t = tcase_create("client_rules");
    tcase_add_loop_test(t, redirects, 0, sizeof uris / sizeof uris[0]);
    tcase_add_loop_test(t, matches, 0, sizeof pairs / sizeof pairs[0]);
    tcase_add_test(t, resources);
    suite_add_tcase(s, t);
    return s;
}
