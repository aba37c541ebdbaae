/* Encodings, scopes and the parameter claims. */
#include "oauth/base64.h"
#include "oauth/claims_request.h"
#include "oauth/oauth_tests.h"

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
    const char *text, *decoded; /* NULL: refused */
} texts[] = {
    { "YTpi", "a:b" },    { "YTpiYw==", "a:bc" }, { "YTpiY2Q=", "a:bcd" },
    { "w6Q6+/8=", NULL }, { "", NULL },           { "YTpiYw=", NULL },
    { "YTpiYw", NULL },   { "YTpi====", NULL },   { "YTpiYx==", NULL },
    { "YT=i", NULL },     { "YTp i", NULL },      { "YTp_", NULL },
    { "YQBiYw==", NULL }, { "/zpi", NULL },       { "w6Q6Yg==", "\xc3\xa4:b" },
};

START_TEST(basic_credentials_are_decoded_strictly)
{
    struct str out;
    bool good = base64_decode(arena, str_from(texts[_i].text), &out);
    ck_assert_msg(good == (texts[_i].decoded != NULL), "%s", texts[_i].text);
    ck_assert(!good || str_eqz(out, texts[_i].decoded));
}
END_TEST

START_TEST(scopes_are_words)
{
    ck_assert(oauth_scope_is_wellformed(STR("openid profile")));
    ck_assert(oauth_scope_is_wellformed(STR("https://example.com/a:b")));
    ck_assert(!oauth_scope_is_wellformed(STR("")));
    ck_assert(!oauth_scope_is_wellformed(STR(" openid")));
    ck_assert(!oauth_scope_is_wellformed(STR("openid ")));
    ck_assert(!oauth_scope_is_wellformed(STR("openid  profile")));
    ck_assert(!oauth_scope_is_wellformed(STR("open\"id")));
    ck_assert(!oauth_scope_is_wellformed(STR("open\\id")));
    ck_assert(!oauth_scope_is_wellformed(STR("\xc3\xa4")));
    uint32_t set = scopes_parse(STR("phone openid nothing"));
    ck_assert(str_eqz(oauth_scope_text(arena, set), "openid phone"));
}
END_TEST

START_TEST(single_claims_are_asked_for)
{
    struct claims_request r;
    ck_assert(
        claims_request_parse(arena,
                             STR("{\"userinfo\":{\"email\":{\"essential\":true},\"name\":null,\"x\":null},"
                                 "\"id_token\":{\"auth_time\":{\"essential\":true},\"sub\":{\"value\":\"a\"},"
                                 "\"phone_number\":null},\"more\":[]}"),
                             &r));
    ck_assert_uint_eq(r.userinfo, 1u << CLAIM_EMAIL | 1u << CLAIM_NAME);
    ck_assert_uint_eq(r.id_token, 1u << CLAIM_PHONE_NUMBER);
    ck_assert(str_eqz(r.sub, "a"));
    ck_assert_uint_eq(claims_of_text(claims_text_of(arena, r.userinfo)), r.userinfo);
    ck_assert(claims_request_parse(arena, STR("{\"userinfo\":null}"), &r) && r.userinfo == 0);
}
END_TEST

static const char *const bad[] = { "",
                                   "[]",
                                   "1",
                                   "{",
                                   "{\"userinfo\":[]}",
                                   "{\"userinfo\":{\"email\":1}}",
                                   "{\"id_token\":{\"sub\":{\"value\":1}}}",
                                   "{\"userinfo\":{},\"userinfo\":{}}" };

START_TEST(odd_claims_are_refused)
{
    struct claims_request r;
    ck_assert_msg(!claims_request_parse(arena, str_from(bad[_i]), &r), "%s", bad[_i]);
}
END_TEST

Suite *small_suite(void)
{
    Suite *s = suite_create("small");
    TCase *t = tcase_create("small");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, basic_credentials_are_decoded_strictly, 0, sizeof texts / sizeof texts[0]);
    tcase_add_test(t, scopes_are_words);
    tcase_add_test(t, single_claims_are_asked_for);
    tcase_add_loop_test(t, odd_claims_are_refused, 0, sizeof bad / sizeof bad[0]);
    suite_add_tcase(s, t);
    return s;
}
